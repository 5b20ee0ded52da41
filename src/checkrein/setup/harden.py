"""Closes the client's own files to other users, and tells who could read them until now."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from checkrein.setup.install import ClientPaths

_CONTAINER_SIGNS = ("/.dockerenv", "/run/.containerenv")
_ESCAPES = (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\"))


@dataclass(frozen=True, slots=True)
class Loose:
    """A file or folder that others could use. ``mode`` is what it has, ``wanted`` what it should have.

    ``foreign`` is the owner's id where it belongs to somebody else, else None: its mode cannot be changed. ``reached`` is False
    where a folder above it, up to the home folder, lets nobody else through.
    """

    path: Path
    mode: int
    wanted: int
    foreign: int | None = None
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Tightened:
    """What ``tighten`` did: ``changed`` were closed, ``left`` could not be."""

    changed: tuple[Loose, ...]
    left: tuple[Loose, ...]


def client_files(paths: ClientPaths) -> tuple[Path, ...]:
    """Where the client keeps transcripts, credentials and logs of one person."""
    return paths.folder, paths.state_file, paths.home / ".cache/claude-cli-nodejs"


def loose(paths: ClientPaths, me: int) -> Iterator[Loose]:
    """Everything of the client's that group or others may use, or that belongs to somebody else than user id ``me``.

    Links are not followed: what they point at is not the client's. Only its own folder may be a link, as dotfile managers make
    it, where it leads to a folder in the same home.
    """
    for start in client_files(paths):
        real = _within_home(start, paths.home)
        yield from _walk(real, me, reached=lets_through(real, paths.home))


def tighten(paths: ClientPaths, me: int) -> Tightened:
    """Take from group and others every right on the client's files: folders end as 0700, files as 0600, programs as 0700."""
    changed: list[Loose] = []
    left: list[Loose] = []
    for item in loose(paths, me):
        (changed if item.foreign is None and _close(item) else left).append(item)
    return Tightened(tuple(changed), tuple(left))


def outside_mounts(paths: ClientPaths, mountinfo: Path = Path("/proc/self/mountinfo")) -> tuple[str, ...]:
    """In a container: the mount points at or below the home folder that hold the client's files on another machine's disk."""
    if not any(Path(sign).exists() for sign in _CONTAINER_SIGNS):
        return ()
    return shared_mounts(paths, mountinfo)


def shared_mounts(paths: ClientPaths, mountinfo: Path) -> tuple[str, ...]:
    """The mount points in ``mountinfo`` (proc(5)) that are the home folder, or the client's folder, or lie between."""
    try:
        rows = [line.split() for line in mountinfo.read_text().splitlines()]
    except OSError:
        return ()
    points = [_unescape(row[4]) for row in rows if len(row) > 4]
    return tuple(point for point in points if Path(point) in (paths.home, *client_files(paths)))


def _within_home(start: Path, home: Path) -> Path:
    real = start.resolve()
    return real if real.is_relative_to(home.resolve()) else start


def lets_through(path: Path, home: Path) -> bool:
    """Whether any other user can pass the folders above ``path``, from the home folder on (elsewhere: from the root).

    An access list shows as rights of the group: its mask stands there.
    """
    inside = path.is_relative_to(home)
    above = [folder for folder in path.parents if folder.is_relative_to(home) or not inside]
    try:
        return all(passes(folder.stat().st_mode) for folder in above)
    except OSError:
        return True  # it cannot be told


def passes(mode: int) -> bool:
    """Whether a folder with this mode lets others through."""
    return bool(mode & 0o011)


def _walk(start: Path, me: int, *, reached: bool) -> Iterator[Loose]:
    try:
        found = start.lstat()
    except OSError:
        return
    item = _judge(start, found, me, reached=reached)
    if item:
        yield item
    if stat.S_ISDIR(found.st_mode):
        try:
            names = sorted(os.listdir(start))  # noqa: PTH208 - names alone, no Path for each of many thousand files
        except OSError:
            return
        for name in names:
            yield from _walk(start / name, me, reached=reached and passes(found.st_mode))


def _judge(path: Path, found: os.stat_result, me: int, *, reached: bool) -> Loose | None:
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return None
    mode = stat.S_IMODE(found.st_mode)
    wanted = mode & 0o700
    if found.st_uid != me:
        return Loose(path, mode, wanted, found.st_uid, reached)
    return None if mode == wanted else Loose(path, mode, wanted, None, reached)


def _close(item: Loose) -> bool:
    """Change the mode of the very file that was judged: opened without following a link, so that none can be slipped in."""
    try:
        handle = os.open(item.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.fchmod(handle, item.wanted)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _unescape(text: str) -> str:
    for code, character in _ESCAPES:
        text = text.replace(code, character)
    return text
