"""``Part``: a text as it reads once decoded, and where each stretch of it stands in the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import NamedTuple, Protocol

from checkrein.core.sensitive import Sensitive
from checkrein.detect.offsets import Encoded


class Source(Protocol):
    """Gives the original characters that hold the decoded characters ``start`` to ``end`` (at least one)."""

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the original: where the first begins, and where the last ends."""


def unchanged(start: int, end: int) -> tuple[int, int]:
    """The way back where nothing was decoded."""
    return start, end


@dataclass(frozen=True, slots=True)
class Part:
    """``encoded`` was read; ``form`` says out of what ("" for the original; ``json+base64`` where one held the other)."""

    encoded: Encoded
    form: str
    source: Source

    @property
    def text(self) -> str:
        """What was read."""
        return self.encoded.text

    def original(self, found: Sensitive) -> Sensitive:
        """What was found in ``text``, by its place in the original."""
        if self.source is unchanged:
            return found
        start, end = self.source(found.start, found.end)
        return Sensitive(found.rule, found.label, start, end, found.certainty)

    def within(self, outer: Part) -> Part:
        """This part of what ``outer`` reads as a part of what ``outer`` is a part of."""
        if outer.source is unchanged:
            return self
        form = "+".join(filter(None, (outer.form, self.form)))
        return Part(self.encoded, form, partial(_through, self.source, outer.source))


def whole(encoded: Encoded) -> Part:
    """The text itself."""
    return Part(encoded, "", unchanged)


class Piece(NamedTuple):
    """A stretch of the original, decoded: it begins ``at`` bytes into its UTF-8. ``source`` counts from its beginning."""

    at: int
    text: str
    source: Source


def joined(original: Encoded, pieces: Sequence[Piece], form: str) -> Part:
    """The pieces as one text, so that all of them are scanned at once; they stand on lines of their own."""
    return Part(Encoded("\n".join([piece.text for piece in pieces])), form, _Pieces(original, pieces))


def cut(original: Encoded, stretches: Sequence[tuple[int, int]], between: bytes = b"\n") -> Part:
    """Stretches of the original, in its order, from byte to byte, as one text with ``between`` (ASCII) between them."""
    data = original.data
    if len(stretches) == 1 and stretches[0] == (0, len(data)):
        return whole(original)
    text = Encoded.of_utf8(between.join([data[at:end] for at, end in stretches]))
    return Part(text, "", _Stretches(original, stretches, len(between)))


class _Pieces:
    """The way back from pieces that were joined."""

    __slots__ = ("_original", "_pieces", "_starts")

    def __init__(self, original: Encoded, pieces: Sequence[Piece]) -> None:
        self._original = original
        self._pieces = pieces
        self._starts = list(accumulate((len(piece.text) + 1 for piece in pieces[:-1]), initial=0))

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        first, last = (bisect_right(self._starts, offset) - 1 for offset in (start, end - 1))
        head, tail = self._pieces[first], self._pieces[last]
        numbers = self._original.characters((head.at, tail.at))
        # The line end between two pieces belongs to the one before it, of which it is no character.
        begin = min(start - self._starts[first], len(head.text) - 1)
        stop = min(end - self._starts[last], len(tail.text))
        return numbers[head.at] + head.source(begin, begin + 1)[0], numbers[tail.at] + tail.source(stop - 1, stop)[1]


class _Stretches:
    """The way back from stretches to where they stand. It is worked out when something was found in them, which is seldom."""

    __slots__ = ("_between", "_original", "_places", "_starts", "_stretches")

    def __init__(self, original: Encoded, stretches: Sequence[tuple[int, int]], between: int) -> None:
        self._original = original
        self._stretches = stretches
        self._between = between
        self._starts: list[int] = []
        self._places: list[tuple[int, int]] = []

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        if not self._starts:
            self._look()
        return self._character(start)[0], self._character(end - 1)[1]

    def _look(self) -> None:
        numbers = self._original.characters(offset for stretch in self._stretches for offset in stretch)
        length = 0
        for at, end in self._stretches:
            self._starts.append(length)
            self._places.append((numbers[at], numbers[end]))
            length += numbers[end] - numbers[at] + self._between

    def _character(self, index: int) -> tuple[int, int]:
        """Where the character ``index`` stands. What is between two stretches stands for the last character before it."""
        number = bisect_right(self._starts, index) - 1
        first, stop = self._places[number]
        at = min(first + index - self._starts[number], stop - 1)
        return at, at + 1


def _through(inner: Source, outer: Source, start: int, end: int) -> tuple[int, int]:
    return outer(*inner(start, end))
