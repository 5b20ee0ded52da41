"""Where many characters of base64 follow each other: text in another form, a key, or a long identifier."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from functools import cache

LONG = 32
"""Characters of base64, of either alphabet, from which on they are more than a word or an identifier."""

_BASE64 = (string.ascii_letters + string.digits + "+/-_").encode()
_SHAPE = bytes(ord("A") if byte in _BASE64 else ord(" ") for byte in range(256))
_RUN = b"A" * LONG
_MANY = 100  # bytes for each match: where there are more of them, Hyperscan's way takes longer
_SHORT = 1_000  # bytes in which looking without Hyperscan is as fast

Runs = Sequence[tuple[int, int]]


def long_runs(data: bytes) -> Runs:
    """Where they stand, ``LONG`` of them at least: from byte to byte, in order."""
    if len(data) < LONG:
        return ()
    return (_search() if len(data) > _SHORT else portable)(data)


def portable(data: bytes) -> Runs:
    """The same without Hyperscan."""
    runs: list[tuple[int, int]] = []
    shape = data.translate(_SHAPE)
    at = shape.find(_RUN)
    while at >= 0:
        end = shape.find(b" ", at)
        if end < 0:
            end = len(data)
        runs.append((at, end))
        at = shape.find(_RUN, end)
    return runs


@cache
def _search() -> Callable[[bytes], Runs]:
    """Hyperscan's way, which takes half the time; the other one where it is not installed."""
    try:
        import hyperscan  # noqa: PLC0415 - not on every platform
    except ImportError:
        return portable
    from checkrein.detect import compiled  # noqa: PLC0415 - nor is this

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[b"[A-Za-z0-9+/_-]{%d}" % LONG], ids=[0])
    search = compiled.Search(database)

    def runs(data: bytes) -> Runs:
        found: list[tuple[int, int]] = []
        start = last = -1
        left = len(data) // _MANY

        def on_match(_number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            # Each character from the last of so many on ends a match: they are one run as long as there is no gap.
            nonlocal start, last, left
            if end != last + 1:
                if last > 0:
                    found.append((start, last))
                start = end - LONG
            last = end
            left -= 1
            return left < 0

        try:
            search.each(data, on_match)
        except hyperscan.ScanTerminated:
            return portable(data)
        if last > 0:
            found.append((start, last))
        return found

    return runs
