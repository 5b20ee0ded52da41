"""Where the client keeps copies of what was said, read and printed, and which files those are.

Places as the clients 2.1.197 to 2.1.330 use them. Its settings and credentials are not among them, nor is its
``sessions`` folder with the keys by which running sessions know each other: nothing in those is a copy.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_KEPT: tuple[tuple[str, str], ...] = (
    ("projects", "transcripts, and outputs too large for them"),
    ("history.jsonl", "prompts, and what was pasted into them"),
    ("file-history", "files as they were before they were edited"),
    ("paste-cache", "what was pasted"),
    ("image-cache", "pasted images"),
    ("shell-snapshots", "the shell's functions and variables"),
    ("session-env", "variables of sessions"),
    ("todos", "lists of what is to be done"),
    ("tasks", "lists of what is to be done"),
    ("plans", "plans"),
    ("debug", "debug logs"),
    ("logs", "logs"),
)
"""Below the client's own folder."""
_CACHE = "claude-cli-nodejs"


@dataclass(frozen=True, slots=True)
class Place:
    """``path``: a file or a folder with everything below it; ``title``: what it holds."""

    path: str
    title: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A file in a place, or where ``is_dir`` a folder. ``mode``: its permission bits."""

    path: str
    place: Place
    size: int
    mode: int
    is_dir: bool = False

    @property
    def is_open(self) -> bool:
        """Whether other users may read it."""
        return bool(self.mode & 0o077)


def places(env: Mapping[str, str], uid: int) -> tuple[Place, ...]:
    """The places that are there. ``env`` is that of the person whose client it is (``CLAUDE_CONFIG_DIR`` counts)."""
    home = Path(env["HOME"])
    own = Path(env.get("CLAUDE_CONFIG_DIR") or home / ".claude")
    caches = (Path(env.get("XDG_CACHE_HOME") or home / ".cache"), home / "Library/Caches")
    temporary = dict.fromkeys((env.get("CLAUDE_CODE_TMPDIR") or "/tmp", "/tmp"))  # noqa: S108 - where the client writes
    found = [Place(str(own / name), title) for name, title in _KEPT]
    found += [Place(str(cache / _CACHE), "logs of MCP servers") for cache in caches]
    found += [Place(str(Path(folder) / f"claude-{uid}"), "outputs of commands in the background") for folder in temporary]
    return tuple(place for place in found if os.path.lexists(place.path))


def copies(place: Place, uid: int, note: Callable[[str, str], None]) -> Iterator[Copy]:
    """The folders and regular files of a place, in order. ``note`` is told the path of what is passed over, and why."""
    try:
        found = os.lstat(place.path)
    except OSError as error:
        note(place.path, error.strerror or "it cannot be read")
        return
    yield from _copies(place.path, found, place, uid, note)


def _copies(path: str, found: os.stat_result, place: Place, uid: int, note: Callable[[str, str], None]) -> Iterator[Copy]:
    kind = stat.S_IFMT(found.st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFDIR):
        note(path, "it is a link" if kind == stat.S_IFLNK else "it is no regular file")
        return
    if found.st_uid != uid:
        note(path, "it belongs to another user")
        return
    yield Copy(path, place, found.st_size, stat.S_IMODE(found.st_mode), is_dir=kind == stat.S_IFDIR)
    if kind == stat.S_IFDIR:
        try:
            with os.scandir(path) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
            for entry in entries:
                yield from _copies(entry.path, entry.stat(follow_symlinks=False), place, uid, note)
        except OSError as error:
            note(path, error.strerror or "it cannot be read")
