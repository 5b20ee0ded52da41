"""What every SQLite file of ours needs that several processes open at once."""

from __future__ import annotations

import sqlite3
import time

_PAUSE = 0.02  # seconds between two tries


def use_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch to write-ahead logging, waiting up to ``seconds`` for others that have the file open.

    The busy time-out does not cover this switch: of two processes that open a new file together, one is told at once that
    it is locked (https://sqlite.org/wal.html). Raises sqlite3.OperationalError where it stays locked.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return
