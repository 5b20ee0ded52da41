"""Brings a snapshot back, by folder descriptors: never through a link, never outside the root, nothing overwritten unasked."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from pathlib import Path

from checkrein.core import UndoError
from checkrein.undo.folders import opened
from checkrein.undo.manifest import Item, ItemKind, Snapshot
from checkrein.undo.objects import ObjectStore, digest_of

GIT_FOLDER = ".git"
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back: ``paths`` relative to the root; ``unchanged`` of them stood there as they were. ``before`` is
    the id of the snapshot of what had to make way ("" where nothing had to). ``left`` are paths of a repository that is
    still there: what git wrote since then counts."""

    snapshot: Snapshot
    paths: tuple[str, ...]
    unchanged: int
    before: str = ""
    left: tuple[str, ...] = ()


def without_live_git(root: int, snapshot: Snapshot) -> tuple[Snapshot, tuple[str, ...]]:
    """The snapshot without what lies in a ``.git`` folder that stands there now, and the paths of that.

    A commit, a branch or an index that is newer would be rolled back by it.
    """
    live: dict[tuple[str, ...], bool] = {}
    kept: list[Item] = []
    left: list[str] = []
    for item in snapshot.items:
        folder = item.parts[: item.parts.index(GIT_FOLDER) + 1] if GIT_FOLDER in item.parts else ()
        if folder and folder not in live:
            live[folder] = _is_repository(root, folder)
        if folder and live[folder]:
            left.append(item.path)
        else:
            kept.append(item)
    return replace(snapshot, items=tuple(kept)), tuple(left)


def find_conflicts(root: int, snapshot: Snapshot) -> tuple[str, ...]:
    """The paths at which something else stands now. Raises UndoError where one lies behind a link."""
    blocked: list[str] = []
    for item in snapshot.items:
        if any(item.path.startswith(f"{path}/") for path in blocked[-1:]):
            continue  # below something that has to make way as a whole
        if _state(root, item) is _State.OTHER:
            blocked.append(item.path)
    return tuple(blocked)


def _is_repository(root: int, folder: tuple[str, ...]) -> bool:
    try:
        with opened(root, folder) as descriptor:
            os.stat("HEAD", dir_fd=descriptor, follow_symlinks=False)
    except OSError:
        return False
    return True


def stands(root: int, snapshot: Snapshot) -> bool:
    """Whether everything stands there as it was kept. Raises UndoError where a path lies behind a link."""
    return all(_state(root, item) is _State.SAME for item in snapshot.items)


def restore_items(root: int, snapshot: Snapshot, objects: ObjectStore) -> tuple[tuple[str, ...], int]:
    """Bring all items back; the paths that were missing, and how many stood there already. Raises UndoError."""
    for name in {item.object for item in snapshot.items if item.kind is ItemKind.FILE}:
        objects.check(name)  # before anything is touched
    made: list[Item] = []
    unchanged = 0
    for item in snapshot.items:
        if _state(root, item) is not _State.MISSING:
            unchanged += 1
            continue
        try:
            _make(root, item, objects)
        except OSError as error:
            done = f"{len(made)} of {len(snapshot.items)} paths were restored"
            raise UndoError(
                f"cannot restore {item.path}", why=f"{error}; {done}", fix="free the path or some disk space, then try again"
            ) from error
        made.append(item)
    new = {item.path for item in made}
    for item in reversed(snapshot.items):  # a folder's time changes with what is made in it: children first
        if item.kind is ItemKind.FOLDER or (item.kind is ItemKind.PARENT and item.path in new):
            _finish_folder(root, item)
    return tuple(item.path for item in made), unchanged


def remove(root: int, parts: Sequence[str]) -> None:
    """Take away what stands at a path, with all below it, following no link. Raises OSError."""
    with opened(root, parts[:-1]) as parent:
        if stat.S_ISDIR(os.stat(parts[-1], dir_fd=parent, follow_symlinks=False).st_mode):
            with opened(root, parts) as folder:
                names = os.listdir(folder)  # noqa: PTH208 -- by descriptor
            for name in names:
                remove(root, (*parts, name))
            os.rmdir(parts[-1], dir_fd=parent)
        else:
            os.unlink(parts[-1], dir_fd=parent)


class _State(Enum):
    """What a path is now, compared with its item."""

    MISSING = auto()
    SAME = auto()
    OTHER = auto()


def _state(root: int, item: Item) -> _State:
    try:
        with opened(root, item.parts[:-1]) as parent:
            return _compare(parent, item)
    except FileNotFoundError:
        return _State.MISSING
    except OSError as error:
        raise UndoError(
            f"cannot look at {item.path}", why=str(error), fix="see that no link stands on the way to it"
        ) from error


def _compare(parent: int, item: Item) -> _State:
    name = item.parts[-1] if item.parts else "."
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if item.kind in (ItemKind.FOLDER, ItemKind.PARENT):
        return _State.SAME if stat.S_ISDIR(found.st_mode) else _State.OTHER
    if item.kind is ItemKind.LINK:
        same = stat.S_ISLNK(found.st_mode) and os.readlink(name, dir_fd=parent) == item.target
        return _State.SAME if same else _State.OTHER
    if not stat.S_ISREG(found.st_mode) or found.st_size != item.size or stat.S_IMODE(found.st_mode) != item.mode:
        return _State.OTHER
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    try:
        return _State.SAME if digest_of(descriptor) == item.object else _State.OTHER
    finally:
        os.close(descriptor)


def _make(root: int, item: Item, objects: ObjectStore) -> None:
    name = item.parts[-1]
    with opened(root, item.parts[:-1]) as parent:
        if item.kind in (ItemKind.FOLDER, ItemKind.PARENT):
            os.mkdir(name, mode=0o700, dir_fd=parent)
        elif item.kind is ItemKind.LINK:
            os.symlink(item.target, name, dir_fd=parent)
            os.utime(name, ns=(item.mtime, item.mtime), dir_fd=parent, follow_symlinks=False)
        else:
            _make_file(parent, name, item, objects)


def _make_file(parent: int, name: str, item: Item, objects: ObjectStore) -> None:
    descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
    try:
        objects.write(item.object, descriptor)
        os.fchmod(descriptor, item.mode)
        os.utime(descriptor, ns=(item.mtime, item.mtime))
        os.fsync(descriptor)
    except BaseException:
        os.unlink(name, dir_fd=parent)  # half a file is worse than none
        raise
    finally:
        os.close(descriptor)


def _finish_folder(root: int, item: Item) -> None:
    try:
        with opened(root, item.parts) as folder:
            os.fchmod(folder, item.mode)
            os.utime(folder, ns=(item.mtime, item.mtime))
            os.fsync(folder)
    except OSError as error:
        raise UndoError(f"cannot set the mode of {item.path or '.'}", why=str(error), fix="see who owns it") from error


def clear_way(root_path: Path, root: int, paths: Sequence[str]) -> None:
    """Remove what stands at ``paths``. Raises UndoError."""
    for path in paths:
        try:
            remove(root, tuple(path.split("/")))
        except (OSError, RecursionError) as error:
            raise UndoError(f"cannot move {root_path / path} out of the way", why=str(error), fix="see who owns it") from error
