"""What tools put before each line of a file: its number, where it was found, the signs of a diff.

With it in the way, what takes more than one line is not what its reader knows, and neither is a name at the beginning of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.detect.decode.part import Piece
from checkrein.detect.decode.rewrite import Rewrite
from checkrein.detect.offsets import Encoded

_STRIDE, _SAMPLE = 32_768, 512
"""Margins stand before all lines of a file, or of what a search found: a few lines in so many characters tell."""

_NUMBER = r"[ \t]{0,8}\d{1,7}(?:→|\t|[:|] ?| [:|] ?)"
_PLACE = r"(?=[^\s:]{0,200}[./])[^\s:'\"=(){},;<>]{1,200}:(?:\d{1,7}:(?:\d{1,5}:)?)?(?=[ \t]*[\w\"'#/\-<+])(?!//)"
_CONTEXT = r"(?=[^\s:]{0,200}[./])[^\s:'\"=(){},;<>]{1,200}?-\d{1,7}-"
_MARGIN = re.compile(rf"^(?:{_NUMBER}|{_CONTEXT}|{_PLACE})", re.MULTILINE)
_HUNK = re.compile(b"@@ -")

LINES = Rewrite("lines", b"", _MARGIN, lambda _: "")
"""Line numbers (``cat -n``, the client's Read) and places (``grep -n``: ``path:12:``, ``path-13-``)."""

DIFF = Rewrite("diff", b"", re.compile(r"^[+\- ](?![+\-]{2} )", re.MULTILINE), lambda _: "")
"""The first column of a unified diff."""


def numbered(encoded: Encoded) -> Iterator[Piece]:
    """``encoded`` without numbers and places, where it has them."""
    text = encoded.text
    samples = (text[at : at + _SAMPLE] for at in range(0, len(text), _STRIDE))
    if any(map(_MARGIN.search, samples)) and (piece := LINES.piece(0, text)):
        yield piece


def diffs(encoded: Encoded) -> Iterator[Piece]:
    """``encoded`` without the signs of a diff, where it is one."""
    if _HUNK.search(encoded.data) and (piece := DIFF.piece(0, encoded.text)):
        yield piece
