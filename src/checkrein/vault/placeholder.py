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

from checkrein.core.placeholder import CHECKED, HEAD, KEYED, PREFIX, Place, check, find, holds, label_of, letters

__all__ = ["CHECKED", "KEYED", "MAX_LENGTH", "PREFIX", "Place", "altered", "begun", "find", "label_of", "make"]

MAX_LENGTH = len(PREFIX) + 31 + 1 + KEYED + CHECKED
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,30}")
_LIKE_A_MARK = re.compile(r"_[2-7]{16}")
_ANY_CASE = re.compile(r"(ckr_[a-z][a-z0-9_]{0,30}?_)([a-z2-7]{16})", re.IGNORECASE)
_ALTERED = re.compile(HEAD + r"(?=[A-Z0-9]*[a-z])[A-Za-z0-9]{6,}")
"""Something in lower case behind the label: constants of programs that begin alike (PKCS #11) have none."""
_BEGUN = re.compile(r"(?:CKR_(?:[A-Z][A-Z0-9_]{0,31}(?:(?<=_)[a-z2-7]{0,15})?)?|CKR|CK|C)\Z")


def make(key: bytes, label: str, value: str) -> str:
    """The placeholder of ``value`` (any text, lone surrogates included). ValueError where the label cannot stand in one."""
    keyed = hmac.digest(key, label.encode() + b"\0" + value.encode("utf-8", "surrogatepass"), "sha256")
    head = f"{PREFIX}{label}_{letters(keyed, KEYED)}"
    made = head + check(head)
    if not _can_carry(label):
        raise ValueError(f"a placeholder cannot carry the label {label!r}")
    return made


def altered(text: str) -> tuple[str, ...]:
    """What was a placeholder once and is none any more: cut, with other letters, in another case. Each once."""
    rest = _without_places(text)
    if PREFIX not in rest and PREFIX.lower() not in rest:
        return ()
    found = [each[0] for each in _ALTERED.finditer(rest)]
    found += [each[0] for each in _ANY_CASE.finditer(rest) if holds(each[1].upper() + each[2].lower())]
    return tuple(dict.fromkeys(found))


def _without_places(text: str) -> str:
    """``text`` with spaces for its placeholders."""
    parts, end = [], 0
    for place in find(text):
        parts += [text[end : place.start], " "]
        end = place.end
    return "".join((*parts, text[end:])) if parts else text


def begun(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of a placeholder, where more of the text follows."""
    found = _BEGUN.search(text, max(0, len(text) - MAX_LENGTH))
    return len(text) - found.start() if found else 0


@lru_cache(maxsize=1024)
def _can_carry(label: str) -> bool:
    return _LABEL.fullmatch(label) is not None and _LIKE_A_MARK.search(label) is None
