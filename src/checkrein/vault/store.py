"""The vault's tables, in SQLite (one machine, several processes) or PostgreSQL (several machines). Values are sealed.

In the clear stand placeholders, where their values were met and when, and the names of registered secrets. Every change that
other processes must not miss (a new key, something forgotten) raises the ``epoch``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from checkrein.core import ServiceError, VaultError
from checkrein.locations import private_folder
from checkrein.sqlitefiles import WRITES, sqlite_engine
from checkrein.vault.database import (
    ENTRIES,
    META,
    METADATA,
    SECRETS,
    SOURCES,
    Watch,
    engine_at,
    make_private,
    one_at_a_time,
    shown,
)
from checkrein.vault.entry import Entry, Kind

DATABASE = "vault.db"
MAX_SOURCES = 64  # of one placeholder
_BATCH = 500  # rows of one statement
_EXTENT = sa.select(sa.func.count(), sa.func.max(ENTRIES.c.first_seen)).select_from(ENTRIES)
_NAMES: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
_NAMED = sa.select(ENTRIES).where(ENTRIES.c.placeholder.in_(_NAMES))
_SOURCES_OF = sa.select(SOURCES).where(SOURCES.c.placeholder.in_(_NAMES))
_SINCE = sa.select(ENTRIES).where(ENTRIES.c.first_seen >= sa.bindparam("since"))
_INSERTS = {
    (name, table): insert(table).on_conflict_do_nothing()
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
    for table in (META, ENTRIES, SOURCES)
}
"""What is not there yet. Built once: building a statement costs more than SQLite needs for it."""
_WORDS = {
    table: (str(compiled), tuple(compiled.positiontup or ()))
    for table in (META, ENTRIES, SOURCES)
    for compiled in (_INSERTS["sqlite", table].compile(dialect=sqlite.dialect()),)
}
"""The same in SQLite's own words, with the order of the columns: finding them again costs more than it needs, too."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with its sealed value, and the id of the key that opens it."""

    entry: Entry
    key: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A registered secret. ``added`` is in seconds since the epoch."""

    name: str
    key: str
    sealed: bytes
    added: float


@dataclass(frozen=True, slots=True)
class State:
    """What a process compares with what it knew: ``key`` is the id of the key in use ("" in a new store), ``place`` says in
    words where it was put."""

    key: str
    epoch: int
    place: str


class Store:
    """The tables. Every method raises VaultError where the database is locked, full, broken or not reachable."""

    def __init__(self, engine: sa.Engine, place: str, watch: Watch | None = None) -> None:
        """``watch`` knows the extent; without one the database is asked."""
        self._engine = engine
        self.place = place
        self._watch = watch
        with self._transaction() as connection:
            one_at_a_time(connection)
            METADATA.create_all(connection, checkfirst=True)

    @classmethod
    def open(cls, folder: Path, url: str = "") -> Store:
        """The store at ``url`` (``postgresql+psycopg://...``), or in SQLite in ``folder`` where that is empty."""
        if url:
            return cls(engine_at(url), shown(url))
        path = folder / DATABASE
        try:
            private_folder(folder)
            make_private(path)
        except ServiceError as error:
            raise VaultError(error.what, why=error.why, fix=error.fix) from error
        except OSError as error:
            raise VaultError(f"cannot make {path}", why=str(error), fix="free some space, or move what stands there") from error
        return cls(sqlite_engine(path, ["secure_delete=ON"]), str(path), Watch(path, str(_EXTENT)))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        if self._watch is not None:
            self._watch.close()

    def state(self) -> State:
        """The key in use, and the epoch."""
        with self._reading() as connection:
            found = {row.name: row.value for row in connection.execute(sa.select(META))}
        return State(found.get("key", ""), int(found.get("epoch", "0")), found.get("place", ""))

    def use_key(self, key: str, place: str) -> None:
        """Note that ``key`` is in use, where none is yet: another process may have been first. ``place``: where it is."""
        with self._transaction() as connection:
            self._add(connection, META, [{"name": "key", "value": key}, {"name": "place", "value": place}])

    def change_key(self, key: str, place: str) -> None:
        """Note that ``key`` is in use from now on. ``place``: where it is."""
        with self._transaction() as connection:
            self._change_key(connection, key, place)
            self._raise_epoch(connection)

    def _change_key(self, connection: sa.Connection, key: str, place: str) -> None:
        connection.execute(sa.delete(META).where(META.c.name.in_(("key", "place"))))
        self._add(connection, META, [{"name": "key", "value": key}, {"name": "place", "value": place}])

    def rows(self, placeholders: Collection[str]) -> dict[str, Row]:
        """Those of ``placeholders`` that are here."""
        with self._reading() as connection:
            return self._named(connection, list(placeholders))

    def _named(self, connection: sa.Connection, placeholders: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for some in _batches(placeholders):
            found.update(_rows(connection, connection.execute(_NAMED, {"names": some}).all()))
        return found

    def entries(self, since: float = 0.0) -> list[Entry]:
        """Those made at that time (seconds since the epoch) or later, the last used first."""
        with self._reading() as connection:
            rows = _rows(connection, connection.execute(_SINCE, {"since": since}).all())
        return sorted((row.entry for row in rows.values()), key=lambda entry: (-entry.last_seen, entry.placeholder))

    def extent(self) -> tuple[int, float]:
        """How many entries there are, and when the newest was made (0 without any). Asked for every request."""
        with self._telling():
            if self._watch is not None:
                count, newest = self._watch.row()
            else:
                with self._engine.connect() as connection:
                    count, newest = connection.execute(_EXTENT).one()
        return count, newest or 0.0

    def add(self, rows: Sequence[Row]) -> dict[str, Row]:
        """Add entries, each with its sources. Those that are there already stay as they are; they are given back.

        Nearly always none is there: so it is tried, and only where that adds fewer than it should, it is asked which.
        """
        with self._transaction() as connection:
            values = [
                {
                    "placeholder": row.entry.placeholder,
                    "label": row.entry.label,
                    "kind": row.entry.kind.value,
                    "key": row.key,
                    "sealed": row.sealed,
                    "first_seen": row.entry.first_seen,
                    "last_seen": row.entry.last_seen,
                }
                for row in rows
            ]
            there = {} if self._add(connection, ENTRIES, values) == len(rows) else self._others(connection, rows)
            met = {
                (row.entry.placeholder, source)
                for row in rows
                if row.entry.placeholder not in there
                for source in sorted(row.entry.sources)[:MAX_SOURCES]
            }
            self._add(connection, SOURCES, [{"placeholder": name, "source": source} for name, source in sorted(met)])
        return there

    def _others(self, connection: sa.Connection, rows: Sequence[Row]) -> dict[str, Row]:
        """What stands in place of those of ``rows`` that were not added: no value is sealed twice in the same way."""
        ours = {row.entry.placeholder: row.sealed for row in rows}
        return {name: row for name, row in self._named(connection, list(ours)).items() if row.sealed != ours[name]}

    def touch(self, used: Mapping[str, Collection[str]], now: float) -> frozenset[str]:
        """Note that these were used now, and the sources that they were met in. Those that are still there."""
        with self._transaction() as connection:
            there: set[str] = set()
            for some in _batches(list(used)):
                which = ENTRIES.c.placeholder.in_(some)
                connection.execute(sa.update(ENTRIES).where(which, ENTRIES.c.last_seen < now).values(last_seen=now))
                there.update(connection.scalars(sa.select(ENTRIES.c.placeholder).where(which)))
            self._add_sources(connection, {each: sources for each, sources in used.items() if each in there})
        return frozenset(there)

    def remove(self, placeholders: Collection[str]) -> int:
        """Forget these; how many there were."""
        with self._transaction() as connection:
            return sum(self._delete(connection, ENTRIES.c.placeholder.in_(some)) for some in _batches(list(placeholders)))

    def remove_unused_since(self, limit: float) -> int:
        """Forget what was last used before ``limit`` (seconds since the epoch); how many those were."""
        with self._transaction() as connection:
            return self._delete(connection, ENTRIES.c.last_seen < limit)

    def clear(self, key: str, place: str) -> int:
        """Forget all entries and all registered secrets, and use ``key`` from now on; how many there were.

        ``place``: where the key is.
        """
        with self._transaction() as connection:
            connection.execute(sa.delete(SOURCES))
            gone = connection.execute(sa.delete(ENTRIES)).rowcount + connection.execute(sa.delete(SECRETS)).rowcount
            self._change_key(connection, key, place)
            self._raise_epoch(connection)
        return gone

    def reseal(self, key: str, seal: Callable[[str, bytes, str], bytes]) -> None:
        """Seal anew everything that is not under ``key`` yet. ``seal`` gets key id, sealed value and name."""
        with self._transaction() as connection:
            for table, name in ((ENTRIES, ENTRIES.c.placeholder), (SECRETS, SECRETS.c.name)):
                old = connection.execute(sa.select(name, table.c.key, table.c.sealed).where(table.c.key != key)).all()
                for row in old:
                    bound = row[0] if table is ENTRIES else secret_name(row[0])
                    anew = seal(row[1], row[2], bound)
                    connection.execute(sa.update(table).where(name == row[0]).values(key=key, sealed=anew))

    def secrets(self) -> list[SecretRow]:
        """The registered secrets by name."""
        with self._reading() as connection:
            return [SecretRow(*row) for row in connection.execute(sa.select(SECRETS).order_by(SECRETS.c.name))]

    def put_secret(self, row: SecretRow) -> None:
        """Register a secret, in place of one of the same name."""
        with self._transaction() as connection:
            connection.execute(sa.delete(SECRETS).where(SECRETS.c.name == row.name))
            connection.execute(sa.insert(SECRETS).values(name=row.name, key=row.key, sealed=row.sealed, added=row.added))
            self._raise_epoch(connection)

    def remove_secret(self, name: str) -> bool:
        """Forget a registered secret; False where there is none of that name."""
        with self._transaction() as connection:
            gone = connection.execute(sa.delete(SECRETS).where(SECRETS.c.name == name)).rowcount
            self._raise_epoch(connection)
        return gone > 0

    def _delete(self, connection: sa.Connection, which: sa.ColumnElement[bool]) -> int:
        met = sa.select(ENTRIES.c.placeholder).where(which)
        connection.execute(sa.delete(SOURCES).where(SOURCES.c.placeholder.in_(met)))
        gone = connection.execute(sa.delete(ENTRIES).where(which)).rowcount
        if gone:
            self._raise_epoch(connection)
        return gone

    def _add_sources(self, connection: sa.Connection, sources: Mapping[str, Collection[str]]) -> None:
        """Remember where values were met, of each at most ``MAX_SOURCES`` places: the first ones."""
        given = {each: set(found) for each, found in sources.items() if found}
        for some in _batches(list(given)):
            counted = (
                sa.select(SOURCES.c.placeholder, sa.func.count())
                .where(SOURCES.c.placeholder.in_(some))
                .group_by(SOURCES.c.placeholder)
            )
            count = {row[0]: row[1] for row in connection.execute(counted)}
            rows = [
                {"placeholder": each, "source": source}
                for each in some
                for source in sorted(given[each])[: max(0, MAX_SOURCES - count.get(each, 0))]
            ]
            self._add(connection, SOURCES, rows)

    def _raise_epoch(self, connection: sa.Connection) -> None:
        self._add(connection, META, [{"name": "epoch", "value": "0"}])
        raised = sa.cast(sa.cast(META.c.value, sa.Integer) + 1, sa.Text)
        connection.execute(sa.update(META).where(META.c.name == "epoch").values(value=raised))

    def _add(self, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> int:
        """Insert what is not there yet; how many those were."""
        if not rows:
            return 0
        if connection.dialect.name == "sqlite":
            words, order = _WORDS[table]
            return connection.exec_driver_sql(words, [tuple(row[name] for name in order) for row in rows]).rowcount
        return connection.execute(_INSERTS[connection.dialect.name, table], rows).rowcount

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._telling(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """All or nothing; of several writers one after the other."""
        with self._telling(), self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            yield connection

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise self._trouble(error) from error

    def _trouble(self, error: SQLAlchemyError | sqlite3.Error) -> VaultError:
        """What a person can do. The driver's own words are told, which hold no value that was stored."""
        cause = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
        said = str(cause).splitlines()[0] if cause is not None and str(cause) else type(error).__name__
        fix = "see that the database is there and can be written"
        for word, advice in (
            ("locked", "another program holds it: wait for that, or end it"),
            ("full", "free some space on the disk"),
            ("malformed", _BROKEN),
            ("not a database", _BROKEN),
            ("readonly", "make the file and its folder writable for you"),
        ):
            if word in said:
                fix = advice
        of_a_server = isinstance(error, sa.exc.OperationalError) and not isinstance(cause, sqlite3.Error)
        passing = of_a_server or "locked" in said
        return VaultError(f"the vault in {self.place} cannot be used", why=said, fix=fix, passing=passing)


_BROKEN = "put it back from a backup, or move it away: values that are met again get their placeholders anew"


def secret_name(name: str) -> str:
    """What a registered secret is sealed for: no placeholder looks like it."""
    return f"secret:{name}"


def _rows(connection: sa.Connection, found: Sequence[sa.Row[Any]]) -> dict[str, Row]:
    """Rows of the table of entries, with their sources."""
    sources: dict[str, set[str]] = {}
    for some in _batches([row.placeholder for row in found]):
        for placeholder, source in connection.execute(_SOURCES_OF, {"names": some}):
            sources.setdefault(placeholder, set()).add(source)
    return {
        row.placeholder: Row(
            Entry(
                row.placeholder,
                row.label,
                frozenset(sources.get(row.placeholder, ())),
                row.first_seen,
                row.last_seen,
                Kind(row.kind),
            ),
            row.key,
            row.sealed,
        )
        for row in found
    }


def _batches(items: list[str]) -> Iterable[list[str]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
