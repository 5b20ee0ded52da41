"""``Learnt``: a search for values that become more all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from checkrein.background import Run, thread
from checkrein.core.sensitive import Sensitive
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.known import Known, KnownValues, Wanted
from checkrein.detect.secrets.unwrapped import Unwrapped

MAX_VALUES = 4096  # the values used last
LONGEST = 4096  # characters
_SIZES = (16, 256)  # values in the search of those learnt last, and in that of those learnt before them; a third has the rest
_SOURCE = "the vault"
_ASIDE = thread("learnt")

Searched = Mapping[str, str]
"""Values, each with its label."""


class Learnt:
    """Values to be found, of which more are learnt all the time; the first are let go where they become too many.

    Preparing a search costs more than searching. So there are three of them: what was learnt last is in a small one, and goes
    over to a larger one when there is more of it. The larger ones are made aside, without anybody waiting for them.
    """

    def __init__(self, aside: Run = _ASIDE) -> None:
        self._aside = aside
        self._lock = threading.Lock()
        self._parts: tuple[Searched, ...] = ({}, {}, {})
        self._searches: tuple[KnownValues, ...] = (_NOTHING, _NOTHING, _NOTHING)
        self.searches: tuple[KnownValues, ...] = ()
        """Those in which there is anything: few texts hold any of it, and all texts are asked about."""
        self._merging = False

    def __contains__(self, value: str) -> bool:
        return any(value in part for part in self._parts)

    def scan(self, encoded: Encoded, text: Unwrapped, wanted: Wanted | None = None) -> Iterator[Sensitive]:
        """Where they stand in a text: all of them, or those that are ``wanted``."""
        for search in self.searches:
            yield from search.scan_unwrapped(encoded, text, wanted)

    def learn(self, values: Searched) -> None:
        """From here on these are found too."""
        with self._lock:
            new = {value: label for value, label in values.items() if len(value) <= LONGEST and value not in self}
            if not new:
                return
            last, before, rest = self._parts
            last = {**last, **new}
            if len(last) > _SIZES[1]:
                rest = _newest({**rest, **last})
                self._keep(({}, before, rest), (_NOTHING, self._searches[1], search_for(rest)))
                return
            self._keep((last, before, rest), (search_for(last), *self._searches[1:]))
            if len(last) > _SIZES[0] and not self._merging:
                self._merging = True
                self._aside(self._merge)

    def _merge(self) -> None:
        """Let what was learnt last go over to a larger search."""
        with self._lock:
            last, before, rest = self._parts
        moved = {**before, **last}
        larger = _newest({**rest, **moved}) if len(moved) > _SIZES[1] else moved
        search = search_for(larger)
        with self._lock:
            self._merging = False
            learnt, *others = self._parts
            if others[1] is not rest:
                return
            left = {value: label for value, label in learnt.items() if value not in last}
            first = search_for(left) if left else _NOTHING
            if larger is moved:
                self._keep((left, moved, rest), (first, search, self._searches[2]))
            else:
                self._keep((left, {}, larger), (first, _NOTHING, search))

    def _keep(self, parts: tuple[Searched, ...], searches: tuple[KnownValues, ...]) -> None:
        """``searches`` come first: what is taken for known is looked for already."""
        self._searches = searches
        self.searches = tuple(search for search in searches if search is not _NOTHING)
        self._parts = parts


def search_for(values: Searched) -> KnownValues:
    """A search for all of ``values``; a small one is taken to be needed for a few texts only."""
    known = (Known(label, value, _SOURCE) for value, label in values.items())
    return KnownValues(known, short_lived=len(values) <= _SIZES[1])


_NOTHING = search_for({})


def _newest(values: Searched) -> Searched:
    """As many as are kept."""
    return dict(list(values.items())[-MAX_VALUES:])
