"""What tools put before each line of a file: its number, where it was found, the signs of a diff.

With it in the way, what takes more than one line is not what its reader knows, and neither is a name at the beginning of one.
"""

from __future__ import annotations

import re

from checkrein.detect.decode.part import Part, whole
from checkrein.detect.decode.rewrite import Rewrite
from checkrein.detect.offsets import Encoded

_STRIDE, _SAMPLE = 32_768, 512
"""Margins stand before all lines of a file, or of what a search found: a few lines in so many bytes tell."""

_NUMBER = r"[ \t]{0,8}\d{1,7}(?:→|\t|[:|] ?| [:|] ?)"
_NAMED = r"(?=[^\s:]{0,200}[./])"  # a dot or slash, as names of files have
_PLACE = r"[^\s:'\"=(){},;<>]{1,200}:(?:\d{1,7}:(?:\d{1,5}:)?)?(?=[ \t]*[\w\"'#/\-<+])(?!//)"
_CONTEXT = r"[^\s:'\"=(){},;<>]{1,200}?-\d{1,7}-"
_MARGIN = re.compile(rf"^(?:{_NUMBER}|{_NAMED}(?:{_CONTEXT}|{_PLACE}))", re.MULTILINE)
_SIGN = re.compile(r"[:|\t→]|-\d")  # stands in every margin

LINES = Rewrite("lines", (), _MARGIN, lambda _: "")
"""Line numbers (``cat -n``, the client's Read) and places (``grep -n``: ``path:12:``, ``path-13-``)."""

_HUNK = re.compile(rb"^@@+ -", re.MULTILINE)
DIFF = Rewrite("diff", (), re.compile(r"^(?:[+\- ](?![+\-]{2} )|@@+ -)", re.MULTILINE), lambda _: "")
"""The first column of a unified diff, and what tells one, so that only a diff within the diff is read as one again."""


def numbered(encoded: Encoded) -> Part | None:
    """``encoded`` without numbers and places, where it has them."""
    data = encoded.data
    samples = (data[at : at + _SAMPLE].decode("utf-8", "replace") for at in range(0, len(data), _STRIDE))
    if any(_SIGN.search(sample) and _MARGIN.search(sample) for sample in samples):
        return LINES.whole(whole(encoded))
    return None


def diffs(encoded: Encoded) -> Part | None:
    """``encoded`` without the signs of a diff, where it is one."""
    return DIFF.whole(whole(encoded)) if _HUNK.search(encoded.data) else None
