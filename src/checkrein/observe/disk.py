"""The disk as the detectors ask for it."""

from __future__ import annotations

import functools
import glob
import itertools
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType

from checkrein.observe.archives import Members, members
from checkrein.observe.compiled import is_compiled

MAX_TEXT = 1_000_000  # bytes of a script that is read to be judged
MAX_MATCHES = 300
MAX_LISTED = 2_000  # matches that are looked at one by one
MAX_PATTERN = 4096
MAX_BRACKETS = 16
MAX_WALK = 20_000  # entries that one walk looks at
MAX_DEPTH = 40  # folders of a path that are resolved one by one


@dataclass(frozen=True, slots=True)
class Matches:
    """Paths that a pattern matches. ``complete`` is False where there may be more."""

    paths: tuple[str, ...] = ()
    complete: bool = True


class Disk:
    """A ``World`` (detect.shell.model) over the real disk.

    ``downloads`` maps what this session wrote to the address that it came from, "" for what a tool wrote itself.
    ``environment`` is what commands inherit as far as it is known; ``is_trusted(path)`` tells whether a person vouches for a
    file's content; ``config(cwd, key)`` reads the git configuration.
    """

    def __init__(
        self,
        home: str,
        environment: Mapping[str, str],
        is_trusted: Callable[[str], bool],
        config: Callable[[str, str], str | None],
        downloads: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.home = home
        self._environment = environment
        self._is_trusted = is_trusted
        self._config = config
        self._downloads = downloads

    def variable(self, name: str) -> str | None:
        """The value of a variable that is the same for every process of this user."""
        return self._environment.get(name)

    def read_text(self, path: str) -> str | None:
        """The text of a regular file of at most ``MAX_TEXT`` bytes; None where it is none, or holds NUL bytes."""
        return _read(path)

    def is_dir(self, path: str) -> bool:
        """True for an existing folder."""
        return "\0" not in path and os.path.isdir(path)  # noqa: PTH112 - on the path of every decision

    def real(self, path: str) -> str:
        """A path with every link on its way resolved."""
        return real_path(path)

    def stands_for(self, path: str) -> str:
        """What a link leads to."""
        return real_path(path)

    def glob(self, pattern: str) -> tuple[str, ...]:
        """The paths that match, at most ``MAX_MATCHES``; ``matches`` tells whether these are all."""
        return self.matches(pattern, MAX_MATCHES).paths

    def matches(self, pattern: str, limit: int = MAX_LISTED) -> Matches:
        """The paths that match, at most ``limit``."""
        if "\0" in pattern or len(pattern) > MAX_PATTERN:
            return Matches()  # no file has such a name
        if pattern.count("[") > MAX_BRACKETS:
            return Matches(complete=False)  # translating hostile patterns takes more than linear time
        found = glob.iglob(pattern, include_hidden=True, recursive=False)  # noqa: PTH207 - absolute patterns, links kept
        paths = tuple(itertools.islice(found, limit + 1))
        return Matches(paths[:limit], complete=len(paths) <= limit)

    def script(self, path: str) -> str | None:
        """The text of a file that nobody vouches for; None where there is none, it is compiled, or a person vouches for it.

        A file that is no text, cannot be read or is too large is a NUL character alone: what it would do cannot be known. So is
        a compiled program that was downloaded; one that was built here is as good as its sources.
        """
        if "\0" in path or not os.path.isfile(path) or self._is_trusted(path):  # noqa: PTH113 - as above
            return None
        text = _read(path)
        if text is not None:
            return text
        return None if is_compiled(path) and not self._downloads.get(path) else "\0"

    def written(self, folder: str) -> tuple[str, ...]:
        """The files below a folder that this session wrote by name."""
        base = folder.rstrip("/") + "/"
        return tuple(path for path in tuple(self._downloads) if path.startswith(base))

    def members(self, path: str) -> Members | None:
        """The members of an archive, None where they cannot be told."""
        return members(path) if "\0" not in path else None

    def git_config(self, cwd: str, key: str) -> str | None:
        """The value of a git configuration key."""
        return self._config(cwd, key)


def _read(path: str) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_TEXT:
            return None
        data = os.read(descriptor, MAX_TEXT + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None if b"\0" in data else data.decode("utf-8", "replace")


_LOOK: ContextVar[dict[str, str] | None] = ContextVar("look", default=None)


@contextmanager
def one_look() -> Iterator[None]:
    """Within it every path is resolved once: one event is judged on one view of the disk, and pays for it once."""
    before = _LOOK.set({})
    try:
        yield
    finally:
        _LOOK.reset(before)


def real_path(path: str) -> str:
    """The path that a change of ``path`` would reach: every link on the way resolved, also where the end does not exist."""
    seen = _LOOK.get()
    if seen is None:
        return _resolved(path)
    found = seen.get(path)
    if found is None:
        found = seen[path] = _below_its_folder(path) or _resolved(path)
    return found


def _below_its_folder(path: str) -> str:
    """What a plain path leads to, by way of its folder, which is resolved but once; "" where that takes more than a look."""
    folder, _, name = path.rpartition("/")
    if not folder.startswith("/") or name in ("", ".", "..") or folder.count("/") > MAX_DEPTH:
        return ""
    whole = f"{real_path(folder).rstrip('/')}/{name}"
    try:
        return "" if stat.S_ISLNK(os.lstat(whole).st_mode) else whole
    except OSError:
        return whole
    except ValueError:
        return ""


def _resolved(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


class Walk:
    """All entries below ``root``, links not followed, folders named ``without`` not entered; ends after ``limit`` entries.

    ``complete`` is False once an iteration has ended at the limit.
    """

    def __init__(self, root: str, limit: int, without: frozenset[str]) -> None:
        self.complete = True
        self._root = root
        self._limit = limit
        self._without = without

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        pending = [self._root]
        seen = 0
        while pending:
            try:
                with os.scandir(pending.pop()) as entries:
                    for entry in entries:
                        seen += 1
                        if seen > self._limit:
                            self.complete = False
                            return
                        yield entry
                        if entry.name not in self._without and entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
            except OSError:
                continue


def walk(root: str, *, limit: int = MAX_WALK, without: frozenset[str] = frozenset()) -> Walk:
    """The entries below a folder, as far as ``limit`` goes."""
    return Walk(root, limit, without)


@functools.cache
def standard_environment(home: str) -> Mapping[str, str]:
    """The variables that every command of this user is taken to see."""
    user = os.path.basename(home) or "root"  # noqa: PTH119 - a string operation
    return {"HOME": home, "USER": user, "LOGNAME": user, "TMPDIR": "/tmp", "SHELL": "/bin/bash"}  # noqa: S108
