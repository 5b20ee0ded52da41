"""What a work tree holds that git would not bring back: below a folder, or where a revision has files of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import pygit2
from pygit2.enums import DeltaStatus, FileStatus

LOST = FileStatus.WT_MODIFIED | FileStatus.WT_NEW | FileStatus.WT_TYPECHANGE | FileStatus.WT_RENAMED | FileStatus.CONFLICTED
"""On disk is what neither a commit nor the index holds."""
_STAGED = FileStatus.INDEX_NEW | FileStatus.INDEX_MODIFIED | FileStatus.INDEX_TYPECHANGE | FileStatus.INDEX_RENAMED


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """Absolute paths whose content no commit holds. ``complete`` is False where there may be more."""

    paths: tuple[str, ...] = ()
    complete: bool = True

    @classmethod
    def first(cls, paths: Iterable[str], limit: int) -> Uncommitted:
        """At most ``limit`` of ``paths``."""
        found = tuple(islice(paths, limit + 1))
        return cls(found[:limit], complete=len(found) <= limit)


def status(repository: pygit2.Repository, *, ignored: bool = False) -> Mapping[str, int]:
    """The flags of each path that is not as in the last commit. Untracked folders, and ignored ones, are one entry each."""
    found: dict[str, int] = repository.status(untracked_files="normal", ignored=ignored)
    return found


def uncommitted_files(root: str, found: Mapping[str, int], below: str, ignores: Callable[[str], bool]) -> Iterator[str]:
    """The files below a folder of the work tree at ``root`` that are modified, staged or untracked, by the ``status`` found.

    ``below`` is counted from the root, "" for that itself; so is what ``ignores`` is asked about: files in untracked folders.
    """
    for name, flags in sorted(found.items()):
        changed = FileStatus(flags)
        if not _concerns(name, below) or not changed & (LOST | _STAGED) or changed & FileStatus.WT_DELETED:
            continue
        if name.endswith("/"):
            yield from _walk(root, max(name, _prefix(below), key=len), ignores)
        else:
            yield f"{root}/{name}"


def ignored_paths(root: str, found: Mapping[str, int], below: str) -> Iterator[str]:
    """The paths below a folder that git is told to ignore, by the ``status`` found. A folder stands for what is in it."""
    for name, flags in sorted(found.items()):
        if flags & FileStatus.IGNORED and name != below and _concerns(name, below):
            yield f"{root}/{name.rstrip('/')}"


def coming(repository: pygit2.Repository, index: pygit2.Index, revision: str) -> list[str]:
    """The files that a revision has, and the index does not."""
    commit, _ = repository.resolve_refish(revision)
    difference = index.diff_to_tree(commit.peel(pygit2.Tree))
    return [delta.old_file.path for delta in difference.deltas if delta.status is DeltaStatus.DELETED]


def in_the_way(root: str, name: str) -> str:
    """What stands where a file is to come: a file or link on the way to it, or whatever has its name. "" for nothing."""
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        path = f"{root}/{'/'.join(parts[:depth])}"
        if depth == len(parts) or not os.path.isdir(path) or os.path.islink(path):  # noqa: PTH112, PTH114 - faster
            return path if os.path.lexists(path) else ""
    return ""


def _concerns(name: str, below: str) -> bool:
    """Whether an entry of a status is a folder, or lies in it, or is an untracked folder that holds it."""
    prefix = _prefix(below)
    return not prefix or name.startswith(prefix) or name == below or (name.endswith("/") and prefix.startswith(name))


def _prefix(below: str) -> str:
    return f"{below}/" if below else ""


def _walk(root: str, relative: str, ignores: Callable[[str], bool]) -> Iterator[str]:
    """The files of an untracked folder. A repository inside it is named as one: nothing here keeps any of it."""
    for folder, names, files in os.walk(f"{root}/{relative}".rstrip("/")):
        if ".git" in names or ".git" in files:
            names.clear()
            yield folder
            continue
        for file in files:
            path = f"{folder}/{file}"
            if not ignores(path[len(root) + 1 :]):
                yield path
