"""The state of a git repository, read with libgit2 and never by running git.

A repository's own settings can name programs that git runs at every status (``core.fsmonitor``, filters, hooks). libgit2 reads
the index, the objects and the ignore rules and starts nothing, so that a hostile repository can be looked at.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

import pygit2
from pygit2.enums import DeltaStatus, FileStatus, RepositoryOpenFlag

_ERRORS = (pygit2.GitError, KeyError, ValueError, OSError)
_HASH_LIMIT = 8 * 1024 * 1024
_KEPT_OPEN = 32
_REFS = 1000  # refs that are looked through for a commit
_SETTINGS = (".gitconfig", ".config/git/config")
_COMMITS = 2000  # commits whose authors are read
_TRAILER = re.compile(rb"^[A-Z][A-Za-z\-]{1,40}-[Bb]y: [^\n<]{0,200}<([^<>\s]{3,254})>[ \t]*$", re.MULTILINE)
"""A line at the end of a commit's message that names a person, such as ``Signed-off-by``."""
_LASTING = ("refs/heads/", "refs/remotes/", "refs/tags/")
_LOST = FileStatus.WT_MODIFIED | FileStatus.WT_NEW | FileStatus.WT_TYPECHANGE | FileStatus.WT_RENAMED
_STAGED = FileStatus.INDEX_NEW | FileStatus.INDEX_MODIFIED | FileStatus.INDEX_TYPECHANGE | FileStatus.INDEX_RENAMED


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


@dataclass(frozen=True, slots=True)
class Uncommitted:
    """Absolute paths whose content no commit holds. ``complete`` is False where there may be more."""

    paths: tuple[str, ...] = ()
    complete: bool = True


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
        self._addresses: frozenset[str] = frozenset()
        self._seen_head: pygit2.Oid | None = None
        try:
            repository = pygit2.Repository(git_dir, RepositoryOpenFlag.NO_SEARCH)
            if repository.is_bare:
                self.problem = "a bare repository has no work tree"
            else:
                self.root = os.path.realpath(repository.workdir)
                self._repository = repository
        except _ERRORS as error:
            # Also where the folder belongs to someone else and safe.directory does not name it.
            self.problem = str(error) or type(error).__name__

    @classmethod
    def discover(cls, path: str) -> Repository | None:
        """The repository that holds ``path`` (which need not exist), None where none does."""
        folder = path
        while not os.path.isdir(folder):  # noqa: PTH112 - on the path of every decision
            parent = os.path.dirname(folder)  # noqa: PTH120
            if parent == folder:
                return None
            folder = parent
        marked = _git_folder(folder)
        if (
            marked is None
        ):  # pygit2 is not asked: for each "none here" it drops a reference to None too many, and crashes in the end
            return None
        try:
            git_dir = pygit2.discover_repository(folder)
        except _ERRORS:
            git_dir = None
        # Refused or broken: the state is UNKNOWN then, and not "no repository".
        return _opened(git_dir or marked)

    def addresses(self) -> frozenset[str]:
        """The e-mail addresses, in lower case, of those whom the latest 2,000 commits name. None where it cannot be told.

        Addresses that were named once stay, whatever branch comes next.
        """
        with self._lock:
            if self._repository is None:
                return frozenset()
            try:
                if self._repository.head_is_unborn:
                    return frozenset()
                head = self._repository.head.peel(pygit2.Commit).id
                if head != self._seen_head:
                    self._addresses |= frozenset(_addresses(self._new_commits(self._repository, head)))
                    self._seen_head = head
            except _ERRORS:
                return frozenset()
            return self._addresses

    def _new_commits(self, repository: pygit2.Repository, head: pygit2.Oid) -> Iterable[pygit2.Commit]:
        """Those that were not there when the addresses were last asked for: to read all takes a tenth of a second."""
        commits = repository.walk(head)
        if self._seen_head is not None and self._seen_head in repository:
            commits.hide(self._seen_head)
        return commits

    def state(self, path: str) -> State:
        """How an absolute path of a file or folder stands. A folder is CLEAN or MODIFIED as what is tracked in it."""
        with self._lock:
            if self._repository is None:
                return State.UNKNOWN
            relative = self._relative(path)
            if relative is None:
                return State.OUTSIDE
            try:
                return self._state(self._repository, path, relative)
            except _ERRORS as error:
                self.problem = str(error) or type(error).__name__
                return State.UNKNOWN

    def would_ignore(self, path: str) -> bool:
        """True where git has been told to leave an absolute path alone, whether or not something stands there by now."""
        with self._lock:
            relative = self._relative(path)
            if self._repository is None or not relative:
                return False
            try:
                return relative not in self._index(self._repository) and self._repository.path_is_ignored(relative)
            except _ERRORS as error:
                self.problem = str(error) or type(error).__name__
                return False

    def _state(self, repository: pygit2.Repository, path: str, relative: str) -> State:
        mode = _mode(path)
        if mode is None:
            return State.ABSENT
        if stat.S_ISDIR(mode):
            return self._folder_state(repository, path, relative)
        index = self._index(repository)
        if relative not in index:
            return State.IGNORED if repository.path_is_ignored(relative) else State.UNTRACKED
        entry = index[relative]
        if not self._as_indexed(repository, path, relative, entry.id, mode):
            return State.MODIFIED
        return State.CLEAN if _committed(repository, relative) == entry.id else State.STAGED

    def _folder_state(self, repository: pygit2.Repository, path: str, relative: str) -> State:
        if not relative:
            found = self.uncommitted_under(path, 1)
            return State.MODIFIED if found.paths else State.CLEAN if found.complete else State.UNKNOWN
        if repository.path_is_ignored(relative + "/"):
            return State.IGNORED
        prefix = relative + "/"
        if not any(entry.path.startswith(prefix) for entry in self._index(repository)):
            return State.UNTRACKED
        found = self.uncommitted_under(path, 1)
        return State.MODIFIED if found.paths else State.CLEAN if found.complete else State.UNKNOWN

    def _as_indexed(self, repository: pygit2.Repository, path: str, relative: str, expected: pygit2.Oid, mode: int) -> bool:
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
        if (
            len(data) <= _HASH_LIMIT
            and not repository.get_attr(relative, "filter")
            and not repository.get_attr(relative, "ident")
        ):
            return False
        return not repository.status_file(relative) & (_LOST | FileStatus.CONFLICTED)

    def is_tracked(self, path: str) -> bool:
        """True where the index holds the path. False too where the repository cannot be read."""
        with self._lock:
            relative = self._relative(path)
            if self._repository is None or relative is None:
                return False
            try:
                return relative in self._index(self._repository)
            except _ERRORS:
                return False

    def uncommitted_under(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` files below ``folder`` whose content no commit holds: modified, staged, untracked; not ignored."""
        with self._lock:
            relative = self._relative(folder)
            if self._repository is None or relative is None:
                return Uncommitted(complete=False)
            try:
                self._index(self._repository)
                # "normal" gives an untracked folder as one entry: what stands in it is walked here, as far as it is asked for.
                changed = self._repository.status(untracked_files="normal")
            except _ERRORS:
                return Uncommitted(complete=False)
        paths: list[str] = []
        for path in self._files(changed, relative):
            if len(paths) >= limit:
                return Uncommitted(tuple(paths), complete=False)
            paths.append(path)
        return Uncommitted(tuple(paths))

    def ignored_under(self, folder: str, limit: int) -> Uncommitted:
        """At most ``limit`` paths below ``folder`` that git is told to ignore; an ignored folder stands for its content."""
        with self._lock:
            relative = self._relative(folder)
            if self._repository is None or relative is None:
                return Uncommitted(complete=False)
            try:
                found = self._repository.status(untracked_files="normal", ignored=True)
            except _ERRORS:
                return Uncommitted(complete=False)
        prefix = f"{relative}/" if relative else ""
        names = [name for name, flags in sorted(found.items()) if flags & FileStatus.IGNORED]
        inside = [
            name.rstrip("/") for name in names if name.startswith(prefix) or (name.endswith("/") and prefix.startswith(name))
        ]
        return Uncommitted(tuple(f"{self.root}/{name}" for name in inside[:limit]), complete=len(inside) <= limit)

    def _files(self, changed: dict[str, int], relative: str) -> Iterator[str]:
        prefix = f"{relative}/" if relative else ""
        for name, flags in sorted(changed.items()):
            status = FileStatus(flags)
            inside = (
                not prefix or name.startswith(prefix) or name == relative or (name.endswith("/") and prefix.startswith(name))
            )
            if not inside or not status & (_LOST | _STAGED | FileStatus.CONFLICTED) or status & FileStatus.WT_DELETED:
                continue
            if name.endswith("/"):
                yield from self._walk(max(name, prefix, key=len))
            else:
                yield f"{self.root}/{name}"

    def _walk(self, relative: str) -> Iterator[str]:
        """The files of an untracked folder. A repository inside it is named as one: nothing here keeps any of it."""
        top = f"{self.root}/{relative}".rstrip("/")
        for folder, names, files in os.walk(top):
            if ".git" in names or ".git" in files:
                names.clear()
                yield folder
                continue
            for file in files:
                path = f"{folder}/{file}"
                if not self._ignored(path):
                    yield path

    def _ignored(self, path: str) -> bool:
        with self._lock:
            try:
                return self._repository is not None and self._repository.path_is_ignored(path[len(self.root) + 1 :])
            except _ERRORS:
                return False

    def has_commits_elsewhere(self, branch: str, gone: frozenset[str]) -> bool:
        """True where a branch, of this repository or of a remote, or a tag holds every commit of the local ``branch``.

        Refs whose short name is in ``gone``, and the branch itself, do not count. False too where it cannot be told.
        """
        with self._lock:
            if self._repository is None:
                return False
            own = f"refs/heads/{branch}"
            try:
                tip = self._repository.references[own].peel(pygit2.Commit).id
                shortened = (
                    (name, name.split("/", 2)[-1]) for name in self._repository.references if name.startswith(_LASTING)
                )
                others = [name for name, short in shortened if name != own and short not in gone]
                for name in others[:_REFS]:
                    there = self._repository.references[name].peel(pygit2.Commit).id
                    if there == tip or self._repository.descendant_of(there, tip):
                        return True
            except _ERRORS:
                return False
            return False

    def is_only_copy(self) -> bool:
        """True where a branch, HEAD or a stash has commits that no branch of a remote has, and where that cannot be told."""
        with self._lock:
            if self._repository is None:
                return True
            try:
                names = [name for name in self._repository.references if not name.startswith("refs/tags/")]
                remote = {name for name in names if name.startswith("refs/remotes/")}
                names += [] if self._repository.head_is_unborn else ["HEAD"]
                tips = {name: self._repository.references[name].peel(pygit2.Commit).id for name in names}
                there = {tips[name] for name in remote}
                here = set(tips.values()) - there
                if not here:
                    return False
                walker = self._repository.walk(None)
                for tip in here:
                    walker.push(tip)
                for tip in there:
                    walker.hide(tip)
                return next(iter(walker), None) is not None
            except _ERRORS:
                return True

    def replaced_by(self, revision: str) -> Uncommitted:
        """The files that git does not track and that stand where a revision has one; incomplete where it is not known."""
        with self._lock:
            if self._repository is None:
                return Uncommitted(complete=False)
            try:
                commit, _ = self._repository.resolve_refish(revision)
                coming = self._index(self._repository).diff_to_tree(commit.peel(pygit2.Tree))
                names = [delta.old_file.path for delta in coming.deltas if delta.status is DeltaStatus.DELETED]
            except _ERRORS:
                return Uncommitted(complete=False)
        found = dict.fromkeys(path for name in names for path in [self._in_the_way(name)] if path)
        return Uncommitted(tuple(found))

    def _in_the_way(self, name: str) -> str:
        """What stands where a file is to come: a file or link on the way to it, or whatever has its name. "" for nothing."""
        parts = name.split("/")
        for depth in range(1, len(parts) + 1):
            path = f"{self.root}/{'/'.join(parts[:depth])}"
            if depth == len(parts) or not os.path.isdir(path) or os.path.islink(path):  # noqa: PTH112, PTH114 - as above
                return path if os.path.lexists(path) and not self.is_tracked(path) else ""
        return ""

    def _relative(self, path: str) -> str | None:
        """The path counted from the work tree's top, "" for the top itself, None outside. Folders on the way are resolved."""
        if not self.root or not path.startswith("/"):
            return None
        parent, name = os.path.split(path.rstrip("/"))
        real = f"{os.path.realpath(parent).rstrip('/')}/{name}"
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


_open: OrderedDict[tuple[str, int], Repository] = OrderedDict()
_open_lock = threading.Lock()


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


def own_addresses(home: str) -> frozenset[str]:
    """The e-mail addresses, in lower case, that a user gave git for all repositories.

    What a repository's own settings say does not count: a command of the agent's writes them easily.
    """
    found = set()
    for name in _SETTINGS:
        try:
            found.add(str(pygit2.Config(f"{home}/{name}")["user.email"]).strip().lower())
        except _ERRORS:
            continue
    return frozenset(found)


def _addresses(commits: Iterable[pygit2.Commit]) -> Iterator[str]:
    for commit in itertools.islice(commits, _COMMITS):
        yield commit.author.email.lower()
        yield commit.committer.email.lower()
        for found in _TRAILER.finditer(commit.raw_message):
            yield found[1].decode("utf-8", "replace").lower()


def _committed(repository: pygit2.Repository, relative: str) -> pygit2.Oid | None:
    """The id of the last commit's blob at a path, None where it has none."""
    if repository.head_is_unborn:
        return None
    tree = repository[repository.head.target].peel(pygit2.Tree)
    return tree[relative].id if relative in tree else None


def _mode(path: str) -> int | None:
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None


_REPOSITORY = ("HEAD", "objects", "refs")


def _git_folder(folder: str) -> str | None:
    """The nearest ``.git`` at or above a folder, whatever state it is in, or the folder that is a repository itself."""
    while True:
        place = folder.rstrip("/")
        if os.path.lexists(f"{place}/.git"):
            return f"{place}/.git"
        if all(os.path.lexists(f"{place}/{name}") for name in _REPOSITORY):
            return folder
        parent = os.path.dirname(folder)  # noqa: PTH120
        if parent == folder:
            return None
        folder = parent
