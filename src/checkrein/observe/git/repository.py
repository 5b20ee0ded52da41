"""``Repository``: one open repository, asked by absolute paths. Several threads may ask, and no question ends in an error."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import pygit2
from pygit2.enums import RepositoryOpenFlag

from checkrein.observe.git import ERRORS, changes, history
from checkrein.observe.git.addresses import Addresses
from checkrein.observe.git.changes import Uncommitted
from checkrein.observe.git.state import State, state_of

T = TypeVar("T")


class Repository:
    """One repository with a work tree. Whatever it holds, no method raises: trouble is ``UNKNOWN``, None or incomplete."""

    def __init__(self, git_dir: str) -> None:
        """Open the repository at ``git_dir``; ``problem`` is empty where that worked."""
        self.git_dir = git_dir
        self.problem = ""
        self.root = ""
        self._repository: pygit2.Repository | None = None
        self._lock = threading.RLock()
        self._index_mark: tuple[int, int, int] | None = None
        self._addresses = Addresses()
        # Fails too where the folder belongs to someone else and safe.directory does not name it.
        with suppress(*ERRORS), self._noted():
            repository = pygit2.Repository(git_dir, RepositoryOpenFlag.NO_SEARCH)
            if repository.is_bare:
                self.problem = "a bare repository has no work tree"
            else:
                self.root = os.path.realpath(repository.workdir)
                self._repository = repository

    def state(self, path: str) -> State:
        """How an absolute path of a file or folder stands. A folder is CLEAN or MODIFIED as what is tracked in it."""

        def ask(repository: pygit2.Repository) -> State:
            relative = self._relative(path)
            if relative is None:
                return State.OUTSIDE
            with self._noted():
                return state_of(
                    repository, lambda: self._index(repository), path, relative, lambda: self.uncommitted_under(path, 1)
                )

        return self._ask(ask, State.UNKNOWN)

    def is_tracked(self, path: str) -> bool:
        """True where the index holds the path. False too where the repository cannot be read."""
        relative = self._relative(path)
        return relative is not None and self._ask(lambda repository: relative in self._index(repository), unknown=False)

    def would_ignore(self, path: str) -> bool:
        """True where git has been told to leave an absolute path alone, whether or not something stands there by now."""

        def ask(repository: pygit2.Repository) -> bool:
            relative = self._relative(path)
            if not relative:
                return False
            with self._noted():
                return relative not in self._index(repository) and bool(repository.path_is_ignored(relative))

        return self._ask(ask, unknown=False)

    def uncommitted_under(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` files below ``folder`` whose content no commit holds: modified, staged, untracked; not ignored."""
        relative = self._relative(folder)

        def ask(repository: pygit2.Repository) -> Mapping[str, int]:
            self._index(repository)
            return changes.status(repository)

        found = None if relative is None else self._ask(ask, None)
        if relative is None or found is None:
            return Uncommitted(complete=False)
        # Files of untracked folders are looked for as far as they are asked for, while other threads may ask, too.
        return Uncommitted.first(changes.uncommitted_files(self.root, found, relative, self._ignores), limit)

    def ignored_under(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` paths below ``folder`` that git is told to ignore; an ignored folder stands for its content."""
        relative = self._relative(folder)
        found = None if relative is None else self._ask(lambda repository: changes.status(repository, ignored=True), None)
        if relative is None or found is None:
            return Uncommitted(complete=False)
        return Uncommitted.first(changes.ignored_paths(self.root, found, relative), limit)

    def replaced_by(self, revision: str) -> Uncommitted:
        """The files that git does not track and that stand where a revision has one; incomplete where it is not known."""
        names = self._ask(lambda repository: changes.coming(repository, self._index(repository), revision), None)
        if names is None:
            return Uncommitted(complete=False)
        met = dict.fromkeys(path for path in (changes.in_the_way(self.root, name) for name in names) if path)
        return Uncommitted(tuple(path for path in met if not self.is_tracked(path)))

    def has_commits_elsewhere(self, branch: str, gone: frozenset[str]) -> bool:
        """True where a branch, of this repository or of a remote, or a tag holds every commit of the local ``branch``.

        Refs whose short name is in ``gone``, and the branch itself, do not count. False too where it cannot be told.
        """
        return self._ask(lambda repository: history.held_elsewhere(repository, branch, gone), unknown=False)

    def is_only_copy(self) -> bool:
        """True where a branch, HEAD or a stash has commits that no branch of a remote has, and where that cannot be told."""
        return self._ask(history.is_only_copy, unknown=True)

    def addresses(self) -> frozenset[str]:
        """The e-mail addresses, in lower case, of those whom the latest 2,000 commits name. None where it cannot be told.

        Addresses that were named once stay, whatever branch comes next.
        """
        return self._ask(self._addresses.of, frozenset())

    def _ask(self, question: Callable[[pygit2.Repository], T], unknown: T) -> T:
        """The answer of libgit2, or ``unknown`` where it has none. Its objects are for one thread at a time."""
        with self._lock:
            if self._repository is None:
                return unknown
            try:
                return question(self._repository)
            except ERRORS:
                return unknown

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """What goes wrong here is the repository's trouble, not the question's: it is opened anew before the next one."""
        try:
            yield
        except ERRORS as error:
            self.problem = str(error) or type(error).__name__
            raise

    def _ignores(self, relative: str) -> bool:
        return self._ask(lambda repository: bool(repository.path_is_ignored(relative)), unknown=False)

    def _relative(self, path: str) -> str | None:
        """The path counted from the work tree's top, "" for the top itself, None outside. Folders on the way are resolved."""
        if not self.root or not path.startswith("/"):
            return None
        parent, name = os.path.split(path.rstrip("/"))
        try:
            real = f"{os.path.realpath(parent).rstrip('/')}/{name}"
        except ValueError:  # no file can have such a name
            return None
        if real == self.root:
            return ""
        if not real.startswith(self.root.rstrip("/") + "/"):
            return None
        relative = real[len(self.root.rstrip("/")) + 1 :]
        return None if relative == ".git" or relative.startswith(".git/") else relative

    def _index(self, repository: pygit2.Repository) -> pygit2.Index:
        """The index, read again when its file has changed."""
        index: pygit2.Index = repository.index
        try:
            seen = os.stat(f"{self.git_dir.rstrip('/')}/index")  # noqa: PTH116
            mark = (seen.st_mtime_ns, seen.st_size, seen.st_ino)
        except OSError:
            mark = (0, 0, 0)
        if mark != self._index_mark:
            index.read(True)  # noqa: FBT003 - the library's own signature
            self._index_mark = mark
        return index
