"""Scripts without spaces between words."""

from __future__ import annotations


def is_unspaced(character: str) -> bool:
    """Whether it is a letter of a script that sets no spaces between words, or sets particles behind them: Thai to Hangul."""
    return "\u0e00" <= character <= "\u0eff" or "\u1100" <= character <= "\u11ff" or "\u2e80" <= character < "\ufb00"
