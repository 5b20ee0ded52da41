"""What is remembered of a session from one event to the next, across restarts of the service."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from checkrein.locations import private_folder

REMEMBERED = 512
MAX_WRITTEN = 20_000


@dataclass(slots=True)
class Session:
    """One session: when it was first seen (seconds since the epoch), and the absolute paths that its tools wrote.

    ``written`` gives for each path the address that it was downloaded from, "" where a tool wrote it itself.
    """

    id: str
    started: float
    written: dict[str, str] = field(default_factory=dict)

    def may_have_written(self, path: str) -> bool:
        """True where a tool of this session wrote ``path``, or so many files that not all are remembered."""
        return path in self.written or len(self.written) >= MAX_WRITTEN


class SessionStore:
    """Sessions by id; ``folder`` keeps them (None: only in memory). Thread-safe.

    A file is one JSON line with the start, then one line per path that was written: ``[path, address]``.
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
            if session.written.get(path) == address or len(session.written) >= MAX_WRITTEN:
                return
            session.written[path] = address
            self._append(session.id, [path, address])

    def __len__(self) -> int:
        return len(self._known)

    def _new(self, session_id: str) -> Session:
        session = Session(session_id, time.time())
        self._append(session_id, session.started)
        return session

    def _path(self, session_id: str) -> Path | None:
        if self._folder is None or not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", session_id):
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
        path = self._path(session_id)
        try:
            lines = path.read_text("utf-8").splitlines() if path else []
            values = [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return None
        if not values or not isinstance(values[0], float):
            return None
        pairs = [value for value in values[1:] if isinstance(value, list) and len(value) == 2]  # path, address
        return Session(session_id, values[0], {str(path): str(address) for path, address in pairs})
