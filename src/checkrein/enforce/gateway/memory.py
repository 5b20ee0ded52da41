"""What is known from earlier requests, and what one request sees of it.

What a request learns is its own until its values are in the vault: another request that relied on it before would let
placeholders leave that nobody can restore.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

from checkrein.enforce.gateway.bounded import Bounded
from checkrein.enforce.gateway.cache import (
    CHUNK_BYTES,
    TEXT_BYTES,
    ChunkKey,
    Chunks,
    KnownChunk,
    KnownText,
    Origin,
    TextKey,
    Texts,
)
from checkrein.enforce.gateway.runs import MAX_BYTES, Key, Run, Runs

_VERSIONS = 256  # that are told apart at a time: each project has one


class Memory:
    """All that is kept. Safe for several threads."""

    def __init__(self) -> None:
        self._texts: Bounded[TextKey, KnownText] = Bounded(TEXT_BYTES)
        self._chunks: Bounded[ChunkKey, tuple[KnownChunk, ...]] = Bounded(CHUNK_BYTES)
        self._runs: Bounded[Key, tuple[Run, ...]] = Bounded(MAX_BYTES)
        self._versions: dict[Hashable, int] = {}
        self._count = 0
        self._lock = threading.Lock()

    def view(self, version: Hashable, origin: Origin) -> View:
        """For a request. What was learnt under another version of the redactor is not seen."""
        number = self._number(version)
        return View(Texts(number, origin, self._texts), Chunks(number, origin, self._chunks), Runs(number, origin, self._runs))

    def _number(self, version: Hashable) -> int:
        """A number that no other version has, or ever had."""
        with self._lock:
            number = self._versions.get(version)
            if number is None:
                if len(self._versions) >= _VERSIONS:
                    self._versions.clear()
                self._count += 1
                number = self._versions[version] = self._count
            return number


class View:
    """What one request sees. Not for several threads at once."""

    __slots__ = ("chunks", "runs", "texts")

    def __init__(self, texts: Texts, chunks: Chunks, runs: Runs) -> None:
        self.texts, self.chunks, self.runs = texts, chunks, runs

    @property
    def borrowed(self) -> bool:
        """Whether the request took anything that another session learnt."""
        return self.texts.borrowed or self.chunks.borrowed or self.runs.borrowed

    def drop(self) -> None:
        """Forget what this request learnt, and see no more of what other sessions did; what its own learnt stays."""
        self.texts.drop()
        self.chunks.drop()
        self.runs.drop()

    def keep(self) -> None:
        """Let other requests see what this one learnt."""
        self.texts.keep()
        self.chunks.keep()
        self.runs.keep()
