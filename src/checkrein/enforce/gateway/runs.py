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

from checkrein.enforce.gateway.bounded import MAX_AGE, Bounded, Pending
from checkrein.enforce.gateway.cache import HEAD, Chunk, Origin
from checkrein.enforce.gateway.facts import Facts
from checkrein.enforce.gateway.jsonbody import Wire

MAX_BYTES = 16 * 1024 * 1024
_KEPT = 4  # runs with the same head: of the last two requests
_LEFT_OUT = (1, 3)
_OVERHEAD = 1500  # bytes
_CONVERSATION = "messages"


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


Key = tuple[int, Hashable, str, int]
"""Which lists are alike: version of the redactor, whose they are, kind, hash of how the first element begins."""


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
    """Beginnings of lists that were looked at, in one session, with one version of the redactor.

    Where nobody says which session it is, messages that begin alike are taken for one conversation. Instructions and tools
    begin alike in many: those are known as long as nothing is learnt.
    """

    def __init__(
        self,
        version: int,
        origin: Origin,
        shared: Bounded[Key, tuple[Run, ...]],
        max_age: float = MAX_AGE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.borrowed = False  # whether the request took anything from others that say no session
        self._only_own = False
        self._version = version
        self._origin = origin
        self._max_age = max_age
        self._clock = clock
        self._entries = Pending(shared)

    def find(self, kind: str, source: Wire, at: int) -> Walked:
        """The longest run that begins at ``at``, where the first element of a list stands."""
        text = source.text
        whose = self._origin.session or (None if kind == _CONVERSATION else self._origin.known)
        key = (self._version, whose, kind, hash(text[at : at + HEAD]))
        young = self._clock() - self._max_age
        is_own = bool(self._origin.session) or kind == _CONVERSATION
        entries = () if self._only_own and not is_own else self._entries.get(key) or ()
        known = [run for run in entries if run.born > young]
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
        self.borrowed = self.borrowed or (best is not _NONE and not is_own)
        return Walked(key, at, best, best_hasher)

    def note(self, walked: Walked, source: Wire, elements: Sequence[Element]) -> Facts:
        """Note what became of a list: its known run, and the elements behind it. What was met in all of it."""
        facts = walked.run.facts.copy()
        new = self._grown(walked, source, elements, facts)
        if new:
            marks = {run.mark for run in new} | {walked.run.mark}
            others = tuple(run for run in self._entries.get(walked.key) or () if run.mark not in marks)
            kept = (*new, *others)[:_KEPT]
            self._entries.put(walked.key, kept, _size(kept))
        return facts

    def drop(self) -> None:
        """Forget what was noted in this request, and from here on know nothing of others."""
        self._only_own = True
        self._entries.drop()

    def keep(self) -> None:
        """Let other requests see what was noted."""
        self._entries.keep()

    def _grown(self, walked: Walked, source: Wire, elements: Sequence[Element], facts: Facts) -> list[Run]:
        """The runs that end before the last element, and before the last three; the longest first. ``facts`` are those of the
        known run, and get those of the elements."""
        wanted = {len(elements) - left for left in _LEFT_OUT}
        pieces, tools = list(walked.run.pieces), dict(walked.run.tools)
        result: list[Run] = []
        done = walked.at + walked.run.length
        for number, element in enumerate(elements, start=1):
            chunk = element.chunk
            facts.add(chunk)
            tools.update(chunk.tools)
            if chunk.text is not None:
                pieces.append(_piece(source.text[element.start : element.end], chunk.text, element.start - walked.at))
            if number not in wanted:
                continue
            walked.hasher.update(source.span(done, element.end))
            done = element.end
            born = min(walked.run.born, self._clock())
            run = Run(done - walked.at, walked.hasher.digest(), born, facts.copy(), tuple(pieces), dict(tools))
            result.insert(0, run)
        return result


def _piece(old: str, new: str, at: int) -> tuple[int, int, str]:
    """What turns ``old``, which stands at ``at``, into ``new``, without what both begin and end with: mostly a value alone."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    return at + head, at + len(old) - tail, new[head : len(new) - tail]


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _size(runs: Sequence[Run]) -> int:
    """In bytes. Runs of one list share the texts of their pieces."""
    texts = max(sum(len(text) for _, _, text in run.pieces) for run in runs)
    return texts + sum(_OVERHEAD + 100 * _items(run) for run in runs)


def _items(run: Run) -> int:
    """How many things it holds."""
    facts = run.facts
    return sum(map(len, (run.pieces, run.tools, facts.found, facts.kinds, facts.files, facts.folders, facts.made)))
