"""The form of a placeholder, ``CKR_<LABEL>_<16 characters>``: found in a text, and told from what only looks like one.

The last four of the sixteen characters (base32 of RFC 4648, lower case) are 20 bits of an unkeyed hash over all before them. So
what merely has the shape is no placeholder, here or of another install.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = "CKR_"
KEYED, CHECKED = 12, 4  # characters of five bits each
KEPT = "ANONYMISE_MAP"
"""The label of what the vault keeps for commands of a person alone: its name in a text stands for nothing."""
HEAD = r"CKR_[A-Z][A-Z0-9_]{0,30}?_"
_SHAPE = re.compile(HEAD + r"[a-z2-7]{16}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a placeholder stands: offsets in characters."""

    start: int
    end: int
    text: str


def find(text: str) -> Iterator[Place]:
    """Every placeholder in ``text`` whose check holds, of this install or of another, from left to right."""
    at = text.find(PREFIX)
    while at >= 0:
        found = _SHAPE.match(text, at)
        if found is not None and holds(found[0]) and label_of(found[0]) != KEPT:
            yield Place(at, found.end(), found[0])
            at = found.end() - 1
        at = text.find(PREFIX, at + 1)


def label_of(placeholder: str) -> str:
    """The label that a placeholder carries."""
    return placeholder[len(PREFIX) : -(KEYED + CHECKED + 1)]


def holds(text: str) -> bool:
    """Whether the check of what has a placeholder's shape holds."""
    return check(text[:-CHECKED]) == text[-CHECKED:]


def check(head: str) -> str:
    """The last characters of the placeholder that begins with ``head``."""
    return letters(hashlib.sha256(b"checkrein placeholder 1 " + head.encode()).digest(), CHECKED)


def letters(digest: bytes, count: int) -> str:
    """The first ``count`` characters of a digest in base32."""
    return base64.b32encode(digest[:10]).decode().lower()[:count]
