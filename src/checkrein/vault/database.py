"""The vault's database: its tables, and how it is opened in SQLite and PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from checkrein.core import VaultError
from checkrein.sqlitefiles import BUSY_SECONDS

_ADVISORY_LOCK = 0x636B725F7661756C  # any number that nobody else takes: "ckr_vaul"

METADATA = sa.MetaData()
META = sa.Table(
    "checkrein_vault_meta",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
ENTRIES = sa.Table(
    "checkrein_vault_entries",
    METADATA,
    sa.Column("placeholder", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("first_seen", sa.Double, nullable=False, index=True),
    sa.Column("last_seen", sa.Double, nullable=False, index=True),
)
SOURCES = sa.Table(
    "checkrein_vault_sources",
    METADATA,
    sa.Column("placeholder", sa.Text, sa.ForeignKey(ENTRIES.c.placeholder, ondelete="CASCADE"), primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
)
SECRETS = sa.Table(
    "checkrein_vault_secrets",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("added", sa.Double, nullable=False),
)


def engine_at(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() != "postgresql":
            raise VaultError(
                f"the vault cannot use {shown(url)}",
                why="only PostgreSQL is known as a shared store",
                fix="write postgresql+psycopg://USER@HOST/DATABASE, or leave it empty for this machine's own file",
            )
        return sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    except (SQLAlchemyError, ImportError) as error:
        fix = "install checkrein with its extra for PostgreSQL, and check the URL"
        raise VaultError("the vault's database URL cannot be used", why=type(error).__name__, fix=fix) from None


def shown(url: str) -> str:
    """A database URL without its password."""
    try:
        return sa.make_url(url).set(query={}).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return "a URL that cannot be read"


def make_private(path: Path) -> None:
    """An empty database with mode 0600 where there is none; SQLite gives its other files the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    except FileExistsError:
        if path.is_symlink() or path.stat().st_uid != os.geteuid():
            raise
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


class Watch:
    """One row of a database in SQLite, read anew only where that was changed: whether it was costs a hundredth of a query.

    It has a connection of its own: SQLite tells each connection of what others committed, in whatever process. Safe for
    several threads.
    """

    def __init__(self, path: Path, query: str) -> None:
        self._path = path
        self._query = query
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._row: tuple[Any, ...] = ()

    def row(self) -> tuple[Any, ...]:
        """The first row of what ``query`` gives. Raises sqlite3.Error."""
        with self._lock:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._row = self._connection.execute(self._query).fetchone()
                self._version = version
            return self._row

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._version = None
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def one_at_a_time(connection: sa.Connection) -> None:
    """Let no other process make the tables until this transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
