"""A patch or a folder that was made in the copy, brought back: names, values and paths of the original."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from checkrein.anonymise.mapping import Back
from checkrein.core import UsageError

_SNIFFED = 8_192


def patch(data: bytes, back: Back) -> bytes:
    """A unified diff for the original folder. Counts of lines stay as they are, since no stand-in changes them."""
    return back.text(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def folder(source: Path, target: Path, back: Back) -> int:
    """Write ``source`` to ``target``, which must not be there, with originals; how many files. UsageError, OSError."""
    if os.path.lexists(target):
        raise UsageError(f"{target} is there already", fix="name a folder that is not there yet")
    if target.resolve().is_relative_to(source.resolve()):
        raise UsageError("the result would stand in the folder itself", fix="name a folder somewhere else")
    target.mkdir(parents=True, mode=0o700)
    count = 0
    for found, folders, names in os.walk(source):
        links = [name for name in folders if Path(found, name).is_symlink()]
        folders[:] = sorted(set(folders) - {".git", *links})
        for name in sorted((*names, *links)):
            path = Path(found, name)
            _bring(path, target / PurePosixPath(back.text(os.path.relpath(path, source))), back)
            count += 1
    return count


def _bring(path: Path, target: Path, back: Back) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_symlink():
        target.symlink_to(back.text(str(path.readlink())))
        return
    data = path.read_bytes()
    target.write_bytes(data if b"\0" in data[:_SNIFFED] else patch(data, back))
    target.chmod(path.stat().st_mode & 0o777)
