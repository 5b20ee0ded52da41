"""What left the machine: one row for each request of the gateway, with sizes, names and counts, never a value.

SQLite for one machine (several processes write at once), or a database that several machines share. A row is written before
the request leaves, and completed when its answer has ended: a row without a status is one whose answer never ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Self

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from checkrein.core import LedgerError, ServiceError
from checkrein.ledger.prepared import Prepared
from checkrein.locations import private_folder
from checkrein.sqlitefiles import WRITES, sqlite_engine

DATABASE = "egress.db"
KEEP_DAYS = 365
MAX_FILES = 2000  # names of one request that are kept
_PRUNE_EVERY = 1000  # rows written between two looks for what is too old
_DAY = 86_400
_WRITES = {WRITES: True}


class Verdict(Enum):
    """What became of a request."""

    SENT = "sent"
    REDACTED = "redacted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, without any value. Sizes are bytes; ``at`` is seconds since the epoch.

    ``more_files`` is how many names beside ``files`` were not kept. ``kinds`` counts the parts of the request by kind
    (``text``, ``tool_result``, ``image`` ...), ``found`` the placeholders in it by the id of the rule and the label: of values
    that were replaced here, and of those that hooks had replaced before. ``reason`` says why a request was refused.
    ``status`` is the HTTP status of the answer: 0 where none came, None as long as it is under way.
    """

    at: float
    session: str
    method: str
    path: str
    model: str
    host: str
    verdict: Verdict
    bytes_in: int
    bytes_out: int
    files: tuple[str, ...] = ()
    more_files: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reason: str = ""
    status: int | None = None
    bytes_back: int = 0


_METADATA = sa.MetaData()
_TABLE = sa.Table(
    "checkrein_egress",
    _METADATA,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.Double, nullable=False, index=True),
    sa.Column("session", sa.Text, nullable=False, index=True),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("method", "path", "model", "host", "verdict", "reason")),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("bytes_in", "bytes_out", "bytes_back")),
    sa.Column("status", sa.Integer),
    sa.Column("files", sa.Text, nullable=False),
    sa.Column("more_files", sa.Integer, nullable=False),
    sa.Column("kinds", sa.Text, nullable=False),
    sa.Column("found", sa.Text, nullable=False),
)
_NUMBER = _TABLE.c.number
_INSERT = sa.insert(_TABLE)
_GIVEN = [column.name for column in _TABLE.c if column is not _NUMBER]
_FINISH = (
    sa.update(_TABLE)
    .where(sa.bindparam("row") == _NUMBER)
    .values(status=sa.bindparam("ended"), bytes_back=sa.bindparam("back"))
)


class EgressStore:
    """The rows. Safe for several threads and processes; every method raises LedgerError where the database cannot be used."""

    def __init__(self, engine: sa.Engine, place: str, keep_days: int = KEEP_DAYS) -> None:
        self._engine = engine
        self._place = place
        self._keep = keep_days * _DAY
        self._written = 0
        self._insert = Prepared(engine, _INSERT if engine.dialect.name == "sqlite" else _INSERT.returning(_NUMBER), _GIVEN)
        self._finish = Prepared(engine, _FINISH)
        with self._connection(_WRITES) as connection:
            _METADATA.create_all(connection, checkfirst=True)
        self.prune()

    @classmethod
    def open(cls, folder: Path, url: str = "", *, keep_days: int = KEEP_DAYS) -> EgressStore:
        """The store at ``url`` (``postgresql+psycopg://...``), or in SQLite in ``folder`` where that is empty."""
        if url:
            try:
                address = sa.make_url(url)
                return cls(sa.create_engine(address, hide_parameters=True, pool_pre_ping=True), _shown(address), keep_days)
            except (SQLAlchemyError, ImportError) as error:
                raise LedgerError(
                    "the database for what was sent cannot be used",
                    why=type(error).__name__,
                    fix="correct gateway.store in the policy; `postgresql+psycopg://HOST/NAME` needs the package psycopg",
                ) from error
        path = folder / DATABASE
        try:
            private_folder(folder)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        except ServiceError as error:
            raise LedgerError(error.what, why=error.why, fix=error.fix) from error
        except OSError as error:
            raise LedgerError(
                f"cannot make {path}", why=str(error), fix="free some space, or move what stands there"
            ) from error
        return cls(sqlite_engine(path), str(path), keep_days)

    def close(self) -> None:
        """Let go of the database."""
        self._insert.close()
        self._finish.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, sent: Sent) -> int:
        """Write a row; its number."""
        number = self._run(self._insert, _row(sent))
        self._written += 1
        if self._written % _PRUNE_EVERY == 0:
            self.prune()
        if number is None:
            raise self._trouble("the database gave no number to a row")
        return number

    def finish(self, number: int, status: int, bytes_back: int) -> None:
        """Complete a row."""
        self._run(self._finish, {"row": number, "ended": status, "back": bytes_back})

    def rows(self, *, session: str = "", since: float = 0) -> Iterator[Sent]:
        """The rows of a session ("" for all) from a time on, oldest first."""
        wanted = sa.select(_TABLE).where(_TABLE.c.at >= since).order_by(_TABLE.c.at, _NUMBER)
        if session:
            wanted = wanted.where(_TABLE.c.session == session)
        with self._connection({"yield_per": 500}) as connection:
            for row in connection.execute(wanted):
                yield _sent(row)

    def sessions(self, beginning: str) -> list[str]:
        """The sessions whose id begins so."""
        wanted = sa.select(_TABLE.c.session).where(_TABLE.c.session.startswith(beginning, autoescape=True)).distinct()
        with self._connection({}) as connection:
            return sorted(str(name) for name in connection.scalars(wanted))

    def prune(self) -> None:
        """Remove rows that are older than they are kept."""
        with self._connection(_WRITES) as connection:
            connection.execute(sa.delete(_TABLE).where(_TABLE.c.at < time.time() - self._keep))

    def _run(self, statement: Prepared, values: Mapping[str, object]) -> int | None:
        with self._telling():
            return statement.run(values)

    @contextmanager
    def _connection(self, options: Mapping[str, Any]) -> Iterator[sa.Connection]:
        with self._telling(), self._engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    @contextmanager
    def _telling(self) -> Iterator[None]:
        driver = self._engine.dialect.loaded_dbapi.Error
        try:
            yield
        except (SQLAlchemyError, driver) as error:
            cause = error if isinstance(error, driver) else getattr(error, "orig", None)
            raise self._trouble(str(cause) if cause is not None else type(error).__name__) from error

    def _trouble(self, why: str) -> LedgerError:
        return LedgerError(
            f"the record of what was sent cannot be used in {self._place}",
            why=why,
            fix="free some space, end what locks it, or move the file away: a new one is made",
        )


def _shown(url: sa.URL) -> str:
    """Where it is, without who and with which password."""
    return f"{url.get_backend_name()} on {url.host or 'this machine'}"


def _row(sent: Sent) -> dict[str, object]:
    return {
        "at": sent.at,
        "session": _clean(sent.session),
        "method": _clean(sent.method),
        "path": _clean(sent.path),
        "model": _clean(sent.model),
        "host": sent.host,
        "verdict": sent.verdict.value,
        "reason": _clean(sent.reason),
        "bytes_in": sent.bytes_in,
        "bytes_out": sent.bytes_out,
        "bytes_back": sent.bytes_back,
        "status": sent.status,
        "files": _names(sent.files[:MAX_FILES]),
        "more_files": sent.more_files + max(0, len(sent.files) - MAX_FILES),
        "kinds": orjson.dumps(dict(sent.kinds)).decode(),
        "found": orjson.dumps([[rule, label, count] for (rule, label), count in sent.found.items()]).decode(),
    }


def _names(files: tuple[str, ...]) -> str:
    """As JSON. A long conversation has hundreds, in every request: they are cleaned together where all of them are clean."""
    together = "\n".join(files)
    return orjson.dumps(files if _clean(together) == together else [_clean(name) for name in files]).decode()


def _sent(row: sa.Row[Any]) -> Sent:
    return Sent(
        at=row.at,
        session=row.session,
        method=row.method,
        path=row.path,
        model=row.model,
        host=row.host,
        verdict=Verdict(row.verdict),
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        files=tuple(orjson.loads(row.files)),
        more_files=row.more_files,
        kinds=orjson.loads(row.kinds),
        found={(rule, label): count for rule, label, count in orjson.loads(row.found)},
        reason=row.reason,
        status=row.status,
        bytes_back=row.bytes_back,
    )


def _clean(text: str) -> str:
    """Without what a database does not take: half surrogate pairs, and NUL (PostgreSQL)."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
