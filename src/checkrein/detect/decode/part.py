"""``Part``: a text as it reads once decoded, and where each stretch of it stands in the original."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the original, decoded: ``length`` characters from ``at``. ``source`` counts from its beginning."""

    at: int
    length: int
    text: str
    source: Source


def joined(pieces: Sequence[Piece], form: str) -> Part:
    """The pieces as one text, so that all of them are scanned at once; they stand on lines of their own."""
    starts, length = [], 0
    for piece in pieces:
        starts.append(length)
        length += len(piece.text) + 1
    return Part(Encoded("\n".join(piece.text for piece in pieces)), form, partial(_in_pieces, starts, pieces))


def _through(inner: Source, outer: Source, start: int, end: int) -> tuple[int, int]:
    return outer(*inner(start, end))


def _in_pieces(starts: Sequence[int], pieces: Sequence[Piece], start: int, end: int) -> tuple[int, int]:
    first, last = (bisect_right(starts, offset) - 1 for offset in (start, end - 1))
    head, tail = pieces[first], pieces[last]
    # The line end between two pieces belongs to the one before it, of which it is no character.
    begin = min(start - starts[first], len(head.text) - 1)
    stop = min(end - starts[last], len(tail.text))
    return head.at + head.source(begin, begin + 1)[0], tail.at + tail.source(stop - 1, stop)[1]
