"""What git would bring back, asked path by path, in whatever repository a path lies."""

from __future__ import annotations

import bisect
import itertools
import os
from functools import lru_cache

import pygit2

from checkrein.observe.git.changes import Uncommitted
from checkrein.observe.git.discovery import discover
from checkrein.observe.git.repository import Repository
from checkrein.observe.git.state import State
from checkrein.observe.index import hides_changes

KEPT = frozenset((State.CLEAN, State.ABSENT))
MAX_LOST = 500


class GitView:
    """Recoverability of paths in any number of repositories. Repositories are opened once and kept."""

    def state(self, path: str) -> State:
        """How a path stands to the repository that holds it; UNTRACKED where no repository does."""
        repository = discover(path)
        return State.UNTRACKED if repository is None else repository.state(path)

    def holds(self, path: str) -> bool:
        """True where git tracks the path."""
        repository = discover(path)
        return repository is not None and repository.is_tracked(path)

    def tracked_below(self, folder: str) -> tuple[str, ...]:
        """The paths below a folder that git tracks. Raises GitError where the index cannot be read."""
        repository = discover(folder)
        if repository is None or not repository.root:
            return ()
        index = f"{repository.git_dir.rstrip('/')}/index"
        try:
            seen = os.stat(index)  # noqa: PTH116 - on the path of every decision
        except OSError:
            return ()
        place = os.path.relpath(os.path.realpath(folder), repository.root)
        prefix = "" if place == "." else f"{place}/"
        entries = _entries(index, seen.st_mtime_ns, seen.st_size, seen.st_ino)
        first = bisect.bisect_left(entries, prefix)
        below = itertools.takewhile(lambda name: name.startswith(prefix), entries[first:])
        return tuple(f"{folder.rstrip('/')}/{name[len(prefix) :]}" for name in below)

    def ignores(self, path: str) -> bool:
        """True where git has been told to leave the path alone."""
        return self.state(path) is State.IGNORED

    def would_ignore(self, path: str) -> bool:
        """True where git has been told to leave the path alone, whether or not something stands there by now."""
        repository = discover(path)
        return repository is not None and repository.would_ignore(path)

    def uncommitted(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` files below a folder that no commit holds; incomplete where no repository does."""
        repository = discover(folder)
        return Uncommitted(complete=False) if repository is None else repository.uncommitted_under(folder, limit)

    def ignored(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` paths below a folder that git was told to leave alone; incomplete where no repository is."""
        repository = discover(folder)
        return Uncommitted(complete=False) if repository is None else repository.ignored_under(folder, limit)

    def replaced_by(self, folder: str, revision: str) -> Uncommitted:
        """What git does not track, and what checking a revision out would put its own files in place of; may be incomplete."""
        repository = discover(folder)
        return Uncommitted(complete=False) if repository is None else repository.replaced_by(revision)

    def hides_changes(self, folder: str) -> bool:
        """True where git is told to look away from changes of some files, and where no repository can be seen."""
        repository = discover(folder)
        if repository is None or not repository.root:
            return True
        index = f"{repository.git_dir.rstrip('/')}/index"
        try:
            seen = os.stat(index)  # noqa: PTH116 - on the path of every decision
        except OSError:
            return True
        return hides_changes(index, seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def has_commits_elsewhere(self, folder: str, branch: str, gone: frozenset[str]) -> bool:
        """True where a ref of the repository at a folder, other than those named ``gone``, holds every commit of a branch."""
        repository = discover(folder)
        return repository is not None and repository.has_commits_elsewhere(branch, gone)

    def would_lose(self, path: str) -> bool:
        """True where something at or below an existing path exists nowhere in git.

        Ignored files count: that git was told to leave them alone is the reason why it cannot bring them back. So does the
        history of a repository that goes as a whole, where no remote has all of it.
        """
        if not os.path.isdir(path) or os.path.islink(path):  # noqa: PTH112, PTH114 - on the path of every decision
            return self.state(path) not in KEPT
        repository = discover(path)
        if repository is None:
            return _has_files(path)
        pending = [path]
        looked = 0
        while pending:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    looked += 1
                    if looked > MAX_LOST:
                        return True  # too much to look at one by one: judged as if there were something
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != ".git":
                            pending.append(entry.path)
                        elif Repository(entry.path).is_only_copy():
                            return True
                    elif repository.state(entry.path) not in KEPT:
                        return True
        return False


def _has_files(folder: str) -> bool:
    return any(  # no repository: every file counts
        files or any(os.path.islink(f"{place}/{name}") for name in folders)  # noqa: PTH114 - on the path of every decision
        for place, folders, files in os.walk(folder)
    )


@lru_cache(maxsize=4)
def _entries(index: str, _time: int, _size: int, _inode: int) -> tuple[str, ...]:
    """The paths in an index file, sorted; read again when the file is another one than before."""
    return tuple(sorted(entry.path for entry in pygit2.Index(index)))


@lru_cache(maxsize=256)
def _config(git_dir: str) -> pygit2.Config:
    return pygit2.Repository(git_dir).config


def git_config(cwd: str, key: str) -> str | None:
    """The value of a git configuration key as seen from a folder, None where it is unset or cannot be read."""
    try:
        repository = discover(cwd) if "\0" not in cwd else None
        config = _config(repository.git_dir) if repository is not None else pygit2.Config.get_global_config()
        return str(config[key]) if key in config else None
    except (pygit2.GitError, KeyError, OSError, ValueError):
        return None
