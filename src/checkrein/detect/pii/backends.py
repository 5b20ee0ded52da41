"""Where values and the words that announce them may stand: all patterns in one pass over the text.

Hyperscan does it where it is installed. Without it each pattern is looked for by ``re``: slower, with the same findings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Protocol


class Backend(Protocol):
    """Says where matches end. What it gives may be more than there is, never less."""

    def ends(self, data: bytes) -> Mapping[int, list[int]]:
        """For each pattern, by its number, that matches in ``data``: the ends of its matches in bytes, in any order."""


class PortableBackend:
    """Python's own regular expressions."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Compile ``patterns``."""
        self._patterns = [re.compile(pattern.replace(rb"\z", rb"\Z")) for pattern in patterns]

    def ends(self, data: bytes) -> Mapping[int, list[int]]:
        """As in ``Backend``: matches may overlap, and of those with one start the longest counts."""
        found: dict[int, list[int]] = {}
        for number, pattern in enumerate(self._patterns):
            match = pattern.search(data)
            while match:
                found.setdefault(number, []).append(match.end())
                match = pattern.search(data, match.start() + 1)
        return found


@lru_cache(maxsize=8)
def best(patterns: tuple[bytes, ...]) -> Backend:
    """Hyperscan's backend where it is installed, else the portable one. The last ones are kept: to compile takes a while."""
    try:
        return HyperscanBackend(patterns)
    except ImportError:
        return PortableBackend(patterns)


class HyperscanBackend:
    """A compiled database of all patterns; any number of threads may use it at once."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        """Compile ``patterns``, or read what was kept. ImportError where there is no Hyperscan."""
        from checkrein.detect import compiled  # noqa: PLC0415 - not on every platform

        self._search = compiled.Search(compiled.database(patterns, "personal")) if patterns else None

    def ends(self, data: bytes) -> Mapping[int, list[int]]:
        """As in ``Backend``: every end of every match."""
        return self._search.ends(data) if self._search else {}
