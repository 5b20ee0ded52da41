"""Contents by their SHA-256: each is kept once, however many snapshots hold it.

A file is first cloned as a whole where the file system can (``FICLONE``: Btrfs, XFS, bcachefs; no data is copied, and the clone
cannot change under our hands), else copied block by block. Zero blocks become holes, so that sparse files stay small.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from checkrein.core import UndoError

_FICLONE = 0x40049409  # _IOW(0x94, 9, int), linux/fs.h
_BLOCK = 1 << 20
_SYNC_ALL_FROM = 64  # new objects: from here on one flush of everything is cheaper than one for each
_CANNOT_CLONE = frozenset({errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ETXTBSY, errno.ENOSYS, errno.EPERM})


class ObjectStore:
    """A folder of objects, ``ab/cdef…``: folders 0700, files 0600."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._new: list[Path] = []

    def path(self, name: str) -> Path:
        """Where the object lies."""
        return self.folder / name[:2] / name[2:]

    def keep(self, source: int) -> tuple[str, int]:
        """Keep the content of an open file; its name and size in bytes. Raises OSError."""
        temporary = self.folder / f"new-{secrets.token_hex(8)}"
        target = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            name, size = _hash(target) if _clone(source, target) else _copy(source, target)
            place = self.path(name)
            if place.exists():
                temporary.unlink()
            else:
                place.parent.mkdir(mode=0o700, exist_ok=True)
                temporary.rename(place)
                self._new.append(place)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        finally:
            os.close(target)
        return name, size

    def flush(self) -> None:
        """Make what was kept since the last call survive a loss of power."""
        if len(self._new) >= _SYNC_ALL_FROM:
            os.sync()
        else:
            for place in [*self._new, *{place.parent for place in self._new}]:
                descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self._new = []

    def check(self, name: str) -> None:
        """Raise UndoError where the object is missing or is not what it was."""
        try:
            with self.path(name).open("rb") as file:
                found, _ = _hash(file.fileno())
        except OSError as error:
            raise UndoError(f"the content {name[:12]} is gone", why=str(error), fix="nothing was restored") from error
        if found != name:
            raise UndoError(
                f"the content {name[:12]} was changed", why="its SHA-256 is another one", fix="nothing was restored"
            )

    def write(self, name: str, target: int) -> None:
        """Put the content into an open, empty file. Raises UndoError where it is not what was kept, OSError where it cannot."""
        with self.path(name).open("rb") as file:
            written = _hash(target)[0] if _clone(file.fileno(), target) else _copy(file.fileno(), target)[0]
        if written != name:
            raise UndoError(
                f"the content {name[:12]} was changed", why="its SHA-256 is another one", fix="look at what was restored so far"
            )

    def names(self) -> Iterator[tuple[str, Path]]:
        """All objects, and what an interrupted ``keep`` left (with an empty name)."""
        if not self.folder.is_dir():
            return
        for entry in sorted(self.folder.iterdir()):
            if not entry.is_dir():
                yield "", entry
            else:
                yield from ((entry.name + place.name, place) for place in sorted(entry.iterdir()))


def digest_of(descriptor: int) -> str:
    """The SHA-256 of an open file (hex)."""
    return _hash(descriptor)[0]


def _clone(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT_CLONE:
            return False
        raise
    return True


def _hash(descriptor: int) -> tuple[str, int]:
    digest = hashlib.sha256()
    at = 0
    while block := os.pread(descriptor, _BLOCK, at):
        digest.update(block)
        at += len(block)
    return digest.hexdigest(), at


def _copy(source: int, target: int) -> tuple[str, int]:
    digest = hashlib.sha256()
    at = 0
    while block := os.pread(source, _BLOCK, at):
        digest.update(block)
        if block.strip(b"\0"):
            _write_all(target, block, at)
        at += len(block)
    os.ftruncate(target, at)
    return digest.hexdigest(), at


def _write_all(target: int, block: bytes, at: int) -> None:
    rest = memoryview(block)
    while rest:
        written = os.pwrite(target, rest, at)
        rest, at = rest[written:], at + written
