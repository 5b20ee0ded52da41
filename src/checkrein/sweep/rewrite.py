"""Changes a file that somebody may be writing to, and loses nothing of what they write.

The client opens a transcript anew for every line that it appends, so a file that nobody holds is replaced as a whole, by a
rename; what was appended meanwhile is found behind the end of the old file, redacted and appended to the new one. A program
that holds a file open would go on writing into the old one, and one with several names would keep its other names. There the
characters are overwritten where they stand, by as many asterisks: no byte moves.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from checkrein.core.sensitive import Sensitive
from checkrein.sweep import texts

_PROCESSES = Path("/proc")


def open_files() -> frozenset[tuple[int, int]] | None:
    """Device and inode of the files that programs of this user hold open; None where the system does not tell."""
    if not _PROCESSES.joinpath("self/fd").is_dir():
        return None
    own = str(os.getpid())
    found: set[tuple[int, int]] = set()
    for process in _PROCESSES.iterdir():
        if not process.name.isdigit() or process.name == own:
            continue
        try:
            for name in os.listdir(process / "fd"):  # noqa: PTH208 - the names alone
                status = os.stat(process / "fd" / name)  # noqa: PTH116 - many of them
                if stat.S_ISREG(status.st_mode):
                    found.add((status.st_dev, status.st_ino))
        except OSError:  # it ended, or is another user's, who cannot open files that only their owner may
            continue
    return frozenset(found)


def is_open_elsewhere(path: str) -> bool:
    """Whether a program may hold the file, or it has another name."""
    found = os.lstat(path)
    elsewhere = open_files()
    return found.st_nlink > 1 or elsewhere is None or (found.st_dev, found.st_ino) in elsewhere


def opened(path: str, flags: int = os.O_RDONLY) -> BinaryIO:
    """The file itself, not what a link leads to. OSError."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    return os.fdopen(descriptor, "r+b" if flags & os.O_RDWR else "rb")


def make_private(path: str) -> None:
    """Take every right to a file or folder from other users. OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o700)
    finally:
        os.close(descriptor)


def replace(path: str, redact: Callable[[bytes], bytes]) -> bool:
    """Put the redacted file in the place of the old one; whether something was appended meanwhile. OSError.

    Its times stay, for the client goes by them.
    """
    new = f"{path}.checkrein-{os.getpid()}"
    with opened(path) as old:
        found = os.fstat(old.fileno())
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                _copy(old, file, path, redact)
                file.flush()
                os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode) & 0o700)
                os.fsync(file.fileno())
                os.utime(file.fileno(), ns=(found.st_atime_ns, found.st_mtime_ns))
            os.rename(new, path)  # noqa: PTH104 - one step: readers see the old file or the new one
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
        with Path(path).open("ab") as file:
            _copy(old, file, path, redact)
        return old.tell() > found.st_size


def _copy(old: BinaryIO, new: BinaryIO, path: str, redact: Callable[[bytes], bytes]) -> None:
    new.writelines(redact(piece) for piece in texts.pieces(old, path))


def mask(path: str, search: Callable[[str], Sequence[Sensitive]]) -> int:
    """Overwrite what ``search`` finds, byte by byte; how many stretches those were. OSError."""
    masked, at = 0, 0
    with opened(path, os.O_RDWR) as file:
        for piece in texts.pieces(file, path):
            text = texts.decoded(piece)
            for each in search(text):
                start = at + len(texts.encoded(text[: each.start]))
                value = texts.encoded(text[each.start : each.end])
                os.pwrite(file.fileno(), _masked(value), start)
                masked += 1
            at += len(piece)
    return masked


def _masked(value: bytes) -> bytes:
    """Line ends stay, so that lines do."""
    return b"\n".join(b"*" * len(line) for line in value.split(b"\n"))
