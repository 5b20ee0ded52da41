"""What is kept between requests: bounded in bytes and in age, and seen by others only once a request has kept its values."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_AGE = 600.0  # seconds


class Bounded(Generic[K, V]):
    """The entries used last, up to so many bytes, none older than ``max_age`` seconds. Safe for several threads."""

    def __init__(self, max_bytes: int, max_age: float = MAX_AGE, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._clock = clock
        self._bytes = 0
        self._entries: OrderedDict[K, tuple[V, int, float]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """In bytes, as told to ``put``."""
        return self._bytes

    def get(self, key: K) -> V | None:
        """The entry, or None where it is not there or too old."""
        if key not in self._entries:
            return None
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            value, size, born = entry
            if self._clock() - born > self._max_age:
                del self._entries[key]
                self._bytes -= size
                return None
            self._entries.move_to_end(key)
            return value

    def put(self, entries: Iterable[tuple[K, V, int]]) -> None:
        """Keep entries, each with its size, in place of what stood there, and let go of what was not used for longest."""
        with self._lock:
            now = self._clock()
            for key, value, size in entries:
                old = self._entries.pop(key, None)
                self._bytes += size - (old[1] if old else 0)
                self._entries[key] = (value, size, now)
            while self._entries and (self._bytes > self._max_bytes or now - self._oldest() > self._max_age):
                _, (_, gone, _) = self._entries.popitem(last=False)
                self._bytes -= gone

    def _oldest(self) -> float:
        """When the entry was made that was not used for longest."""
        _, _, born = next(iter(self._entries.values()))
        return born


class Pending(Generic[K, V]):
    """What one request sees of a ``Bounded``: what it puts there is its own until it is kept. For one thread."""

    def __init__(self, shared: Bounded[K, V]) -> None:
        self._shared = shared
        self._own: dict[K, tuple[V, int]] = {}

    def get(self, key: K) -> V | None:
        """The entry, or None."""
        own = self._own.get(key)
        return self._shared.get(key) if own is None else own[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Note it, with its size in bytes."""
        self._own[key] = (value, size)

    def drop(self) -> None:
        """Forget what was noted."""
        self._own = {}

    def keep(self) -> None:
        """Let others see what was noted."""
        if self._own:
            self._shared.put((key, value, size) for key, (value, size) in self._own.items())
            self._own = {}
