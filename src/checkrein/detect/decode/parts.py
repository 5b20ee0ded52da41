"""Every reading of a text: as it stands, and decoded, down to forms within forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from checkrein.detect.decode import base64text, hextext, jsontext, margins, marks, wrapped
from checkrein.detect.decode.part import Part, cut, whole
from checkrein.detect.decode.rewrite import ENTITIES, ESCAPES, INVISIBLE, NULS, PERCENT, TERMINAL
from checkrein.detect.offsets import Encoded

DEPTH = 3
"""Forms within forms that are looked into: base64 in a JSON text in a line of JSON."""


def parts(text: str, depth: int = DEPTH) -> Iterator[Part]:
    """``text``, and what it holds in other forms, ``depth`` forms deep.

    Of JSON only what it decodes to is given, since nothing else in it is text; lines of JSON come in blocks, since none goes on
    in the next one. Of other forms all stretches make one part. No reading of a block is given twice, and each is made in one
    pass: work and memory are a small multiple of the text's length.
    """
    encoded = Encoded(text)
    documents: list[tuple[int, int]] = []
    for stretches in jsontext.documents(encoded.data) if depth else ():
        documents += stretches
        part = jsontext.read(cut(encoded, stretches))
        for inner in _parts(part.encoded, depth - 1, set()):
            yield inner.within(part)
    rest = _rest(encoded, documents) if documents else whole(encoded)
    if rest is not None:
        for inner in _parts(rest.encoded, depth, set()):
            yield inner.within(rest)


def _parts(encoded: Encoded, depth: int, seen: set[str]) -> Iterator[Part]:
    """A text as it stands, and what it holds in other forms, but for readings that were ``seen``."""
    yield whole(encoded)
    if not depth:
        return
    held = marks.held(encoded.data)
    for signs, read in _FORMS:
        if (not signs or not held.isdisjoint(signs)) and (part := read(encoded)) is not None and part.text not in seen:
            seen.add(part.text)
            for inner in _parts(part.encoded, depth - 1, seen):
                yield inner.within(part)


_FORMS: tuple[tuple[Sequence[bytes], Callable[[Encoded], Part | None]], ...] = (
    *((rewrite.marks, rewrite.read) for rewrite in (ESCAPES, PERCENT, TERMINAL, ENTITIES, NULS, INVISIBLE)),
    ((), base64text.read),
    ((marks.ZEROS,), hextext.dumps),
    ((), margins.numbered),
    ((marks.HUNK,), margins.diffs),
    ((), wrapped.unbroken),
)
"""For each form marks of which one stands in every text that holds it (none: it takes a closer look), and what reads it."""


def _rest(encoded: Encoded, documents: Sequence[tuple[int, int]]) -> Part | None:
    """What stands in the text beside ``documents``, from byte to byte; None where that is nothing."""
    data = encoded.data
    others: list[tuple[int, int]] = []
    at = 0
    for start, end in [*sorted(documents), (len(data), len(data))]:
        if not data[at:start].isspace() and at < start:
            others.append((at, start))
        at = end
    return cut(encoded, others) if others else None
