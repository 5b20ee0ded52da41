"""Which stretches of a text are replaced: what was found, around the placeholders that stand there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checkrein.core.sensitive import Sensitive, merged
from checkrein.vault import placeholder as form


def pieces(text: str, found: Sequence[Sensitive]) -> Iterator[Sensitive]:
    """What is to be replaced: ``found`` without overlaps, and without the placeholders that stand there already."""
    if not found:
        return
    places = list(form.find(text))
    for each in merged(found):
        start = each.start
        inside = [place for place in places if place.start < each.end and place.end > each.start]
        for place in inside:
            yield from _piece(text, each, start, place.start)
            start = place.end
        yield from _piece(text, each, start, each.end)


def _piece(text: str, found: Sensitive, start: int, end: int) -> Iterator[Sensitive]:
    whole = (start, end) == (found.start, found.end)
    if start < end and (whole or any(letter.isalnum() for letter in text[start:end])):
        yield Sensitive(found.rule, found.label, start, end, found.certainty)
