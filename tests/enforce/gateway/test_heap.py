from __future__ import annotations

import ctypes
import resource
from pathlib import Path

import pytest

from checkrein.enforce.gateway import heap

PIECE = 100_000
"""Bytes: fewer than those that glibc takes from the system by themselves."""


def resident() -> int:
    """Bytes of this process."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * resource.getpagesize()


@pytest.mark.skipif(heap._trim is None, reason="the C library has no malloc_trim")
def test_what_was_freed_between_what_is_kept_goes_back() -> None:
    pieces = [bytes([number % 255 + 1]) * PIECE for number in range(800)]
    kept = pieces[::20]
    del pieces
    before = resident()
    heap.give_back()
    assert before - resident() > 400 * PIECE
    assert len(kept) == 40


def test_without_such_a_function_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    class Library:
        def __init__(self, name: str | None) -> None:
            asked.append(name)

    monkeypatch.setattr(ctypes, "CDLL", Library)
    found = heap._found()
    assert asked == [None]
    assert found is None
    monkeypatch.setattr(heap, "_trim", found)
    heap.give_back()
