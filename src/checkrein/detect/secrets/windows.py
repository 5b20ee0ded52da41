"""The stretches of a text in which matches of one pattern lie, and the exact matches in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SLACK = 64  # bytes behind a window that `re` may look at before it has to look again at all of the text


class Windows:
    """Stretches without overlap, in the order of the text: whoever adds them gives no start before an earlier one.

    For every match there is a stretch that holds all of it. So the matches found in the stretches, leftmost first, are those
    that would be found in the whole text.
    """

    __slots__ = ("spans",)

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []

    def add(self, start: int, end: int) -> None:
        """Add bytes ``start`` (cut off at 0) to ``end``."""
        start = max(start, 0)
        if self.spans and start <= self.spans[-1][1]:
            start, last = self.spans.pop()
            end = max(end, last)
        self.spans.append((start, end))

    def matches(self, pattern: re.Pattern[bytes], data: bytes) -> Iterator[re.Match[bytes]]:
        """The matches of ``pattern`` in ``data`` that lie in these stretches: those that ``finditer`` would give."""
        for start, end in self.spans:
            stop = min(end + _SLACK, len(data))
            yield from _matches(pattern, data, start, end, stop)


def _matches(pattern: re.Pattern[bytes], data: bytes, start: int, end: int, stop: int) -> Iterator[re.Match[bytes]]:
    """Matches that begin before ``end``, looked for in ``data`` as if it ended at ``stop``.

    A match that touches ``stop`` may be one only because the text seems to end there: it is looked for again in all of it.
    """
    while start < end:
        found = pattern.search(data, start, stop)
        if found is None or found.start() >= end:
            return
        if found.end() >= stop - 1 and stop < len(data):
            at = found.start()
            found = pattern.match(data, at)
            if found is None:
                start = at + 1
                continue
        yield found
        start = found.end()
