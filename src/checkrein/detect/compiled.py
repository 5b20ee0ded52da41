"""Hyperscan's searches. What is compiled is kept: hundreds of patterns take seconds, reading the result milliseconds.

This is the one place where detectors touch the disk. The files stand in our state folder, which no agent may write, and hold no
more than our own patterns, compiled for this machine's processor.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import hyperscan

from checkrein.core import ServiceError
from checkrein.locations import private_folder, scan_dir

_DAY = 86_400
_HASH = 32
_SUFFIX = ".hyperscan"
_USED: dict[str, hyperscan.Database] = {}  # by the name of their file


Match = Callable[[int, int, int, int, object], bool | None]
"""Is told the number of the expression, nothing, where the match ends, and nothing more. True ends the search."""


class Search:
    """A search with one database; any number of threads may use it at once."""

    def __init__(self, database: hyperscan.Database) -> None:
        """``database``: in block mode."""
        self._database = database
        self._threads = threading.local()

    def ends(self, data: bytes) -> dict[int, list[int]]:
        """For each expression, by its number, that matches in ``data``: every end of every match, in no order."""
        found: dict[int, list[int]] = {}

        def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            # A named function that this frame holds: the binding keeps no reference of its own to it.
            if number in found:
                found[number].append(end)
            else:
                found[number] = [end]

        self.each(data, on_match)
        return found

    def each(self, data: bytes, on_match: Match) -> None:
        """Call ``on_match`` with each end of each match in ``data``. ``hyperscan.ScanTerminated`` where it ended the search."""
        if data:
            self._database.scan(data, match_event_handler=on_match, scratch=self._scratch())

    def _scratch(self) -> hyperscan.Scratch:
        """This thread's own working memory: two scans at a time must not share it."""
        scratch: hyperscan.Scratch | None = getattr(self._threads, "scratch", None)
        if scratch is None:
            scratch = self._threads.scratch = hyperscan.Scratch(self._database)
        return scratch


def database(expressions: Sequence[bytes], name: str, folder: Path | None = None) -> hyperscan.Database:
    """A block-mode database of ``expressions``, each numbered by its place.

    It is read from ``folder`` (else from the state folder) where it was kept under ``name`` by an earlier call; otherwise it is
    compiled and kept. What cannot be read or kept is compiled: that costs time, never a finding. ``hyperscan.error`` where a
    pattern is not one of Hyperscan's.
    """
    digest = hashlib.sha256(version("hyperscan").encode())
    for expression in expressions:
        digest.update(len(expression).to_bytes(4, "big") + expression)
    file = f"{name}-{digest.hexdigest()[:24]}{_SUFFIX}"
    try:
        kept = private_folder(folder or scan_dir()) / file
    except ServiceError:
        return _compile(expressions)
    found = _read(kept)
    if found is None:
        found = _compile(expressions)
        _keep(hyperscan.dumpb(found), kept, name)
    _USED[file] = found
    return found


def literals(texts: Sequence[bytes]) -> Search | None:
    """A search for ``texts`` as they stand, which is not kept: they may be secret. None where Hyperscan does not take them.

    A text must not be empty, nor hold a zero byte: the binding would take what stands before it.
    """
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        made.compile(expressions=list(texts), ids=list(range(len(texts))), flags=[0] * len(texts), literal=True)
    except hyperscan.error:
        return None
    return Search(made)


def lend(folder: Path) -> None:
    """Keep what this process uses in the scan folder of another home as well, which spares its service the compiling."""
    for file, used in list(_USED.items()):
        _keep(hyperscan.dumpb(used), private_folder(folder) / file, file.partition("-")[0])


def _compile(expressions: Sequence[bytes]) -> hyperscan.Database:
    made = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    made.compile(expressions=list(expressions), ids=list(range(len(expressions))))
    return made


def _read(file: Path) -> hyperscan.Database | None:
    """The database in ``file``; None where there is none, or one that is damaged, or that this processor does not take.

    Hyperscan itself does not see all damage: a hash stands before the data.
    """
    try:
        whole = file.read_bytes()
        data = whole[_HASH:]
        return hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK) if hashlib.sha256(data).digest() == whole[:_HASH] else None
    except (OSError, hyperscan.error):
        return None


def _keep(data: bytes, file: Path, name: str) -> None:
    """Write all of ``data`` or nothing, and drop what was kept under ``name`` more than a day ago, for other patterns."""
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{name}-", delete=False) as new:
            new.write(hashlib.sha256(data).digest() + data)
        os.replace(new.name, file)  # noqa: PTH105 - over what stands there
        for other in file.parent.glob(f"{name}-*{_SUFFIX}"):
            if other != file and time.time() - other.stat().st_mtime > _DAY:
                other.unlink()
