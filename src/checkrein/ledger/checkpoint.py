"""Signed checkpoints: what the record was at one moment. Kept elsewhere, one shows what was done to the record afterwards."""

from __future__ import annotations

import binascii
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pygit2

from checkrein.core import LedgerError
from checkrein.ledger.keys import Keys, key_id, load_keys, signature_holds
from checkrein.ledger.store import DATABASE, LedgerReader

NOTES_REF = "refs/notes/checkrein"
_FORMAT = "checkrein checkpoint 1"
_FIELDS = ("ledger", "sequence", "head", "count", "at", "public", "signature")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a ledger, signed.

    ``ledger`` is its id, ``sequence`` the last entry's number, ``head`` that entry's MAC (hex), ``count`` how many entries
    there are,
    ``at`` microseconds since the epoch, ``public`` the signer's Ed25519 public key (hex), ``signature`` the signature (hex).
    """

    ledger: str
    sequence: int
    head: str
    count: int
    at: int
    public: str
    signature: str

    @property
    def key(self) -> str:
        """The id of the key that signed it."""
        return key_id(_bytes(self.public))

    def holds(self, public: bytes | None = None) -> bool:
        """Whether the signature is right, and by the owner of ``public`` where one is given."""
        own = _bytes(self.public)
        return (public is None or public == own) and signature_holds(own, _bytes(self.signature), self._message())

    def to_text(self) -> str:
        """One line of JSON."""
        return orjson.dumps({"format": _FORMAT, **{name: getattr(self, name) for name in _FIELDS}}).decode() + "\n"

    @classmethod
    def from_text(cls, text: str | bytes, *, where: str) -> Checkpoint:
        """Read what ``to_text`` wrote; ``where`` names it in errors. Raises LedgerError; the signature is not looked at."""
        try:
            given = orjson.loads(text)
            if given["format"] != _FORMAT:
                raise ValueError(f"its format is {given['format']!r}")
            numbers = {name: given[name] for name in ("sequence", "count", "at")}
            words = {name: given[name] for name in ("ledger", "head", "public", "signature")}
            if not all(type(value) is int for value in numbers.values()) or not all(
                type(value) is str for value in words.values()
            ):
                raise ValueError("a field has the wrong type")
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise LedgerError(
                f"{where} is not a checkpoint",
                why=f"{type(error).__name__}: {error}",
                fix="give a file that `checkrein ledger checkpoint --to` wrote",
            ) from error
        return cls(**numbers, **words)

    def _message(self) -> bytes:
        return orjson.dumps([_FORMAT, self.ledger, self.sequence, self.head, self.count, self.at, self.public])


def sign_checkpoint(keys: Keys, *, ledger: str, sequence: int, head: bytes, count: int) -> Checkpoint:
    """A checkpoint of this state, now."""
    unsigned = Checkpoint(ledger, sequence, head.hex(), count, time.time_ns() // 1000, keys.public.hex(), "")
    signature = keys.signer.sign(unsigned._message())
    return Checkpoint(ledger, sequence, head.hex(), count, unsigned.at, unsigned.public, signature.hex())


def take_checkpoint(folder: Path) -> Checkpoint:
    """A checkpoint of the ledger in ``folder`` as it is on disk, also while the service writes it. Raises LedgerError.

    What it vouches for is flushed first: after a loss of power the record is never behind a checkpoint that was given away.
    The caller verifies the ledger before: a signature under a record that was tampered with would whitewash it.
    """
    keys = load_keys(folder)
    with LedgerReader.open(folder) as reader:
        meta = reader.meta()
        last = list(
            reader.query("SELECT sequence, mac, (SELECT count(*) FROM entries) FROM entries ORDER BY sequence DESC LIMIT 1", ())
        )
    if not last:
        raise LedgerError(
            "there is nothing to sign", why="the ledger has no entry yet", fix="use the client once, then try again"
        )
    _flush(folder)
    sequence, head, count = last[0]
    return sign_checkpoint(keys, ledger=meta.get("ledger", ""), sequence=sequence, head=head, count=count)


def read_checkpoint_file(path: Path) -> Checkpoint:
    """The checkpoint in a file. Raises LedgerError."""
    try:
        return Checkpoint.from_text(path.read_bytes(), where=str(path))
    except OSError as error:
        raise LedgerError(
            f"cannot read the checkpoint {path}", why=str(error), fix="give the path of a checkpoint file"
        ) from error


def write_git_note(repository: Path, checkpoint: Checkpoint) -> str:
    """Keep the checkpoint as a git note (``refs/notes/checkrein``) on HEAD; the commit's id. Raises LedgerError.

    It is written without running git, so that no hook or setting of the repository runs."""
    try:
        found = pygit2.Repository(str(repository))
        head = found.head.target
        author = pygit2.Signature("checkrein", "checkrein@localhost")
        found.create_note(checkpoint.to_text(), author, author, str(head), NOTES_REF, True)  # noqa: FBT003 -- pygit2's signature
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise LedgerError(
            f"cannot write a git note in {repository}", why=str(error), fix="name a repository with at least one commit"
        ) from error
    return str(head)


def read_git_note(repository: Path) -> Checkpoint:
    """The furthest checkpoint among the notes of a repository. Raises LedgerError where there is none."""
    try:
        found = pygit2.Repository(str(repository))
        texts = list(_blobs(found.references[NOTES_REF].peel(pygit2.Tree))) if NOTES_REF in found.references else []
    except (pygit2.GitError, KeyError, ValueError) as error:
        raise LedgerError(f"cannot read the git notes of {repository}", why=str(error), fix="name a git repository") from error
    checkpoints = [Checkpoint.from_text(text, where=f"a note in {repository}") for text in texts]
    if not checkpoints:
        raise LedgerError(f"{repository} holds no checkpoint", fix="write one with `checkrein ledger checkpoint --git-note`")
    return max(checkpoints, key=lambda checkpoint: (checkpoint.sequence, checkpoint.at))


def _blobs(tree: pygit2.Tree) -> Iterator[bytes]:
    """The texts of all notes: git spreads many over subtrees."""
    for item in tree:
        if isinstance(item, pygit2.Tree):
            yield from _blobs(item)
        elif isinstance(item, pygit2.Blob):
            yield item.data


def _flush(folder: Path) -> None:
    for name in (f"{DATABASE}-wal", DATABASE):
        try:
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # no write-ahead log: all is in the database
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _bytes(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        return b""
