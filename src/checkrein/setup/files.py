"""Reads and writes the client's settings files, and remembers what stood there before: the only module that touches them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from checkrein.core import SettingsError
from checkrein.setup.install import Install
from checkrein.setup.jsontext import JsonError, dump, parse, rewrite
from checkrein.setup.settings import build_settings, revert, strip
from checkrein.setup.validate import check

MAX_BYTES = 8 << 20
"""No settings file is that large: a bigger one is refused rather than read."""


class Change(StrEnum):
    """What became of a settings file."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    RESTORED = "restored"  # byte for byte as it was before protection
    REMOVED = "removed"  # it had not been there before protection, and is not there now
    CLEANED = "cleaned"  # ours taken out, and the person's own edits kept


@dataclass(frozen=True, slots=True)
class Written:
    """The outcome for one file: ``path`` is the file itself, behind links; ``backup`` a copy of it as it was, or None."""

    path: Path
    change: Change
    backup: Path | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one settings file under protection. ``before`` and ``after`` are its bytes; None: it was not there.

    ``since`` is when protection was put on (seconds since the epoch); ``folder_made``: the file's folder was made by us.
    """

    path: Path
    before: bytes | None
    after: bytes
    since: float
    folder_made: bool = False

    def to_json(self) -> str:
        """The record as text."""
        before = None if self.before is None else base64.b64encode(self.before).decode()
        fields = {
            "path": str(self.path),
            "before": before,
            "after": base64.b64encode(self.after).decode(),
            "since": self.since,
            "folder_made": self.folder_made,
        }
        return dump(fields) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> Record:
        """Read it back. Raises ValueError, KeyError or TypeError where it is not ours."""
        fields = json.loads(text)
        before = None if fields["before"] is None else base64.b64decode(fields["before"], validate=True)
        after = base64.b64decode(fields["after"], validate=True)
        return cls(Path(fields["path"]), before, after, float(fields["since"]), bool(fields["folder_made"]))


class SettingsStore:
    """The settings files under protection. ``folder`` keeps one record and the backups for each; only its owner may read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def protect(self, path: Path, install: Install) -> Written:
        """Add protection to the settings file at ``path``. Changes nothing where it is there already.

        Raises SettingsError, and leaves the file alone, where it cannot be read, is broken, or cannot be written.
        """
        target = resolve(path)
        current = read(target)
        before = self._before(target, current)
        after = apply(target, before, install)
        old = self.record(target)
        if old is None or (old.before, old.after) != (before, after):
            made = old.folder_made if old else not target.parent.exists()
            record = Record(target, before, after, old.since if old else time.time(), made)
            _write(self._record_path(target), record.to_json().encode(), 0o600)
        backup = self._keep(target, before)
        if current == after:
            return Written(target, Change.UNCHANGED, backup)
        write(target, after)
        return Written(target, Change.CREATED if current is None else Change.UPDATED, backup)

    def release(self, path: Path) -> Written:
        """Take protection off the settings file at ``path``.

        As it was before, byte for byte, where nobody changed it since; otherwise ours is taken out and the rest stays.
        Raises SettingsError where it is broken or cannot be written: nothing is changed then.
        """
        target = resolve(path)
        current = read(target)
        record = self.record(target)
        backup = None if record is None else self._backup_of(target, record.before)
        before = self._before(target, current)
        written = self._settle(target, record, current, before, backup)
        if record is not None:
            if record.folder_made and not target.exists():
                with contextlib.suppress(OSError):  # something else lives there now
                    target.parent.rmdir()
            self._record_path(target).unlink()
        return written

    def without_us(self, path: Path) -> dict[str, Any]:
        """The settings at ``path`` as they would be without protection; none where the file is broken or is not there."""
        target = resolve(path)
        try:
            return load(target, decode(target, self._before(target, read(target)) or b""))
        except SettingsError:
            return {}

    def record(self, path: Path) -> Record | None:
        """What was kept of the file at ``path``, or None. Raises SettingsError where the record itself is damaged."""
        place = self._record_path(resolve(path))
        try:
            return Record.from_json(place.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"the record of {path} cannot be read",
                why=f"{place}: {error}",
                fix=f"restore the file from {self.folder / 'backup'}, then remove {place}",
            ) from error

    def records(self) -> tuple[Record, ...]:
        """All files under protection."""
        return tuple(Record.from_json(place.read_bytes()) for place in sorted(self.folder.glob("*.json")))

    def since(self) -> float | None:
        """When protection was first put on, of what is on now: seconds since the epoch. None where nothing is protected."""
        return min((record.since for record in self.records()), default=None)

    def _settle(
        self, target: Path, record: Record | None, current: bytes | None, before: bytes | None, backup: Path | None
    ) -> Written:
        if current == before:
            return Written(target, Change.UNCHANGED, backup)
        untouched = record is not None and current == record.after
        if before is None:
            target.unlink()
            return Written(target, Change.REMOVED, backup)
        write(target, before)
        return Written(target, Change.RESTORED if untouched else Change.CLEANED, backup)

    def _before(self, target: Path, current: bytes | None) -> bytes | None:
        """The file as it would be without us."""
        record = self.record(target)
        if record is not None and current == record.after:
            return record.before
        if current is None:
            return None
        text = decode(target, current)
        settings = load(target, text)
        if _blank(text):
            return current
        if record is None:
            return rewrite(text, strip(settings)).encode()
        before = load(target, decode(target, record.before)) if record.before is not None else {}
        left = revert(before, load(target, decode(target, record.after)), settings)
        return None if record.before is None and not left else rewrite(text, left).encode()

    def _keep(self, target: Path, before: bytes | None) -> Path | None:
        """A copy of the file as it was. Copies are named by content, so that none ever replaces another."""
        place = self._backup_of(target, before)
        if place is not None and before is not None and not place.exists():
            _write(place, before, 0o600)
        return place

    def _backup_of(self, target: Path, before: bytes | None) -> Path | None:
        if before is None:
            return None
        return self.folder / "backup" / f"{_key(target)}.{hashlib.sha256(before).hexdigest()[:12]}.json"

    def _record_path(self, target: Path) -> Path:
        return self.folder / f"{_key(target)}.json"


def apply(path: Path, before: bytes | None, install: Install) -> bytes:
    """The bytes of the settings file at ``path`` with protection added. Raises SettingsError where ``before`` is broken."""
    text = decode(path, before or b"")
    if _blank(text):
        return (dump(build_settings({}, install)) + "\n").encode()
    settings = load(path, text)
    check(path, text)
    return rewrite(text, build_settings(settings, install)).encode()


def decode(path: Path, data: bytes) -> str:
    """``data`` as text, its byte order mark included. Raises SettingsError where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(
            f"{path}:{line}: not UTF-8 text", why="the client passes over the whole file", fix="save the file as UTF-8"
        ) from error


def load(path: Path, text: str) -> dict[str, Any]:
    """The settings in ``text``; an empty file has none. Raises SettingsError with file, line and column where it is broken."""
    if _blank(text):
        return {}
    try:
        value = parse(text).value
    except JsonError as error:
        raise SettingsError(
            f"{path}:{error.line}:{error.column}: {error.message}",
            why="the client passes over a settings file that is not strict JSON, and every hook in it",
            fix=error.hint or "mend the JSON at this place, then run the command again",
        ) from error
    if not isinstance(value, dict):
        raise SettingsError(
            f"{path}:1: settings are not an object", why="the client reads {...} only", fix="write {} into the file"
        )
    return value


def resolve(path: Path) -> Path:
    """The file that ``path`` means, behind symbolic links. Raises SettingsError where they run in a circle."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise SettingsError(f"{path} cannot be followed", why=str(error), fix="mend the link") from error


def read(path: Path) -> bytes | None:
    """The file's bytes, None where there is none. Raises SettingsError where it is no plain file or too large."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise SettingsError(
                f"{path} is not a plain file", why="the client reads settings from plain files", fix="move it away"
            )
        if found.st_size > MAX_BYTES:
            raise SettingsError(
                f"{path} is larger than {MAX_BYTES >> 20} MiB", why="no settings file is that large", fix="look what it holds"
            )
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read", why=str(error), fix="check its mode and owner") from error


def write(path: Path, data: bytes) -> None:
    """Put ``data`` in the file's place in one step, with its mode and owner; a new file gets mode 0600.

    Raises SettingsError; the file is then as it was.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, data, stat.S_IMODE(found.st_mode) if found else 0o600, found)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written", why=str(error), fix="check the mode and owner of its folder"
        ) from error


def _write(path: Path, data: bytes, mode: int, like: os.stat_result | None = None) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if like is not None and (like.st_uid, like.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _blank(text: str) -> bool:
    return not text.strip("\ufeff \t\r\n")


def _key(target: Path) -> str:
    return hashlib.sha256(os.fsencode(target)).hexdigest()[:16]
