"""What is remembered of a session from one event to the next, across restarts of the service."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from checkrein.locations import private_folder

REMEMBERED = 512
MAX_WRITTEN = 20_000
KEEP_DAYS = 30  # a session that wrote nothing for so long is forgotten
CLOCK_GRAIN = 0.05  # seconds that a file's time of change may lag behind the clock
PROJECT_SUFFIX = ".project"
_DAY = 86_400  # seconds
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(slots=True)
class Session:
    """One session: when it was first seen (seconds since the epoch), and the absolute paths that its tools wrote.

    ``written`` gives for each path the address that it was downloaded from, "" where a tool wrote it itself; what is below such
    a path came with it. ``folders`` stood before, and files whose names are not known were written there: what changed below
    them since the session began counts. ``made`` says what written files are made of (``decide.made``).
    ``running`` are files that programs in the background run (``Analysis.running``).
    ``forgot`` is True where what was remembered could not be read back whole. ``project`` is the one that was noted last.
    """

    id: str
    started: float
    written: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    made: dict[str, tuple[str, ...]] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)
    forgot: bool = False
    project: str = ""

    def may_have_written(self, path: str) -> bool:
        """True where a tool of this session wrote ``path``, or where too little is remembered to tell."""
        if self.forgot or path in self.written or self.is_full:
            return True
        new = bool(self.folders) and _changed(path) >= self.started - CLOCK_GRAIN
        return any(folder in self.written or (new and folder in self.folders) for folder in _above(path))

    @property
    def is_full(self) -> bool:
        """True where no more is remembered."""
        return len(self.written) + len(self.folders) + len(self.made) + len(self.running) >= MAX_WRITTEN


def _above(path: str) -> Iterator[str]:
    """The folders above an absolute path, the nearest first."""
    while path not in ("/", ""):
        path = path.rpartition("/")[0] or "/"
        yield path


def _changed(path: str) -> float:
    """When ``path`` changed last, which nobody can set back; 0 where nothing stands there."""
    try:
        return os.lstat(path).st_ctime
    except (OSError, ValueError):
        return 0.0


class SessionStore:
    """Sessions by id; ``folder`` keeps them (None: only in memory). Thread-safe.

    A file is one JSON line with the start, then one line per path that was written, ``[path, address]``, one per folder,
    ``{"folder": path}``, one for what a file is made of, ``{"made": path, "of": sources}``, and one for a file that is run in
    the background, ``{"running": path, "by": interpreter}``. Where a line cannot be read,
    its session may have written anything.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = private_folder(folder) if folder else None
        self._known: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, session_id: str) -> Session:
        """The session with this id, new where it was never seen."""
        with self._lock:
            session = self._known.get(session_id)
            if session is None:
                session = self._load(session_id) or self._new(session_id)
                self._known[session_id] = session
                if len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(session_id)
            return session

    def note_written(self, session: Session, path: str, address: str = "") -> None:
        """Remember that a tool of this session wrote ``path``, downloaded from ``address`` where that is given."""
        with self._lock:
            if session.written.get(path) == address or session.is_full:
                return
            session.written[path] = address
            self._append(session.id, [path, address])

    def note_folder(self, session: Session, path: str) -> None:
        """Remember that a tool of this session wrote files of unknown names below the folder ``path``."""
        with self._lock:
            if path in session.folders or session.is_full:
                return
            session.folders.add(path)
            self._append(session.id, {"folder": path})

    def note_made(self, session: Session, path: str, sources: tuple[str, ...]) -> None:
        """Remember what the content of ``path`` is made of now, () where nothing is known of that."""
        with self._lock:
            if session.made.get(path, ()) == sources or (path not in session.made and session.is_full):
                return
            session.made[path] = sources
            self._append(session.id, {"made": path, "of": sources})

    def note_running(self, session: Session, path: str, interpreter: str) -> None:
        """Remember that ``path`` is run in the background."""
        with self._lock:
            if session.running.get(path) == interpreter or session.is_full:
                return
            session.running[path] = interpreter
            self._append(session.id, {"running": path, "by": interpreter})

    def note_project(self, session: Session, project: str) -> None:
        """Keep the folder that a session was opened in, for other processes (``project_of``)."""
        with self._lock:
            path = self._path(session.id)
            if path is None or session.project == project:
                return
            new = path.with_suffix(".new")
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(os.fsencode(project))
            new.replace(path.with_suffix(PROJECT_SUFFIX))
            session.project = project

    def prune(self, keep_days: float = KEEP_DAYS) -> int:
        """Remove the files of sessions that wrote nothing for ``keep_days`` and are not in use; how many those were."""
        if self._folder is None:
            return 0
        limit, removed = time.time() - keep_days * _DAY, 0
        with self._lock:
            for path in self._folder.glob("*.jsonl"):
                if path.stem not in self._known and path.lstat().st_mtime < limit:
                    path.unlink()
                    path.with_suffix(PROJECT_SUFFIX).unlink(missing_ok=True)
                    removed += 1
        return removed

    def __len__(self) -> int:
        return len(self._known)

    def _new(self, session_id: str) -> Session:
        session = Session(session_id, time.time())
        self._append(session_id, session.started)
        return session

    def _path(self, session_id: str) -> Path | None:
        if self._folder is None or not _ID.fullmatch(session_id):
            return None
        return self._folder / f"{session_id}.jsonl"

    def _append(self, session_id: str, value: object) -> None:
        path = self._path(session_id)
        if path is None:
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, json.dumps(value).encode() + b"\n")
        finally:
            os.close(descriptor)

    def _load(self, session_id: str) -> Session | None:
        """The session as it was kept, None where it never was. Raises OSError where its file cannot be read."""
        path = self._path(session_id)
        if path is None:
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            values = [_parsed(line) for line in file.read().splitlines()]
        start = values[0] if values else None
        if not isinstance(start, float):
            return Session(session_id, time.time(), forgot=True)
        session = Session(session_id, start)
        for value in values[1:]:
            match value:
                case [str(written), str(address)]:
                    session.written[written] = address
                case {"folder": str(folder)}:
                    session.folders.add(folder)
                case {"made": str(name), "of": list(sources)} if all(isinstance(source, str) for source in sources):
                    session.made[name] = tuple(sources)
                case {"running": str(run), "by": str(interpreter)}:
                    session.running[run] = interpreter
                case _:
                    session.forgot = True
        return session


def project_of(folder: Path, session_id: str) -> str:
    """The folder that a session was opened in, as the hooks of the sessions kept in ``folder`` told it; "" where none did."""
    if not _ID.fullmatch(session_id):
        return ""
    try:
        descriptor = os.open(folder / f"{session_id}{PROJECT_SUFFIX}", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        return os.fsdecode(file.read())


def _parsed(line: bytes) -> object:
    """The value of a line, None where it is torn or was never one."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
