"""What is known of texts that were looked at before, so that a long conversation costs what is new in it.

Two caches. ``Texts`` knows single strings by a digest. ``Chunks`` knows whole elements of ``messages``, ``system`` and
``tools`` as they stood in an earlier request: it compares digests where such an element could begin, so that the old part of a
conversation is neither parsed nor searched again. Neither keeps a text that was looked at, only what leaves in its place.

Both are bounded in bytes and in age: an entry that is too old is looked at anew, which also tells the vault that its values
are still in use.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from checkrein.vault.placeholder import PREFIX, find, label_of

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_BYTES = 8 * 1024 * 1024
MAX_AGE = 600.0  # seconds
_OVERHEAD = 800  # bytes, of an entry with nothing in it
_HEAD = 160  # characters by which elements are told apart before their digests are compared
_ALIKE = 8  # elements with the same head that are kept

STANDING = "vault.placeholder"
"""What is recorded in place of a rule where a placeholder stood in a request already."""

Found = tuple[tuple[tuple[str, str], int], ...]


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

    def put(self, key: K, value: V, size: int) -> None:
        """Keep it, in place of what stood there, and let go of what was not used for longest."""
        with self._lock:
            old = self._entries.pop(key, None)
            self._bytes += size - (old[1] if old else 0)
            now = self._clock()
            self._entries[key] = (value, size, now)
            while self._entries and (self._bytes > self._max_bytes or now - self._oldest() > self._max_age):
                _, (_, gone, _) = self._entries.popitem(last=False)
                self._bytes -= gone

    def _oldest(self) -> float:
        """When the entry was made that was not used for longest."""
        _, _, born = next(iter(self._entries.values()))
        return born


@dataclass(frozen=True, slots=True)
class Text:
    """What became of one string: what stands in its place (None: it stays), and what was found in it."""

    text: str | None
    found: Found


@dataclass(frozen=True, slots=True)
class Chunk:
    """What became of one element of a request.

    ``text`` is the JSON that leaves in its place (None: its own). ``files`` are paths as they stand there, and as they may be
    recorded. ``made`` are the placeholders that redaction put into it. ``tools`` gives for each tool call in it the source of
    its result; ``used`` are those of other elements that the outcome rests on.
    """

    text: str | None
    found: Found
    kinds: tuple[tuple[str, int], ...]
    files: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    made: frozenset[str]
    tools: tuple[tuple[str, str], ...]
    used: tuple[tuple[str, str], ...]


def digest(text: str) -> bytes:
    """16 bytes that no other text has."""
    return hashlib.sha256(text.encode()).digest()[:16]


class Texts:
    """Strings that were looked at. One in which nothing was found is known wherever it stands."""

    def __init__(self, max_bytes: int = MAX_BYTES // 4) -> None:
        self._entries: Bounded[tuple[Hashable, str | None, bytes], Text] = Bounded(max_bytes)

    def get(self, version: Hashable, source: str, mark: bytes) -> Text | None:
        """What became of the string with the digest ``mark`` that stood in ``source``."""
        return self._entries.get((version, None, mark)) or self._entries.get((version, source, mark))

    def put(self, version: Hashable, source: str, mark: bytes, outcome: Text) -> None:
        """Keep it."""
        where = source if outcome.found or outcome.text is not None else None
        self._entries.put((version, where, mark), outcome, _OVERHEAD + len(outcome.text or ""))


@dataclass(frozen=True, slots=True)
class _Known:
    length: int
    mark: bytes
    born: float
    chunk: Chunk


class Chunks:
    """Elements of requests that were looked at. Only objects: where one begins that is known, it also ends as it did."""

    def __init__(
        self, max_bytes: int = MAX_BYTES, max_age: float = MAX_AGE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._max_age = max_age
        self._clock = clock
        self._entries: Bounded[tuple[Hashable, str, bytes], tuple[_Known, ...]] = Bounded(max_bytes, max_age, clock)

    def get(self, version: Hashable, kind: str, body: str, at: int) -> tuple[Chunk, int] | None:
        """What became of the element of this kind that begins at ``at``, and where it ends; None where it is not known."""
        now = self._clock()
        for known in self._entries.get((version, kind, digest(body[at : at + _HEAD]))) or ():
            end = at + known.length
            if body[end - 1 : end] != "}" or now - known.born > self._max_age:
                continue
            if digest(body[at:end]) == known.mark:
                return known.chunk, end
        return None

    def put(self, version: Hashable, kind: str, element: str, chunk: Chunk) -> None:
        """Keep what became of ``element``, the text of one JSON object. Short ones are quickly looked at anew."""
        if len(element) < _HEAD or not element.startswith("{"):
            return
        key = (version, kind, digest(element[:_HEAD]))
        mark = digest(element)
        others = tuple(known for known in self._entries.get(key) or () if known.mark != mark)[: _ALIKE - 1]
        kept = (_Known(len(element), mark, self._clock(), chunk), *others)
        self._entries.put(key, kept, sum(_size(known.chunk) for known in kept))


def standing(text: str) -> Found:
    """How many placeholders ``text`` came with, by label: values that hooks held back before the request was made."""
    counts = Counter(label_of(place.text) for place in find(text)) if PREFIX in text else {}
    return tuple(((STANDING, label), count) for label, count in counts.items())


def placeholders(text: str) -> frozenset[str]:
    """The placeholders in ``text``."""
    return frozenset(place.text for place in find(text)) if PREFIX in text else frozenset()


def _size(chunk: Chunk) -> int:
    return _OVERHEAD + len(chunk.text or "") + 100 * (len(chunk.files) + len(chunk.made) + len(chunk.tools))
