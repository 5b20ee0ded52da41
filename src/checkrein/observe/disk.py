"""The disk as the detectors ask for it."""

from __future__ import annotations

import functools
import glob
import itertools
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

MAX_TEXT = 1_000_000  # bytes of a script that is read to be judged
MAX_MATCHES = 300
MAX_PATTERN = 4096
MAX_BRACKETS = 16
MAX_WALK = 20_000  # entries that one walk looks at


class Disk:
    """A ``World`` (detect.shell.model) over the real disk.

    ``downloads`` maps paths to the address that they came from. ``environment`` is what commands inherit as far as it is known;
    ``is_trusted(path)`` tells whether a person vouches for a file's content; ``config(cwd, key)`` reads the git configuration.
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

    def glob(self, pattern: str) -> tuple[str, ...]:
        """The paths that match, at most ``MAX_MATCHES``."""
        if "\0" in pattern or len(pattern) > MAX_PATTERN or pattern.count("[") > MAX_BRACKETS:
            return ()  # no file has such a name; translating hostile patterns takes more than linear time
        matches = glob.iglob(pattern, include_hidden=True, recursive=False)  # noqa: PTH207 - absolute patterns, links kept
        return tuple(itertools.islice(matches, MAX_MATCHES))

    def script(self, path: str) -> str | None:
        """The text of a file that nobody vouches for; None where there is none, it is no text, or a person vouches for it.

        A download that is no text is a NUL character alone: what it would do cannot be known.
        """
        if "\0" in path or not os.path.isfile(path) or self._is_trusted(path):  # noqa: PTH113 - as above
            return None
        text = _read(path)
        return "\0" if text is None and self._downloads.get(path) else text

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


def real_path(path: str) -> str:
    """The path that a change of ``path`` would reach: every link on the way resolved, also where the end does not exist."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def walk(root: str, *, limit: int = MAX_WALK) -> Iterator[os.DirEntry[str]]:
    """All entries below ``root``, links not followed; ends after ``limit`` entries."""
    pending = [root]
    seen = 0
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if seen > limit:
                        return
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue


@functools.cache
def standard_environment(home: str) -> Mapping[str, str]:
    """The variables that every command of this user is taken to see."""
    user = os.path.basename(home) or "root"  # noqa: PTH119 - a string operation
    return {"HOME": home, "USER": user, "LOGNAME": user, "TMPDIR": "/tmp", "SHELL": "/bin/bash"}  # noqa: S108
