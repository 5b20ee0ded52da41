"""Placeholders in the model's answer become values again: in a text that is there whole, and in one that arrives bit by bit.

A value that is known again only where it stands alone (``vault.alone``) is not put back into the middle of a word: with the
next request the text comes by again, and nobody would see the value in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from checkrein.core.placeholder import Place
from checkrein.detect.words import joins
from checkrein.enforce.gateway.jsonbody import escaped
from checkrein.vault.alone import Alone
from checkrein.vault.placeholder import PREFIX, begun, find

Value = Callable[[str], str | None]
"""The value of a placeholder, or None where it stands as it is. May raise RedactionError."""

_BEGIN = PREFIX[:1]
_LONGEST_SIGN = 6  # characters: \u00e9
_SIGN = re.compile(r"\\u([0-9A-Fa-f]{4})|\\([^u])|([^\\])", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{0,4}|[^u])?", re.DOTALL)
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a text is spelled: a value that is ``put`` into it, and the characters beside that.

    ``first`` is the character that a text begins with, "" where that is none and None where it has not come whole; ``last``
    what of a text spells its last character, perhaps not all of it.
    """

    put: Callable[[str], str]
    first: Callable[[str], str | None]
    last: Callable[[str], str]


def _first(text: str) -> str | None:
    return text[:1] or None


def _last(text: str) -> str:
    return text[-1:]


def _first_escaped(text: str) -> str | None:
    found = _SIGN.match(text)
    if found is None:
        return "" if len(text) >= _LONGEST_SIGN else None  # an escape that JSON does not know stands for nothing
    number, letter, plain = found.groups()
    if number:
        return chr(int(number, 16))
    return _CONTROLS.get(letter, letter) if letter else plain


def _last_escaped(text: str) -> str:
    mark = text.rfind("\\", max(len(text) - _LONGEST_SIGN, 0))
    if mark < 0:
        return text[-1:]
    in_a_row = mark + 1 - len(text[: mark + 1].rstrip("\\"))
    last = _ESCAPE.match(text, mark if in_a_row % 2 else mark - 1)  # every other one is escaped itself
    return last[0] if last is not None and last.end() == len(text) else text[-1:]


PLAIN = Spelling(str, _first, _last)
JSON = Spelling(escaped, _first_escaped, _last_escaped)
"""Between the quotes of a string."""


def restored(text: str, value: Value, spelling: Spelling = PLAIN, *, before: str = "", end: int | None = None) -> str:
    """``text`` up to ``end`` with each placeholder of which the value is known replaced by it. May raise RedactionError.

    ``before`` is what spells the character before the text. Where nothing follows in ``text``, nothing does.
    """
    if PREFIX not in text:
        return text[:end]
    end = len(text) if end is None else end
    pieces: list[str] = []
    last = 0
    for place in find(text):
        known = value(place.text) if place.end <= end else None
        if known is not None and not (isinstance(known, Alone) and _is_joined(known, text, place, spelling, before)):
            pieces += (text[last : place.start], spelling.put(known))
            last = place.end
    return "".join((*pieces, text[last:end]))


def _is_joined(value: str, text: str, place: Place, spelling: Spelling, before: str) -> bool:
    """Whether what stands at a place belongs to the same word as what is beside it. Half an escape does."""
    sign = spelling.last(before + text[: place.start])
    follows = spelling.first(text[place.end : place.end + _LONGEST_SIGN])
    precedes = spelling.first(sign) if sign else ""
    return precedes is None or joins(precedes, value[0]) or joins(follows or "", value[-1])


class Tail:
    """A text that arrives in pieces.

    It holds back only what at its end may be the beginning of a placeholder, or is one on whose next character it depends
    whether its value is put back.
    """

    def __init__(self, value: Value, spelling: Spelling = PLAIN) -> None:
        self._value = value
        self._spelling = spelling
        self._held = ""
        self._before = ""

    @property
    def held(self) -> str:
        """What came and was not given out."""
        return self._held

    def feed(self, piece: str) -> str:
        """What may go on, now that ``piece`` has come. May raise RedactionError."""
        if not self._held and _BEGIN not in piece:
            self._before = self._spelling.last(self._before + piece)
            return piece
        text = self._held + piece
        cut = len(text) - begun(text)
        places = list(find(text)) if PREFIX in text else []
        if places:
            last = places[-1]
            cut = last.start if self._waits(text, last) else max(cut, last.end)
        return self._given(text, cut)

    def flush(self) -> str:
        """What was held back, now that nothing more comes. May raise RedactionError."""
        return self._given(self._held, len(self._held))

    def _waits(self, text: str, place: Place) -> bool:
        follows = self._spelling.first(text[place.end : place.end + _LONGEST_SIGN])
        return follows is None and isinstance(self._value(place.text), Alone)

    def _given(self, text: str, cut: int) -> str:
        given = restored(text, self._value, self._spelling, before=self._before, end=cut)
        self._before = self._spelling.last(self._before + text[:cut])
        self._held = text[cut:]
        return given
