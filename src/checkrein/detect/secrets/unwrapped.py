"""A text without its line ends, in which a value that was wrapped stands in one piece."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate


def in_one_piece(data: bytes) -> bytes:
    """``data`` without line ends."""
    return (data.replace(b"\r\n", b"") if b"\r" in data else data).replace(b"\n", b"")


class Unwrapped:
    """UTF-8 ``data`` in one piece (``text``, and ``lower`` in lower case), with the way back."""

    __slots__ = ("_kept", "_removed", "data", "lower", "text")

    def __init__(self, data: bytes) -> None:
        """Any bytes."""
        self.data = data
        self.text = in_one_piece(data)
        self.lower = self.text.lower()
        self._kept: list[int] | None = None
        self._removed: list[int] = []

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where the bytes of ``text`` from ``start`` to ``end`` (at least one) begin and end in the data."""
        return self._original(start), self._original(end - 1) + 1

    def _original(self, at: int) -> int:
        if len(self.text) == len(self.data):
            return at
        if self._kept is None:
            self._kept = self._ends()
        number = bisect_right(self._kept, at)
        return at + (self._removed[number - 1] if number else 0)

    def _ends(self) -> list[int]:
        """For each line end how many bytes of ``text`` stand before it; ``_removed`` gets how many are left out up to there."""
        lines = self.data.split(b"\n")[:-1]
        returns = [line.endswith(b"\r") for line in lines] if b"\r\n" in self.data else [False] * len(lines)
        self._removed = list(accumulate(1 + has for has in returns))
        return list(accumulate(len(line) - has for line, has in zip(lines, returns, strict=True)))
