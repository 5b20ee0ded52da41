"""Checkrein: a security and privacy control plane for Claude Code."""

__version__ = "0.1.0"
