"""Copies of files and folders without names, hosts and secrets that may be shown to others, and the way back."""
