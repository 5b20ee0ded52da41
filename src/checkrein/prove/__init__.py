"""Drives the real Claude Code client with a scripted model through scenarios, and reports which control stopped what."""
