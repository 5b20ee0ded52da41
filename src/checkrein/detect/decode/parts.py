"""Every reading of a text: as it stands, and decoded, down to forms within forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from checkrein.detect.decode import base64text, hextext, jsontext, margins
from checkrein.detect.decode.part import Part, Piece, joined, unchanged, whole
from checkrein.detect.decode.rewrite import ENTITIES, ESCAPES, INVISIBLE, NULS, PERCENT, TERMINAL
from checkrein.detect.offsets import Encoded

DEPTH = 3
"""Forms within forms that are looked into: base64 in a JSON text in a line of JSON."""


def parts(text: str, depth: int = DEPTH) -> Iterator[Part]:
    """``text``, and what it holds in other forms, ``depth`` forms deep.

    Of JSON only what it decodes to is given, since nothing else in it is text; lines of JSON come in blocks, since none goes on
    in the next one. Of other forms all stretches make one part. No reading is given twice, and each is made in one pass: work
    and memory are a small multiple of the text's length.
    """
    encoded = Encoded(text)
    documents: list[tuple[int, int]] = []
    seen: set[str] = set()
    for pieces in jsontext.documents(encoded) if depth else ():
        documents += ((piece.at, piece.at + piece.length) for piece in pieces)
        part = joined(pieces, "json")
        for inner in _parts(part.encoded, depth - 1, seen):
            yield inner.within(part)
    rest = _rest(text, documents) if documents else whole(encoded)
    if rest is not None:
        for inner in _parts(rest.encoded, depth, seen):
            yield inner.within(rest)


def _parts(encoded: Encoded, depth: int, seen: set[str]) -> Iterator[Part]:
    """A text as it stands, and what it holds in other forms, but for readings that were ``seen``."""
    yield whole(encoded)
    if not depth:
        return
    for form, pieces in _FORMS:
        if found := list(pieces(encoded)):
            part = joined(found, form)
            if part.text not in seen:
                seen.add(part.text)
                for inner in _parts(part.encoded, depth - 1, seen):
                    yield inner.within(part)


_FORMS: tuple[tuple[str, Callable[[Encoded], Iterator[Piece]]], ...] = (
    *((rewrite.form, rewrite.pieces) for rewrite in (ESCAPES, PERCENT, TERMINAL, ENTITIES, NULS, INVISIBLE)),
    ("base64", base64text.pieces),
    ("dump", hextext.dumps),
    (margins.LINES.form, margins.numbered),
    (margins.DIFF.form, margins.diffs),
)


def _rest(text: str, documents: Sequence[tuple[int, int]]) -> Part | None:
    """What stands in ``text`` beside ``documents``, which begin and end there; None where that is nothing."""
    others: list[Piece] = []
    at = 0
    for start, end in sorted(documents):
        others.append(Piece(at, start - at, text[at:start], unchanged))
        at = end
    others.append(Piece(at, len(text) - at, text[at:], unchanged))
    kept = [piece for piece in others if piece.text.strip()]
    return joined(kept, "") if kept else None
