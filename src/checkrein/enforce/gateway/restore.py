"""Placeholders in the model's answer become values again: in a text that is there whole, and in one that arrives bit by bit."""

from __future__ import annotations

from collections.abc import Callable

from checkrein.vault.placeholder import PREFIX, begun, find

Value = Callable[[str], str | None]
"""The value of a placeholder, or None where it stands as it is. May raise RedactionError."""
Spelling = Callable[[str], str]
"""How a value is spelled where it is put: as it is, or escaped for JSON."""


def as_it_is(value: str) -> str:
    """The spelling of plain text."""
    return value


def restored(text: str, value: Value, spelling: Spelling = as_it_is) -> str:
    """``text`` with each placeholder of which the value is known replaced by it."""
    if PREFIX not in text:
        return text
    pieces: list[str] = []
    last = 0
    for place in find(text):
        known = value(place.text)
        if known is not None:
            pieces += (text[last : place.start], spelling(known))
            last = place.end
    return "".join((*pieces, text[last:]))


class Tail:
    """A text that arrives in pieces. It holds back only what at its end may be the beginning of a placeholder."""

    def __init__(self, value: Value, spelling: Spelling = as_it_is) -> None:
        self._value = value
        self._spelling = spelling
        self._held = ""

    @property
    def held(self) -> str:
        """What came and was not given out."""
        return self._held

    def feed(self, piece: str) -> str:
        """What may go on, now that ``piece`` has come."""
        text = self._held + piece
        cut = len(text) - begun(text)
        if PREFIX in text:
            cut = max((cut, *(place.end for place in find(text))))
        self._held = text[cut:]
        return restored(text[:cut], self._value, self._spelling)

    def flush(self) -> str:
        """What was held back, now that nothing more comes: the beginning of a placeholder that is none."""
        text, self._held = self._held, ""
        return text
