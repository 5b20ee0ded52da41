"""Where policy files are, and how one is read without trusting it: regular files only, capped in size, never blocking."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checkrein.core import PolicyError
from checkrein.locations import config_dir, home_dir

NAME = "checkrein.yaml"
ORGANISATION = Path("/etc/checkrein") / NAME
MAX_BYTES = 1_000_000

FileId = tuple[int, int, int, int]
"""Device, inode, size in bytes and modification time in nanoseconds: the same for as long as a file is unchanged."""


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """Where the layers are. ``home`` is what ``~`` stands for in path patterns. All paths are absolute."""

    home: Path
    user: Path
    organisation: Path = ORGANISATION

    @classmethod
    def standard(cls, env: Mapping[str, str]) -> PolicyFiles:
        """The places for a person whose environment is ``env`` (``HOME`` and ``XDG_CONFIG_HOME`` count)."""
        return cls(home=Path(home_dir(env)), user=config_dir(env) / NAME)

    @staticmethod
    def project(project: Path) -> Path:
        """The project layer's file."""
        return project / NAME


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file's text with the identity that it had when it was read."""

    text: str
    identity: FileId


def file_id(path: str | Path) -> FileId | None:
    """The identity of the file at ``path``, or None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 (on strings: this runs for every path of every command)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return _identity(status)


def read_text(path: str | Path, *, follow_links: bool = True, errors: str = "strict") -> SourceText | None:
    """The text of the file at ``path``, or None where there is none. Raises PolicyError where it cannot be read whole.

    ``follow_links`` off refuses a symbolic link: a repository must not have our messages quote files from elsewhere.
    ``errors`` says what becomes of bytes that are not UTF-8, as in ``bytes.decode``.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_links else os.O_NOFOLLOW)
    try:
        handle = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        if not follow_links and Path(path).is_symlink():
            raise PolicyError(f"{path}: is a symbolic link", fix="Put the file itself there.") from error
        raise _unreadable(path, error) from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise PolicyError(f"{path}: is not a regular file", fix="Put a regular file there, or remove it.")
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(handle)
    if len(data) > MAX_BYTES:
        raise PolicyError(f"{path}: is larger than 1 MB", fix="Shorten it: nothing of it is in force.")
    try:
        return SourceText(data.decode("utf-8", errors), _identity(status))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"{path}:{line}: is not UTF-8 text", fix="Save the file as UTF-8.") from error


def _identity(status: os.stat_result) -> FileId:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _unreadable(path: str | Path, error: Exception) -> PolicyError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return PolicyError(f"{path}: cannot be read", why=reason, fix="Make the file readable for the user that runs Checkrein.")
