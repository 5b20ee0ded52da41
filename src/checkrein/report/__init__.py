"""Renderers shared by all commands."""
