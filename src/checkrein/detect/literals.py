"""Many texts at once, found exactly: by Hyperscan where it is installed, else by an Aho-Corasick automaton."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Sequence

from ahocorasick_rs import BytesAhoCorasick, Implementation

from checkrein.background import Run, thread

_LONGEST = 8_000  # bytes of a text; Hyperscan takes no more than 16,000
_AT_ONCE = 2_000  # texts for which Hyperscan is ready in some 40 ms
_MOST = 16_000  # texts for which Hyperscan takes some 40 MB while it is prepared; more are left to the automaton
_PAYS = 5_000  # bytes searched for each text: by then the automaton has cost what it costs to prepare Hyperscan

Found = tuple[int, int, int]
"""A text by its number, and where it starts and ends in the bytes that were searched."""

_Search = Callable[[bytes], list[Found]]
_ASIDE = thread("literals")


class Literals:
    """Finds texts in bytes. Any number of threads may use one at once.

    Hyperscan searches twenty times faster than the automaton, and takes five to ten times longer to prepare. Both find the
    same. So where there are many texts, or few searches to come, the automaton searches until it has cost as much as preparing
    Hyperscan does, which happens aside then, without anybody waiting for it. Of very many texts only the automaton is kept.
    """

    def __init__(self, texts: Sequence[bytes], *, short_lived: bool = False, aside: Run = _ASIDE) -> None:
        """``texts``: none of them empty. ``short_lived``: there may be few searches."""
        self._aside = aside
        self._begun = threading.Lock()
        at_once = None if short_lived or len(texts) > _AT_ONCE else _by_hyperscan(texts)
        self._search = at_once or _by_automaton(range(len(texts)), texts)
        self._texts = () if at_once or len(texts) > _MOST else texts  # that Hyperscan may still be prepared for
        self._left = len(self._texts) * _PAYS

    def find(self, data: bytes) -> list[Found]:
        """Every occurrence of every text, in no order; they may overlap."""
        if self._left > 0:
            self._left -= len(data)
            if self._left <= 0 and self._begun.acquire(blocking=False):
                self._aside(self._prepare)
        return self._search(data) if data else []

    def _prepare(self) -> None:
        self._search = _by_hyperscan(self._texts) or self._search
        self._texts = ()


def _by_hyperscan(texts: Sequence[bytes]) -> _Search | None:
    """Hyperscan, with the automaton beside it for texts that are too long for it, or hold a zero, where it would end.

    None where it is not installed, or does not take the texts.
    """
    try:
        from checkrein.detect import compiled  # noqa: PLC0415 - not on every platform
    except ImportError:
        return None
    taken = [number for number, text in enumerate(texts) if len(text) <= _LONGEST and b"\0" not in text]
    search = compiled.literals([texts[number] for number in taken]) if taken else None
    if search is None:
        return None
    lengths = [len(texts[number]) for number in taken]
    others = sorted({*range(len(texts))} - {*taken})
    left = _by_automaton(others, texts) if others else None

    def find(data: bytes) -> list[Found]:
        found = [(taken[at], end - lengths[at], end) for at, ends in search.ends(data).items() for end in ends]
        return found + left(data) if left else found

    return find


def _by_automaton(numbers: Sequence[int], texts: Sequence[bytes]) -> _Search:
    """The texts of these numbers, by an automaton: prepared in half the time where texts that begin alike come together."""
    if not numbers:
        return lambda _: []
    ordered = array("I", sorted(numbers, key=texts.__getitem__))
    automaton = BytesAhoCorasick([texts[number] for number in ordered], implementation=Implementation.ContiguousNFA)

    def find(data: bytes) -> list[Found]:
        matches = automaton.find_matches_as_indexes(data, overlapping=True)
        return [(ordered[at], start, end) for at, start, end in matches]

    return find
