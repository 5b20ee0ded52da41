"""A patch or a folder that was made in the copy, brought back: names, values and paths of the original."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar

from checkrein.anonymise import contents
from checkrein.anonymise.mapping import Back
from checkrein.core import UsageError

_Id = TypeVar("_Id")


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
    for path in _files(source):
        _bring(path, target / PurePosixPath(back.text(os.path.relpath(path, source))), back)
        count += 1
    return count


def texts(source: Path) -> Iterator[str]:
    """The paths and the texts in a folder: what stand-ins can stand in. OSError."""
    for path in _files(source):
        yield os.path.relpath(path, source)
        if not path.is_symlink() and isinstance(text := contents.read(path.read_bytes()), contents.Text):
            yield text.text


def fitting(written: Iterable[str], ways: Sequence[tuple[_Id, Back]]) -> tuple[_Id, Back, int]:
    """Which of ``ways``, the newest first, leads back from a copy with these texts: the one of which most stand-ins stand in
    them; and how many do. There must be one."""
    seen: list[set[str]] = [set() for _ in ways]
    for text in written:
        for (_, back), found in zip(ways, seen, strict=True):
            found.update(back.standing(text))
    most = max(range(len(ways)), key=lambda number: len(seen[number]))
    return *ways[most], len(seen[most])


def _files(source: Path) -> Iterator[Path]:
    """The files and links of a folder, but for git's own."""
    for found, folders, names in os.walk(source):
        links = [name for name in folders if Path(found, name).is_symlink()]
        folders[:] = sorted(set(folders) - {".git", *links})
        for name in sorted((*names, *links)):
            path = Path(found, name)
            if path.is_symlink() or path.is_file():
                yield path


def _bring(path: Path, target: Path, back: Back) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.is_symlink():
        target.symlink_to(back.text(str(path.readlink())))
        return
    data = path.read_bytes()
    text = contents.read(data)
    target.write_bytes(text.encoded(back.text(text.text)) if isinstance(text, contents.Text) else data)
    target.chmod(path.stat().st_mode & 0o777)
