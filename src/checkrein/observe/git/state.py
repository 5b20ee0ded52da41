"""How one path stands to its repository, by the bytes on disk, the index, the last commit and the ignore rules."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from enum import StrEnum, auto

import pygit2

from checkrein.observe.git.changes import LOST, Uncommitted

_HASH_LIMIT = 8 * 1024 * 1024


class State(StrEnum):
    """How a path stands to its repository."""

    CLEAN = auto()  # on disk as in the last commit
    MODIFIED = auto()  # on disk other than in the index: the content exists nowhere else
    STAGED = auto()  # on disk as in the index, other than in the last commit
    UNTRACKED = auto()  # git does not know it
    IGNORED = auto()  # git does not know it, and has been told not to
    ABSENT = auto()  # not on disk
    OUTSIDE = auto()  # not in this repository's work tree
    UNKNOWN = auto()  # the repository cannot be read; ``Repository.problem`` says why


def state_of(
    repository: pygit2.Repository,
    index: Callable[[], pygit2.Index],
    path: str,
    relative: str,
    uncommitted: Callable[[], Uncommitted],
) -> State:
    """The state of a path, which is ``relative`` to the top of the work tree. Raises ``ERRORS``.

    ``index`` reads the index; ``uncommitted`` gives one path below this one that no commit holds, if there is any.
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return State.ABSENT
    if not stat.S_ISDIR(mode):
        return _state_of_file(repository, index(), path, relative, mode)
    if relative:
        prefix = f"{relative}/"
        if repository.path_is_ignored(prefix):
            return State.IGNORED
        if not any(entry.path.startswith(prefix) for entry in index()):
            return State.UNTRACKED
    found = uncommitted()
    return State.MODIFIED if found.paths else State.CLEAN if found.complete else State.UNKNOWN


def _state_of_file(repository: pygit2.Repository, index: pygit2.Index, path: str, relative: str, mode: int) -> State:
    if relative not in index:
        return State.IGNORED if repository.path_is_ignored(relative) else State.UNTRACKED
    entry = index[relative]
    if not _as_indexed(repository, path, relative, entry.id, mode):
        return State.MODIFIED
    return State.CLEAN if _committed(repository, relative) == entry.id else State.STAGED


def _as_indexed(repository: pygit2.Repository, path: str, relative: str, expected: pygit2.Oid, mode: int) -> bool:
    """True where the file's bytes are the index's. The bytes, because the ``assume-unchanged`` mark makes git look away.

    Files larger than 8 MiB, and those that a filter rewrites, are left to libgit2's comparison.
    """
    if stat.S_ISLNK(mode):
        return pygit2.hash(os.readlink(path).encode("utf-8", "surrogateescape")) == expected  # noqa: PTH115
    with open(path, "rb") as file:  # noqa: PTH123 - on the path of every decision
        data = file.read(_HASH_LIMIT + 1)
    if len(data) <= _HASH_LIMIT and pygit2.hash(data) == expected:
        return True
    if b"\r\n" in data and pygit2.hash(data.replace(b"\r\n", b"\n")) == expected:
        return True  # as core.autocrlf checks it out
    if len(data) <= _HASH_LIMIT and not repository.get_attr(relative, "filter") and not repository.get_attr(relative, "ident"):
        return False
    return not repository.status_file(relative) & LOST


def _committed(repository: pygit2.Repository, relative: str) -> pygit2.Oid | None:
    """The id of the last commit's blob at a path, None where it has none."""
    if repository.head_is_unborn:
        return None
    tree = repository[repository.head.target].peel(pygit2.Tree)
    return tree[relative].id if relative in tree else None
