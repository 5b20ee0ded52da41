"""Walking below a root by folder descriptors, so that no symbolic link on the way is ever followed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from checkrein.core import UndoError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def opened_root(root: Path) -> Iterator[int]:
    """A descriptor of the root. Raises UndoError where it is missing or not a folder."""
    try:
        descriptor = os.open(root, _FOLDER)
    except OSError as error:
        raise UndoError(
            f"cannot open the folder {root}", why=str(error), fix="give the real path of an existing folder"
        ) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def opened(root: int, parts: Sequence[str]) -> Iterator[int]:
    """A descriptor of the folder at ``parts`` below ``root``. Raises OSError (ELOOP or ENOTDIR where one of them is a link)."""
    descriptor = os.open(".", _FOLDER, dir_fd=root)
    try:
        for part in parts:
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def parts_below(root: Path, path: Path) -> tuple[str, ...]:
    """The names from ``root`` to ``path``, by their text. Raises UndoError where ``path`` is not below ``root``."""
    normal = Path(os.path.normpath(root / path))
    if not normal.is_relative_to(root):
        raise UndoError(
            f"{normal} is not below {root}", why="snapshots are kept of one project only", fix="take it with its own root"
        )
    return normal.relative_to(root).parts


def sync_folder(path: Path) -> None:
    """Make new names in a folder survive a loss of power."""
    descriptor = os.open(path, _FOLDER)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
