"""``Ledger``: the single writer of the record.

Durability. The write-ahead log is written with ``synchronous=NORMAL``: an append that returned survives the death of this
process
(the kernel has it), and costs about 15 µs. A loss of power may cost the entries of the last moments; ``FULL`` would save
those for
one flush each (175 µs on an idle disk, hundreds of milliseconds on a busy one: longer than the client waits). Checkpoints are
flushed before they are given out, so that a record can never be behind one that is kept elsewhere.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from checkrein.core import Decision, Event, LedgerError
from checkrein.ledger.checkpoint import Checkpoint, sign_checkpoint
from checkrein.ledger.encoding import canonical, storable
from checkrein.ledger.entry import NOTE, Entry, chain_mac, findings_json, first_previous
from checkrein.ledger.keys import CHAIN, PRIVATE, PUBLIC, Keys, create_keys, load_keys
from checkrein.ledger.masking import Hide, mask_finding, shown_mapping, summarize, withheld, withheld_finding
from checkrein.ledger.store import (
    DATABASE,
    INSERT,
    SCHEMA_VERSION,
    SELECT,
    Filter,
    LedgerReader,
    connect,
    create_database,
    entry_of,
    unreadable,
)
from checkrein.locations import private_folder

LOCK = "writer.lock"
CHECKPOINT_EVERY = 1000  # entries; the first one is signed too, so that an emptied record is no new one
_ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0 o 1 l i
_ID_LENGTH = 6


class Ledger:
    """The record, open for writing. One per folder and machine; safe to call from several threads.

    Every method that writes raises LedgerError where the entry is not on record when it returns: the caller then denies.
    """

    def __init__(self, folder: Path, keys: Keys, connection: sqlite3.Connection, lock: int) -> None:
        self.folder = folder
        self.keys = keys
        self._connection = connection
        self._lock_file = lock
        self._mutex = threading.Lock()
        self._reader = LedgerReader(folder, connection)
        self._ledger_id = self._reader.meta()["ledger"]
        self._inode = _inode(folder)
        self._sequence = 0
        self._count = 0
        self._head = b""
        self._troubles: dict[str, str] = {}
        self._read_head()

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Open the ledger in ``folder``, or begin one where the folder is new or empty.

        Raises LedgerError where another process writes it, where a key is missing, replaced or open to others, where the
        database is gone while its keys are there, where the last entry is not what was written, or where nothing can be
        written: what is there already is signed anew.
        """
        private_folder(folder)
        lock = _lock(folder)
        try:
            keys = _load_or_create(folder)
            connection = connect(folder / DATABASE, mode="rw")
            try:
                _configure(connection, folder)
                ledger = cls(folder, keys, connection, lock)
                ledger._check_end()
                if ledger._sequence:
                    ledger._write_checkpoint()  # also shows, before the first call, whether anything can be written
            except BaseException:
                connection.close()
                raise
        except BaseException:
            os.close(lock)
            raise
        return ledger

    def close(self) -> None:
        """Sign a last checkpoint, and let go of the folder."""
        with self._mutex:
            try:
                if self._sequence:
                    self._write_checkpoint()
            finally:
                self._connection.close()
                os.close(self._lock_file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def trouble(self) -> str:
        """Why nothing can be recorded now, on one line; empty while the last entry went on record and the file is in place."""
        with suppress(LedgerError), self._noting("place"):
            self._check_place()
        return next(iter(tuple(self._troubles.values())), "")

    def append(self, event: Event, decision: Decision, micros: int, hide: Hide) -> Entry:
        """Record what was decided about ``event`` in ``micros`` microseconds. The decision may leave once this returns.

        ``hide`` masks what is known to be sensitive. Where it raises, the entry tells the size of its texts alone.
        """
        return self._write(self._fields_of(event, decision, micros, hide))

    def note(self, kind: str, fields: Mapping[str, Any]) -> Entry:
        """Record something about the service itself: ``start``, ``stop``, ``policy-broken``, ``mode``, ``approval``.

        ``fields`` are our own words, numbers and paths of policies: they are masked by their shape, and by no search.
        """
        project, session = str(fields.get("project", "")), str(fields.get("session", ""))
        digest = self._digest(dict(fields))
        at = time.time_ns() // 1000
        summary = shown_mapping(fields, str)
        row = ["", NOTE, kind, session, project, "", "", "", "", 0, "[]", "[]", summary, digest, 0]
        return self._write([at, *(storable(value) if isinstance(value, str) else value for value in row)])

    def new_id(self) -> str:
        """A short public id that no entry has."""
        while True:
            made = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
            if self.find(made) is None:
                return made

    def entries(self, which: Filter = Filter()) -> Iterator[Entry]:  # noqa: B008 -- frozen
        """The entries that match, oldest first."""
        return self._reader.entries(which)

    def find(self, public_id: str) -> Entry | None:
        """The entry of the decision with this id."""
        with self._mutex, self._noting("read"):
            return self._reader.find(public_id)

    def checkpoint(self) -> Checkpoint:
        """Sign the present state, keep the checkpoint in the ledger, and return it to be kept elsewhere. All is flushed."""
        with self._mutex:
            return self._write_checkpoint()

    def _fields_of(self, event: Event, decision: Decision, micros: int, hide: Hide) -> list[Any]:
        """The values of ``FIELDS`` behind the sequence number."""
        try:
            project, summary = hide(event.project), summarize(event, hide)
            told = [mask_finding(finding, hide) for finding in decision.findings]
        except LedgerError:
            raise
        except Exception:  # noqa: BLE001 - whatever keeps a text from being searched keeps it out of the record, not the entry
            project, summary = "", withheld(event)
            told = [withheld_finding(finding) for finding in decision.findings]
        rules, findings = findings_json(told)
        asked = {"text": event.text, "input": dict(event.input), "result": event.result}
        words = (decision.id, event.kind.value, event.name, event.session, project, event.agent, event.tool, event.call)
        return [
            int(event.at * 1_000_000) or time.time_ns() // 1000,
            *map(storable, words),
            decision.verdict.value,
            int(decision.updated_input is not None),
            storable(rules, longest=None),
            storable(findings, longest=None),
            storable(summary, longest=None),
            self._digest(asked),
            micros,
        ]

    def _digest(self, asked: dict[str, Any]) -> str:
        return hmac.digest(self.keys.digest, canonical(asked), "sha256").hex()

    def _write(self, fields: list[Any]) -> Entry:
        with self._mutex, self._noting("write"):
            before, sequence = self._sequence, self._sequence + 1
            mac = chain_mac(self.keys.chain, self._head, [sequence, *fields])
            row = (sequence, *fields, self._head, mac)
            self._check_place()
            self._execute(INSERT, row)
            self._sequence, self._head = sequence, mac
            self._count += 1
            if not before or sequence % CHECKPOINT_EVERY == 0:
                self._write_checkpoint()
        return entry_of(row)

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        """Keep for ``trouble`` how the last attempt at ``what`` ended."""
        try:
            yield
        except LedgerError as error:
            self._troubles[what] = f"{error.what} ({error.why})" if error.why else error.what
            raise
        self._troubles.pop(what, None)

    def _execute(self, sql: str, row: tuple[Any, ...]) -> None:
        """Run one statement, in a transaction of its own."""
        try:
            self._connection.execute(sql, row)
        except (sqlite3.Error, OverflowError) as error:
            raise LedgerError(
                f"cannot write the ledger in {self.folder}",
                why=str(error),
                fix="free some disk space, or end the program that holds the file; until then nothing is allowed",
            ) from error

    def _write_checkpoint(self) -> Checkpoint:
        if not self._sequence:
            raise LedgerError(
                "there is nothing to sign", why="the ledger has no entry yet", fix="use the client once, then try again"
            )
        made = sign_checkpoint(self.keys, ledger=self._ledger_id, sequence=self._sequence, head=self._head, count=self._count)
        row = (made.sequence, made.head, made.count, made.at, made.public, made.signature)
        self._connection.execute("PRAGMA synchronous=FULL")  # the whole log up to here reaches the disk with this row
        try:
            self._execute(
                "INSERT INTO checkpoints (sequence, head, count, at, public, signature) VALUES (?, ?, ?, ?, ?, ?)", row
            )
        finally:
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return made

    def _read_head(self) -> None:
        last = list(self._reader.query("SELECT sequence, mac FROM entries ORDER BY sequence DESC LIMIT 1", ()))
        self._sequence, self._head = last[0] if last else (0, first_previous(self._ledger_id))
        self._count = next(self._reader.query("SELECT count(*) FROM entries", ()))[0]

    def _check_place(self) -> None:
        """An unlinked or replaced file takes writes without an error, and they are lost."""
        if _inode(self.folder) != self._inode:
            raise LedgerError(
                f"the ledger's file in {self.folder} was moved or replaced while it was open",
                why="what is written now would not be found again",
                fix="keep the folder for an investigation, then run `checkrein up`",
            )

    def _check_end(self) -> None:
        """Refuse to go on from an end that is not the one that was written; the whole is ``verify``'s to check."""
        why = self._why_end_is_wrong()
        if why:
            raise LedgerError(
                f"the ledger in {self.folder} does not end as it was written",
                why=why,
                fix="run `checkrein ledger verify`; to begin a new record, move the folder away and keep it",
            )

    def _why_end_is_wrong(self) -> str:
        furthest = next(self._reader.query("SELECT max(sequence) FROM checkpoints", ()))[0] or 0
        if furthest > self._sequence:
            return f"a checkpoint was signed at entry {furthest}, but the last entry is {self._sequence}"
        rows = list(self._reader.query(f"{SELECT} WHERE sequence = ?", (self._sequence,)))
        if rows and chain_mac(self.keys.chain, rows[0][-2], rows[0][:-2]) != rows[0][-1]:
            return f"entry {self._sequence} was changed"
        return ""


def _configure(connection: sqlite3.Connection, folder: Path) -> None:
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA trusted_schema=OFF")
        connection.execute("PRAGMA wal_autocheckpoint=4000")  # 16 MB: moving them into the database takes a flush
    except sqlite3.Error as error:
        raise unreadable(folder, error) from error


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LedgerError(
            f"another process writes the ledger in {folder}",
            why="a record has one writer, so that its chain has one end",
            fix="run `checkrein status`: the service is probably running already",
        ) from error
    return descriptor


def _load_or_create(folder: Path) -> Keys:
    database = folder / DATABASE
    keys_there = [name for name in (CHAIN, PRIVATE, PUBLIC) if (folder / name).exists()]
    if not database.exists():
        if keys_there:
            raise LedgerError(
                f"the ledger's database {database} is gone",
                why=f"its keys are still there ({', '.join(keys_there)})",
                fix="put the file back, or move the whole folder away and keep it: a new record then begins",
            )
        keys = create_keys(folder)
        meta = {"ledger": secrets.token_hex(16), "key": keys.id, "check": _check_value(keys), "schema": SCHEMA_VERSION}
        create_database(folder, meta)
        return keys
    keys = load_keys(folder)
    with LedgerReader.open(folder) as reader:
        meta = reader.meta()
    if meta.get("key") != keys.id or meta.get("check") != _check_value(keys):
        raise LedgerError(
            f"the keys in {folder} are not the ones that this ledger began with",
            why="a key file or the database was replaced",
            fix="put the right files back, or move the whole folder away and keep it for an investigation",
        )
    if meta.get("schema") != SCHEMA_VERSION:
        raise LedgerError(
            f"the ledger in {folder} has the layout {meta.get('schema')}", fix="install the version that wrote it"
        )
    return keys


def _check_value(keys: Keys) -> str:
    return hmac.digest(keys.chain, b"check", "sha256").hex()


def _inode(folder: Path) -> tuple[int, int]:
    try:
        found = (folder / DATABASE).stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)
