"""Memory that a process has freed, given back to the system.

Requests are large and short-lived, and what is kept of them stands between them: so glibc keeps pages that nobody uses, and a
worker that runs for weeks would look as if it grew. ``malloc_trim`` gives them back, in some milliseconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

EVERY = 500
"""Exchanges between two times."""


def give_back() -> None:
    """Give back what is not in use. Nothing happens where the C library knows no such thing."""
    if _trim is not None:
        _trim(0)


def _found() -> Callable[[int], int] | None:
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    found: Callable[[int], int] = trim
    return found


_trim = _found()
