"""Reading and writing the files that a person asked for."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from checkrein.core import UsageError


def read_whole(path: Path, most: int = -1) -> bytes:
    """The bytes of the file at ``path``, at most so many (-1 for all). OSError; so is a pipe, a socket or a device, which could
    be waited on for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read(most)


def write_whole(target: Path, data: bytes, mode: int) -> None:
    """Write ``data`` to ``target`` with these permission bits: all of it, or what stood there stays. UsageError."""
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch:
            new = Path(scratch) / "new"
            new.write_bytes(data)
            new.chmod(mode)
            os.replace(new, target)  # noqa: PTH105 - over what stands there
    except OSError as error:
        raise UsageError(f"cannot write {target}", why=error.strerror or "", fix="name a file that you may write") from error
