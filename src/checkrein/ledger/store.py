"""The ledger's SQLite file: its tables, how it is opened, and reading it beside the one writer."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import orjson

from checkrein.core import LedgerError
from checkrein.ledger.entry import FIELDS, Entry

DATABASE = "ledger.db"
COLUMNS = (*FIELDS, "previous", "mac")
SCHEMA_VERSION = "1"

_TEXT = frozenset(FIELDS) - {"sequence", "at", "rewritten", "micros"}
TRIGGERS = {
    name: f"CREATE TRIGGER {name} BEFORE {change} ON entries BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
    for name, change in (("entries_stay", "UPDATE"), ("entries_remain", "DELETE"))
}
"""What keeps entries from being changed by accident: name and SQL, as SQLite keeps it."""
SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY,
    {", ".join(f"{name} {'TEXT' if name in _TEXT else 'INTEGER'} NOT NULL" for name in FIELDS[1:])},
    previous BLOB NOT NULL,
    mac BLOB NOT NULL
) STRICT;
CREATE INDEX entries_by_id ON entries (id) WHERE id <> '';
CREATE TABLE checkpoints (
    sequence INTEGER NOT NULL,
    head TEXT NOT NULL,
    count INTEGER NOT NULL,
    at INTEGER NOT NULL,
    public TEXT NOT NULL,
    signature TEXT NOT NULL
) STRICT;
{"".join(f"{sql};" for sql in TRIGGERS.values())}
"""
INSERT = f"INSERT INTO entries ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 -- names of our own
SELECT = f"SELECT {', '.join(COLUMNS)} FROM entries"  # noqa: S608 -- names of our own


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to read. Empty fields do not filter; ``limit`` 0 is no limit, else the newest so many.

    ``rule`` is a rule id or the beginning of one; ``since`` microseconds since the epoch; ``after`` a sequence number.
    """

    session: str = ""
    project: str = ""
    tool: str = ""
    verdict: str = ""
    rule: str = ""
    since: int = 0
    after: int = 0
    limit: int = 0

    def where(self) -> tuple[str, list[object]]:
        """The SQL condition and its values."""
        given: list[tuple[str, object]] = [
            ("session = ?", self.session),
            ("project = ?", self.project),
            ("tool = ?", self.tool),
            ("verdict = ?", self.verdict),
            ("instr(rules, ?) > 0", orjson.dumps(self.rule).decode()[:-1] if self.rule else ""),
            ("at >= ?", self.since),
            ("sequence > ?", self.after),
        ]
        used = [(condition, value) for condition, value in given if value]
        return " AND ".join(condition for condition, _ in used) or "1", [value for _, value in used]


class LedgerReader:
    """Reads a ledger while the service writes it. Never writes; each call sees what is on disk at that moment."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    @classmethod
    def open(cls, folder: Path) -> LedgerReader:
        """Open the ledger in ``folder``. Raises LedgerError where there is none."""
        path = folder / DATABASE
        if not path.is_file():
            raise LedgerError(f"there is no ledger in {folder}", why="nothing was recorded here yet", fix="run `checkrein up`")
        reader = cls(folder, connect(path, mode="ro"))
        reader.meta()  # a file that is no ledger is named here, not at the first use
        return reader

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self) -> None:
        """From here on, every read sees the file as it is now, whatever is written meanwhile."""
        try:
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM meta").fetchone()
        except sqlite3.Error as error:
            raise unreadable(self.folder, error) from error

    def meta(self) -> dict[str, str]:
        """What the ledger says of itself: ``ledger`` (its id), ``key`` (id of its checkpoint key), ``check``, ``schema``."""
        return {str(name): str(value) for name, value in self.query("SELECT name, value FROM meta", ())}

    def entries(self, which: Filter = Filter()) -> Iterator[Entry]:
        """The entries that match, oldest first."""
        condition, values = which.where()
        if which.limit:
            newest = f"{SELECT} WHERE {condition} ORDER BY sequence DESC LIMIT ?"
            yield from reversed([entry_of(row) for row in self.query(newest, [*values, which.limit])])
        else:
            for row in self.query(f"{SELECT} WHERE {condition} ORDER BY sequence", values):
                yield entry_of(row)

    def find(self, public_id: str) -> Entry | None:
        """The entry of the decision with this id; the newest where ids ever repeat."""
        rows = list(self.query(f"{SELECT} WHERE id = ? AND id <> '' ORDER BY sequence DESC LIMIT 1", (public_id,)))
        return entry_of(rows[0]) if rows else None

    def query(self, sql: str, values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a query. Raises LedgerError where the file cannot be read."""
        try:
            yield from self._connection.execute(sql, values)
        except sqlite3.Error as error:
            raise unreadable(self.folder, error) from error


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """Open the database; ``mode`` is SQLite's own: ``ro`` or ``rw``. Transactions are the caller's."""
    try:
        return sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=0.25,
            check_same_thread=False,
            cached_statements=64,
        )
    except sqlite3.Error as error:
        raise unreadable(path.parent, error) from error


def entry_of(row: tuple[Any, ...]) -> Entry:
    """The entry of a row of ``SELECT``."""
    fields: tuple[Any, ...] = (*row[:-2], row[-2].hex(), row[-1].hex())
    return Entry(*fields)


def unreadable(folder: Path, error: Exception) -> LedgerError:
    """The error for a ledger file that SQLite cannot read."""
    return LedgerError(
        f"cannot read the ledger in {folder}",
        why=str(error),
        fix="keep the folder as it is for an investigation; move it away and run `checkrein up` to begin a new record",
    )


def create_database(folder: Path, meta: dict[str, str]) -> None:
    """Make the database file, mode 0600, so that it is there whole or not at all."""
    path = folder / DATABASE
    new = folder / f"{DATABASE}.new"
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    new.chmod(0o600)
    connection = connect(new, mode="rw")
    try:
        connection.executescript("BEGIN;" + SCHEMA)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        connection.execute("COMMIT")
    finally:
        connection.close()
    new.rename(path)
