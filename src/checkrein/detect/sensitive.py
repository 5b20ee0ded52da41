"""The one way to ask what in a text must not leave: every detector, over every reading of the text, with exact places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from checkrein.core.placeholder import PREFIX, find
from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.decode import parts
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets import generic as generic_secrets
from checkrein.detect.secrets.exceptions import Allowed, divided


class Detector(Protocol):
    """One way to find something: by its shape, by a checksum, by what is known."""

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found, with offsets in characters of ``text``."""


@runtime_checkable
class EncodedDetector(Protocol):
    """One that searches the UTF-8 of a text: it is made once for all of them."""

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """What is found, with offsets in characters of the text."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a scan found, without overlaps in the order of the text, and what comments in the text allow."""

    found: tuple[Sensitive, ...]
    allowed: tuple[Allowed, ...]


_NOTHING = Looked((), ())
_REACH = 64  # characters: a placeholder has fewer


class Scanner:
    """Scans texts with the detectors that it was given. Any number of threads may use one at once.

    Whatever a detector raises comes through: a text that could not be scanned is not one in which nothing was found.
    """

    def __init__(
        self,
        engine: Detector,
        *,
        generic: bool = True,
        known: Detector | None = None,
        pii: Detector | None = None,
        dictionary: Detector | None = None,
        comments: bool = False,
    ) -> None:
        """``engine`` finds credentials by their shape; ``generic``: also what only looks like a secret, by its context.

        ``comments``: a comment ``# checkrein: allow REASON`` counts. That is for a person's own scan of files, not for what an
        agent's commands print, since a command can print the comment as well.
        """
        detectors = (engine, known, pii, dictionary, generic_secrets if generic else None)
        self._scans = [_scan(each) for each in detectors if each is not None]
        self._comments = comments

    def beside(self, detector: EncodedDetector) -> Scanner:
        """The same with one more detector. Whoever else finds the same names it."""
        scanner = copy(self)
        scanner._scans = [*self._scans, detector.scan_encoded]
        return scanner

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found in ``text``: where it stands, whatever form it stands in."""
        return self.look(text).found

    def look(self, text: str) -> Looked:
        """What is found in ``text``, and what comments allow of it. What already is a placeholder is left alone."""
        found: list[Sensitive] = []
        allowed: list[Allowed] = []
        for part in parts(text):
            here = [each for scan in self._scans for each in scan(part.encoded)]
            if not here:
                continue
            if self._comments:
                kept, excused = divided(part.text, here)
                allowed.extend(Allowed(part.original(each.found), each.reason) for each in excused)
                here = list(kept)
            found.extend(map(part.original, here))
        if not found and not allowed:
            return _NOTHING
        if allowed:
            found = [each for each in found if not any(_covers(one.found, each) for one in allowed)]
        if any(PREFIX in text[max(0, each.start - _REACH) : each.end + _REACH] for each in found):
            found = list(_beside_placeholders(text, found))
        return Looked(merged(found), tuple({(one.found.start, one.found.end): one for one in reversed(allowed)}.values())[::-1])


def _scan(detector: Detector) -> Callable[[Encoded], tuple[Sensitive, ...]]:
    if isinstance(detector, EncodedDetector):
        return detector.scan_encoded
    return lambda encoded: detector.scan(encoded.text)


def _covers(outer: Sensitive, inner: Sensitive) -> bool:
    """Whether all of ``inner``, which may have been found in another reading, is what a comment allows."""
    return outer.start <= inner.start and inner.end <= outer.end


def _beside_placeholders(text: str, found: Iterable[Sensitive]) -> Iterator[Sensitive]:
    """``found`` without what placeholders cover. What only looks like a secret is none where one stands in it. Their shape is
    not enough: anybody can write it before a value.
    """
    places = [(place.start, place.end) for place in find(text)]
    for each in found:
        inside = [(start, end) for start, end in places if start < each.end and each.start < end]
        if not inside:
            yield each
        elif each.certainty is not Certainty.GENERIC:
            yield from _around(each, inside)


def _around(found: Sensitive, places: Iterable[tuple[int, int]]) -> Iterator[Sensitive]:
    at = found.start
    for start, end in (*places, (found.end, found.end)):
        if at < start:
            yield Sensitive(found.rule, found.label, at, start, found.certainty)
        at = end
