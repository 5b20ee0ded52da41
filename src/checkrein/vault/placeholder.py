"""How a placeholder is made, and told from one that was altered on its way. Its form stands in ``core.placeholder``.

Of its sixteen characters twelve are 60 bits of a keyed hash of label and value, so that the same value has the same placeholder
in every process that has the key, and nobody without the key learns anything from it. The others are an unkeyed check: a
placeholder that lost or changed a character is recognised as such without the key, and is not taken for one of another install.

The length of the mark is fixed, so a placeholder may stand directly before a letter: a value in the middle of a word is
replaced as well.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache

from checkrein.core.placeholder import CHECKED, KEYED, PREFIX, Place, check, find, label_of, letters

__all__ = ["CHECKED", "KEYED", "MAX_LENGTH", "PREFIX", "Place", "begun", "find", "label_of", "make"]

MAX_LENGTH = len(PREFIX) + 31 + 1 + KEYED + CHECKED
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
_LIKE_A_MARK = re.compile(r"_[2-7]{16}")
_BEGUN = re.compile(r"(?:CKR_(?:[A-Z][A-Z0-9_]{0,31}(?:(?<=_)[a-z2-7]{0,15})?)?|CKR|CK|C)\Z")


def make(key: bytes, label: str, value: str) -> str:
    """The placeholder of ``value`` (any text, lone surrogates included). ValueError where the label cannot stand in one."""
    keyed = hmac.digest(key, label.encode() + b"\0" + value.encode("utf-8", "surrogatepass"), "sha256")
    head = f"{PREFIX}{label}_{letters(keyed, KEYED)}"
    made = head + check(head)
    if not _can_carry(label):
        raise ValueError(f"a placeholder cannot carry the label {label!r}")
    return made


def begun(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of a placeholder, where more of the text follows."""
    found = _BEGUN.search(text, max(0, len(text) - MAX_LENGTH))
    return len(text) - found.start() if found else 0


@lru_cache(maxsize=1024)
def _can_carry(label: str) -> bool:
    return _LABEL.fullmatch(label) is not None and _LIKE_A_MARK.search(label) is None
