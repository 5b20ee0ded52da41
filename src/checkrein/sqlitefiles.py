"""What every SQLite file of ours needs that several processes open at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

BUSY_SECONDS = 2.0  # how long a call waits for another process to finish writing
WRITES = "checkrein_writes"
"""The execution option of a connection that is going to write: in SQLite it takes the lock at once, and cannot lose it then."""

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


def sqlite_engine(path: Path, pragmas: Iterable[str] = ()) -> sa.Engine:
    """The engine for the file at ``path``; each connection has ``pragmas`` (``secure_delete=ON``) beside the usual ones."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below
        use_wal(connection, BUSY_SECONDS)
        for pragma in ("synchronous=NORMAL", "trusted_schema=OFF", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
