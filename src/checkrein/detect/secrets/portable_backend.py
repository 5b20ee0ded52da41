"""Where credentials may stand, without Hyperscan: around their keywords. Slower, with the same findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ahocorasick_rs import BytesAhoCorasick

from checkrein.detect.secrets.catalogue import Kind
from checkrein.detect.secrets.windows import Windows


class PortableBackend:
    """All keywords in one automaton; any number of threads may use it at once."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        """Build the automaton of the keywords of ``kinds``."""
        self._widths = [kind.width for kind in kinds]
        self._words = sorted({word.encode() for kind in kinds for word in kind.keywords})
        numbers = {word: number for number, word in enumerate(self._words)}
        self._kinds: list[list[int]] = [[] for _ in self._words]
        for index, kind in enumerate(kinds):
            for word in dict.fromkeys(kind.keywords):
                self._kinds[numbers[word.encode()]].append(index)
        self._automaton = BytesAhoCorasick(self._words) if self._words else None

    def windows(self, data: bytes) -> Mapping[int, Windows]:
        """For each kind, by its number, with a keyword in ``data``: where its matches would lie."""
        found: dict[int, Windows] = defaultdict(Windows)
        if self._automaton is None or not data:
            return found
        matches = self._automaton.find_matches_as_indexes(data.lower(), overlapping=True)
        for word, start, end in sorted(matches, key=lambda match: match[1]):
            for kind in self._kinds[word]:
                found[kind].add(end - self._widths[kind], start + self._widths[kind])
        return found
