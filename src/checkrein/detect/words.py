"""Where a word ends: what belongs to it, and scripts that set no spaces between words."""

from __future__ import annotations

import unicodedata


def is_unspaced(character: str) -> bool:
    """Whether it is a letter of a script that sets no spaces between words, or sets particles behind them: Thai to Hangul."""
    return "\u0e00" <= character <= "\u0eff" or "\u1100" <= character <= "\u11ff" or "\u2e80" <= character < "\ufb00"


def joins(sign: str, edge: str) -> bool:
    """Whether ``sign`` (a character, or "" for none) is of one word with ``edge``, the end of a value that it stands beside.

    Scripts that set no spaces between words say by themselves where something of ASCII begins and ends.
    """
    if sign.isascii():
        return sign.isalnum() or sign == "_"
    if edge.isascii() and is_unspaced(sign):
        return False
    return unicodedata.category(sign)[0] in "LMNC"
