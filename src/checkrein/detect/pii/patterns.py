"""What is looked for, compiled: shapes with the edges that a value needs, and the words that announce one."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

_LEFT = r"(?<![0-9A-Za-z_])(?<![0-9][.\-/])"
_RIGHT = r"(?![0-9A-Za-z_]|[.\-/][0-9])"
"""A value is no part of a longer word or number. Edges are those of ASCII, since letters of other scripts may touch it."""

_BEFORE, _AFTER = rb"(?:\A|[^0-9A-Za-z_])", rb"(?:\z|[^0-9A-Za-z_])"
_SHORT = 5
"""A word of fewer letters has to stand by itself, so that ``sin`` is not found in ``using``."""

_PART = "[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁ][a-zß-öø-ÿā-žа-яё'’]{1,24}"
_WORD = rf"{_PART}(?:-{_PART})?"
_NEXT = rf"(?: (?:(?:van|von|zu|de|der|den|di|da|la|le|bin|al) ){{0,2}}(?:[A-Z]\.|{_WORD}))"
MACROS = {"{name}": f"{_WORD}{_NEXT}{{0,3}}", "{full-name}": f"{_WORD}{_NEXT}{{1,3}}"}
"""What shapes may hold in place of expressions: a person's name, Latin or Cyrillic, of one to four words or two to four."""

WIDEST = 400
"""Characters that one shape may span."""


def compiled(shape: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """``shape`` between its edges. Digits and letters are those of ASCII."""
    return re.compile(f"{_LEFT}(?:{shape}){_RIGHT}", re.ASCII | flags)


def trigger(shape: str) -> bytes:
    """A pattern for UTF-8 that matches, one byte wider at most, wherever ``compiled(shape)`` does.

    It does not look at what stands before, which would cost Hyperscan a third of its speed: few bytes begin a shape, while
    most stand at the edge of a word or close to one.
    """
    return b"(?:" + shape.encode() + b")" + _AFTER


def width(shape: str) -> int:
    """The longest match of ``shape`` in characters. ValueError where it matches nothing at all, or more than ``WIDEST``.

    Python's own parser of patterns tells it; it is private, but has kept this shape from 3.11 to 3.14, and a test holds it.
    """
    least, most = importlib.import_module("re._parser").parse(shape).getwidth()
    if not 0 < least <= most <= WIDEST:
        raise ValueError(f"the shape {shape!r} matches from {least} to {most} characters; 1 to {WIDEST} are possible")
    return int(most)


NAMED_WITHIN = 32
"""Characters before a value in which a name for something else may begin."""


def named_otherwise(words: Iterable[str]) -> re.Pattern[str]:
    """One of ``words`` as the last word of a name (``order_id``, ``orderId``), and at most a few signs up to the end."""
    names = "|".join(map(re.escape, words))
    return re.compile(
        rf"(?-i:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?:{names})s?[\"'`\[\](){{}}=:#~<>^ \t\-]{{1,6}}\Z", re.IGNORECASE
    )


def needs_digit(shape: str) -> bool:
    """Whether a digit stands in every match of ``shape``."""
    return _needs_digit(importlib.import_module("re._parser").parse(shape))


def _needs_digit(parsed: Iterable[tuple[object, Any]]) -> bool:
    return any(_is_digit(str(operation), value) for operation, value in parsed)


def _is_digit(operation: str, value: Any) -> bool:
    """Whether one item of a parsed expression cannot be matched without a digit."""
    match operation:
        case "LITERAL":
            return chr(value).isdigit()
        case "RANGE":
            first, last = value
            return ord("0") <= int(first) <= int(last) <= ord("9")
        case "CATEGORY":
            return str(value) == "CATEGORY_DIGIT"
        case "IN":
            return all(_is_digit(str(kind), member) for kind, member in value)
        case "BRANCH":
            return all(map(_needs_digit, value[1]))
        case "SUBPATTERN":
            return _needs_digit(value[3])
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, _, repeated = value
            return int(least) > 0 and _needs_digit(repeated)
        case _:
            return False


def word_trigger(word: str) -> bytes:
    """A pattern for UTF-8 that matches ``word`` in whatever case: ``tax id``, ``tax_id``, ``taxId``.

    It may take one byte more on each side. Words of few letters match only by themselves, or as a part of ``camelCase``.
    """
    if not word.isascii():
        return b"|".join(re.escape(variant).encode() for variant in dict.fromkeys(spellings(word)))
    spelled = _spelled(word)
    if len(word) >= _SHORT:
        return b"(?i:" + spelled + b")"
    hump = _spelled(word[0].upper() + word[1:])
    return (
        _BEFORE.replace(b"_", b"") + b"(?i:" + spelled + b")" + _AFTER.replace(b"_", b"") + b"|[a-z]" + hump + b"(?:\\z|[^a-z])"
    )


def _spelled(word: str) -> bytes:
    return b"[ _\\-]?".join(re.escape(part).encode() for part in word.split(" "))


def spellings(word: str) -> Sequence[str]:
    """The ways to write a word that has letters beyond ASCII: as it is, in lower case, in upper case, and with capitals."""
    return (word, word.lower(), word.upper(), word.capitalize(), word.title())
