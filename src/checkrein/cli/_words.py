"""Words that several commands say in the same way."""

from __future__ import annotations


def set_by(source: str) -> str:
    """What set an action: a policy file and its line, or the built-in policy, which findings know as ``default``."""
    return "the built-in policy" if source == "default" else source
