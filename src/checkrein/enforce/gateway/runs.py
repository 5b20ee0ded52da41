"""Lists that begin as an earlier one did: a conversation sends its whole past again with every turn.

A run is the beginning of a list, up to the end of one of its elements, with the outcome of all that stands in it. It is known
again by the digest of its text (BLAKE3: several times as fast as SHA-256), so that the past costs one pass of the hash. Clients
mark the last messages for the provider's cache and take the marks away a turn later: so a run ends before the last element, and
a second one before the last three.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from blake3 import blake3

from checkrein.enforce.gateway.cache import MAX_AGE, Bounded, Chunk, digest
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.jsonbody import Wire

MAX_BYTES = 32 * 1024 * 1024
_HEAD = 160  # characters by which lists are told apart before their digests are compared
_KEPT = 4  # runs with the same head: of the last two requests
_LEFT_OUT = (1, 3)
_OVERHEAD = 1000  # bytes


@dataclass(frozen=True, slots=True)
class Run:
    """``pieces`` are what was changed in it: start, end (from where the list's first element begins) and new text."""

    length: int
    mark: bytes
    born: float
    facts: Facts
    pieces: tuple[tuple[int, int, str], ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)


_NONE = Run(0, blake3().digest(), float("inf"), Facts())


@dataclass(frozen=True, slots=True)
class Key:
    """Which lists are alike: of one version of the redactor, one session, one kind."""

    version: Hashable
    session: str
    kind: str
    head: bytes


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a list: ``text[start:end]``, and what became of it."""

    start: int
    end: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Walked:
    """A list that is being walked: its first element stands at ``at``, and ``run`` is what is known of its beginning."""

    key: Key
    at: int
    run: Run
    hasher: blake3


class Runs:
    """Beginnings of lists that were looked at. Bounded in bytes and in age, safe for several threads."""

    def __init__(
        self, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_age = max_age
        self._clock = clock
        self._entries: Bounded[Key, tuple[Run, ...]] = Bounded(max_bytes, max_age, clock)

    def find(self, version: Hashable, session: str, kind: str, source: Wire, at: int) -> Walked:
        """The longest run that begins at ``at``, where the first element of a list stands."""
        text = source.text
        key = Key(version, session, kind, digest(text[at : at + _HEAD]))
        young = self._clock() - self._max_age
        known = [run for run in self._entries.get(key) or () if run.born > young]
        hasher = blake3()
        best, best_hasher, done = _NONE, hasher.copy(), 0
        for run in sorted(known, key=lambda each: each.length):
            end = at + run.length
            if text[end - 1 : end] != "}":
                continue
            hasher.update(source.span(at + done, end))
            done = run.length
            if hasher.digest() == run.mark:
                best, best_hasher = run, hasher.copy()
        return Walked(key, at, best, best_hasher)

    def keep(self, walked: Walked, source: Wire, elements: Sequence[Element]) -> None:
        """Keep what became of a list: its known run, and the elements behind it."""
        new = self._grown(walked, source, elements)
        if not new:
            return
        marks = {run.mark for run in new} | {walked.run.mark}
        others = tuple(run for run in self._entries.get(walked.key) or () if run.mark not in marks)
        kept = (*new, *others)[:_KEPT]
        self._entries.put(walked.key, kept, sum(map(_size, kept)))

    def _grown(self, walked: Walked, source: Wire, elements: Sequence[Element]) -> list[Run]:
        """The runs that end before the last element, and before the last three; the longest first."""
        wanted = {len(elements) - left for left in _LEFT_OUT}
        facts, pieces, tools = walked.run.facts.copy(), list(walked.run.pieces), dict(walked.run.tools)
        result: list[Run] = []
        done = walked.at + walked.run.length
        for number, element in enumerate(elements[: max(0, *wanted)], start=1):
            facts.add(element.chunk)
            tools.update(element.chunk.tools)
            if element.chunk.text is not None:
                pieces.append((element.start - walked.at, element.end - walked.at, element.chunk.text))
            if number not in wanted:
                continue
            walked.hasher.update(source.span(done, element.end))
            done = element.end
            born = min(walked.run.born, self._clock())
            run = Run(done - walked.at, walked.hasher.digest(), born, facts.copy(), tuple(pieces), dict(tools))
            result.insert(0, run)
        return result


def _size(run: Run) -> int:
    texts = sum(len(text) for _, _, text in run.pieces)
    return _OVERHEAD + texts + 200 * (len(run.tools) + len(run.facts.files) + len(run.facts.made))
