"""Reads what stands at some paths into items. Two passes: the first only looks and refuses, the second keeps the contents."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from checkrein.core import UndoError
from checkrein.undo.folders import opened, opened_root, parts_below
from checkrein.undo.manifest import Item, ItemKind
from checkrein.undo.objects import ObjectStore

_TRIES = 3  # how often a file that changes while it is read is read again
_NAMED = 3  # paths that one note names
_OTHER_NAMES = "had other names (hard links), and comes back as a file of its own"
_ATTRIBUTES = "had extended attributes or an access control list, which do not come back"
_SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


@dataclass(slots=True)
class _Survey:
    """What the first pass found, and its caps."""

    root: Path
    descriptor: int
    max_bytes: int
    max_items: int
    items: dict[str, Item] = field(default_factory=dict)
    size: int = 0
    lost: dict[str, list[str]] = field(default_factory=dict)  # what does not come back, and of which paths

    def add(self, item: Item) -> None:
        """Note an item. Raises UndoError over the caps."""
        known = self.items.get(item.path)
        if known is not None and (known.kind is not ItemKind.PARENT or item.kind is ItemKind.PARENT):
            return
        self.items.pop(item.path, None)
        self.items[item.path] = item
        self.size += item.size
        if self.size > self.max_bytes or len(self.items) > self.max_items:
            raise UndoError(
                f"too much to keep a snapshot of below {self.root}",
                why=f"more than {self.max_bytes} bytes or {self.max_items} paths would be lost",
                fix="delete less at once, raise the limit in the policy, or let a person decide",
            )


def read_items(
    paths: Iterable[Path], root: Path, objects: ObjectStore, *, max_bytes: int, max_items: int
) -> tuple[tuple[Item, ...], tuple[str, ...]]:
    """The items at ``paths`` with their contents kept, and notes on what changed meanwhile; where nothing stands is left out.

    Raises UndoError before anything is kept where a path lies outside the root or behind a link, is special or unreadable, or
    where it is too much.
    """
    with opened_root(root) as descriptor:
        survey = _Survey(root, descriptor, max_bytes, max_items)
        for path in paths:
            _survey_path(survey, parts_below(root, path))
        notes: list[str] = []
        kept = [
            _keep(descriptor, item, objects, notes) if item.kind is ItemKind.FILE else item for item in survey.items.values()
        ]
    notes += [f"{_some(paths)}: {what}" for what, paths in survey.lost.items()]
    return tuple(sorted((item for item in kept if item is not None), key=lambda item: item.parts)), tuple(notes)


def _some(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more


def _survey_path(survey: _Survey, parts: tuple[str, ...]) -> None:
    parents: list[Item] = []
    for depth in range(1, len(parts)):
        item = _look(survey, parts[:depth])
        if item is None:
            return
        if item.kind is not ItemKind.FOLDER:
            raise UndoError(
                f"{survey.root.joinpath(*parts)} lies behind {survey.root / item.path}",
                why="a link or a file stands where a folder should; links are not followed",
                fix="use the real path",
            )
        parents.append(replace(item, kind=ItemKind.PARENT))
    first = _look(survey, parts)
    if first is None:
        return
    for item in [*parents, first]:
        survey.add(item)
    waiting = [first] if first.kind is ItemKind.FOLDER else []
    while waiting:
        folder = waiting.pop()
        for name in _names(survey, folder):
            item = _look(survey, (*folder.parts, name))
            if item is None:
                continue
            survey.add(item)
            if item.kind is ItemKind.FOLDER:
                waiting.append(item)


def _names(survey: _Survey, folder: Item) -> list[str]:
    try:
        with opened(survey.descriptor, folder.parts) as descriptor:
            return sorted(os.listdir(descriptor))  # noqa: PTH208 -- by descriptor
    except OSError as error:
        raise UndoError(
            f"cannot read the folder {survey.root / folder.path}", why=str(error), fix="make it readable"
        ) from error


def _look(survey: _Survey, parts: tuple[str, ...]) -> Item | None:
    """What stands at a path, without its content; None where nothing does."""
    shown = survey.root.joinpath(*parts)
    try:
        with opened(survey.descriptor, parts[:-1]) as parent:
            found = os.stat(parts[-1] if parts else ".", dir_fd=parent, follow_symlinks=False)
            target = os.readlink(parts[-1], dir_fd=parent) if stat.S_ISLNK(found.st_mode) else ""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UndoError(f"cannot look at {shown}", why=str(error), fix="use a real path that can be read") from error
    kind = {stat.S_IFREG: ItemKind.FILE, stat.S_IFDIR: ItemKind.FOLDER, stat.S_IFLNK: ItemKind.LINK}.get(
        stat.S_IFMT(found.st_mode)
    )
    if kind is None:
        raise UndoError(
            f"{shown} cannot be kept",
            why=f"it is {_SPECIAL.get(stat.S_IFMT(found.st_mode), 'a special file')}",
            fix="leave it out of the command",
        )
    if kind is ItemKind.FILE and found.st_nlink > 1:
        survey.lost.setdefault(_OTHER_NAMES, []).append("/".join(parts))
    if kind is not ItemKind.LINK and _has_attributes(survey, parts):
        survey.lost.setdefault(_ATTRIBUTES, []).append("/".join(parts) or ".")
    size = found.st_size if kind is ItemKind.FILE else 0
    return Item("/".join(parts), kind, stat.S_IMODE(found.st_mode), found.st_mtime_ns, size, target=target)


def _has_attributes(survey: _Survey, parts: tuple[str, ...]) -> bool:
    """True where more than bits and content belongs to a path. What the system labels by itself comes back by itself."""
    if not hasattr(os, "listxattr"):
        return False
    try:
        with opened(survey.descriptor, parts[:-1]) as parent:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(parts[-1] if parts else ".", flags, dir_fd=parent)
            try:
                return any(name.startswith(("user.", "system.posix_acl")) for name in os.listxattr(descriptor))
            finally:
                os.close(descriptor)
    except OSError:
        return False  # an unreadable path is refused where its content is read


def _keep(root: int, item: Item, objects: ObjectStore, notes: list[str]) -> Item | None:
    """The file with its content kept; None where it vanished since it was looked at."""
    try:
        with opened(root, item.parts[:-1]) as parent:
            # O_NONBLOCK: a pipe that took the file's place would otherwise hold us up for ever.
            source = os.open(item.parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except FileNotFoundError:
        notes.append(f"{item.path} vanished before it could be kept")
        return None
    except OSError as error:
        raise UndoError(
            f"cannot read {item.path}", why=str(error), fix="make it readable, or leave it out of the command"
        ) from error
    try:
        return _keep_open(source, item, objects, notes)
    except OSError as error:
        raise UndoError(
            f"cannot keep {item.path}", why=str(error), fix="free some disk space, or let a person decide"
        ) from error
    finally:
        os.close(source)


def _keep_open(source: int, item: Item, objects: ObjectStore, notes: list[str]) -> Item:
    for _ in range(_TRIES):
        before = os.fstat(source)
        if not stat.S_ISREG(before.st_mode):
            raise UndoError(f"{item.path} was replaced while it was being kept", why="it is no file any more", fix="try again")
        name, size = objects.keep(source)
        after = os.fstat(source)
        kept = replace(item, mode=stat.S_IMODE(after.st_mode), mtime=after.st_mtime_ns, size=size, object=name)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return kept
    notes.append(f"{item.path} kept changing while it was kept: what is kept may be a mixture")
    return kept
