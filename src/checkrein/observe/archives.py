"""What stands in an archive, without unpacking it: names and links only, within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, cast

MAX_ARCHIVE = 64_000_000  # bytes of the file
MAX_UNPACKED = 96_000_000  # bytes that are unpacked on the way to the names
MAX_MEMBERS = 20_000

Members = tuple[tuple[str, str], ...]
"""(name, where it links to; "" for all that is no link), folders left out."""
_OPENERS: tuple[tuple[bytes, Callable[[IO[bytes]], IO[bytes]]], ...] = (
    (b"\x1f\x8b", lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file))),
    (b"BZh", lambda file: cast("IO[bytes]", bz2.BZ2File(file))),
    (b"\xfd7zXZ", lambda file: cast("IO[bytes]", lzma.LZMAFile(file))),  # noqa: SIM115
)
_UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)


class _Bounded:
    """A stream that ends with an error behind ``MAX_UNPACKED`` bytes: an archive may unpack to any size."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = MAX_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise ValueError("it unpacks to more than is looked at")
        return data


def members(path: str) -> Members | None:
    """The members of a tar (also compressed) or zip archive; None where it is none, or too large to be looked through."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not os.path.isfile(path) or os.fstat(file.fileno()).st_size > MAX_ARCHIVE:  # noqa: PTH113 - as in disk.py
                return None
            start = file.read(6)
            file.seek(0)
            if start.startswith(b"PK"):
                return _zip(file)
            opener = next((opener for magic, opener in _OPENERS if start.startswith(magic)), None)
            return _tar(opener(file) if opener else file)
    except _UNREADABLE:
        return None


def _zip(file: IO[bytes]) -> Members | None:
    with zipfile.ZipFile(file) as archive:
        names = tuple((info.filename, "") for info in archive.infolist() if not info.is_dir())
    return names if len(names) <= MAX_MEMBERS else None


def _tar(file: IO[bytes]) -> Members | None:
    found: list[tuple[str, str]] = []
    with tarfile.open(fileobj=cast("IO[bytes]", _Bounded(file)), mode="r|") as archive:
        for member in archive:
            if member.issym() or member.islnk():
                found.append((member.name, member.linkname))
            elif not member.isdir():
                found.append((member.name, ""))
            if len(found) > MAX_MEMBERS:
                return None
    return tuple(found)
