"""Which repository holds a path; repositories are kept open between calls."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

import pygit2

from checkrein.observe.git import ERRORS
from checkrein.observe.git.repository import Repository

_KEPT_OPEN = 32
_PARTS = ("HEAD", "objects", "refs")  # by which git knows a folder as a repository

_open: OrderedDict[tuple[str, int], Repository] = OrderedDict()
_open_lock = threading.Lock()


def discover(path: str) -> Repository | None:
    """The repository that holds ``path`` (which need not exist), None where none does."""
    folder = path
    while not os.path.isdir(folder):  # noqa: PTH112 - on the path of every decision
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent
    marked = _git_folder(folder)
    if marked is None:
        # pygit2 is not asked: for each "none here" it drops a reference to None too many, and crashes in the end.
        return None
    try:
        git_dir = pygit2.discover_repository(folder)
    except ERRORS:
        git_dir = None
    # Refused or broken: the state is UNKNOWN then, and not "no repository".
    return _opened(git_dir or marked)


def _opened(git_dir: str) -> Repository:
    """The repository at ``git_dir``, kept open between calls; opened again where the folder is another one than before."""
    try:
        key = (git_dir, os.stat(git_dir).st_ino)  # noqa: PTH116
    except OSError:
        return Repository(git_dir)
    with _open_lock:
        known = _open.get(key)
        if known is not None and not known.problem:
            _open.move_to_end(key)
            return known
        repository = Repository(git_dir)
        _open[key] = repository
        while len(_open) > _KEPT_OPEN:
            _open.popitem(last=False)
        return repository


def _git_folder(folder: str) -> str | None:
    """The nearest ``.git`` at or above a folder, whatever state it is in, or the folder that is a repository itself."""
    while True:
        place = folder.rstrip("/")
        if os.path.lexists(f"{place}/.git"):
            return f"{place}/.git"
        if all(os.path.lexists(f"{place}/{name}") for name in _PARTS):
            return folder
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent
