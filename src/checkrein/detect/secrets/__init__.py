"""Secrets in text: kinds of credentials by their shape, values that are known, and what only looks like a secret."""
