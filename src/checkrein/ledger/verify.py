"""Checks a record from its first entry to its last, and against a checkpoint kept elsewhere.

What each part shows:

- the keyed chain: an edited, removed, added or moved entry, by anybody who does not have the chain's key;
- the checkpoints inside the ledger: a tail that was cut off behind the last one, unless that row was cut as well;
- a checkpoint kept elsewhere, in addition: a tail cut with its checkpoints, and a chain that somebody with all the keys
forged anew,
  up to the entry that it signs; and keys that were replaced.

What nothing here can show: entries after the last checkpoint kept elsewhere that somebody with the chain's key rewrote or
cut off; what was never recorded, because the service did not run; and whether the clock was right.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from checkrein.core import LedgerError
from checkrein.ledger.checkpoint import Checkpoint
from checkrein.ledger.entry import chain_mac, first_previous
from checkrein.ledger.keys import CHAIN, PRIVATE, PUBLIC, Keys, load_keys, load_public_key
from checkrein.ledger.store import DATABASE, SELECT, TRIGGERS, LedgerReader

_MOST_MOVED = 64  # broken entries that are tried in each other's places
_CHECKPOINTS = "SELECT sequence, head, count, at, public, signature FROM checkpoints ORDER BY rowid"
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"


class Tampering(StrEnum):
    """What happened to the record."""

    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT_OFF = "cut-off"
    FORGED = "forged"
    KEY_REPLACED = "key-replaced"
    BAD_CHECKPOINT = "bad-checkpoint"
    OTHER_LEDGER = "other-ledger"
    UNGUARDED = "unguarded"


_FOLDED = {
    Tampering.EDITED: "are not what was written: they were edited, or added without the key",
    Tampering.REORDERED: "do not stand where they were written: entries were moved",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: ``sequence`` is the entry where it shows (0: the whole), ``what`` says it in a sentence.

    ``last`` is the last entry of a range with the same thing wrong (0: it is about one entry, or the whole).
    """

    kind: Tampering
    sequence: int
    what: str
    last: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. ``entries`` were read, ``checkpoints`` inside the ledger held; ``vouched`` is the last entry that the
    checkpoint kept elsewhere signs (0 without one)."""

    entries: int
    checkpoints: int
    head: str
    vouched: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class _Walk:
    """The state of reading the chain."""

    keys: Keys
    head: bytes
    last: int = 0
    count: int = 0
    problems: list[Problem] = field(default_factory=list)
    broken: list[tuple[Any, ...]] = field(default_factory=list)
    wanted: frozenset[int] = frozenset()  # sequence numbers that checkpoints sign
    macs: dict[int, str] = field(default_factory=dict)  # of those

    def add(self, kind: Tampering, sequence: int, what: str) -> None:
        self.problems.append(Problem(kind, sequence, what))


def verify(folder: Path, checkpoint: Checkpoint | None = None, public_key: bytes | None = None) -> Report:
    """Check the ledger in ``folder``.

    ``checkpoint`` is one that was kept elsewhere; ``public_key`` the 32 bytes of the key that is trusted (without it, the
    checkpoint's own, else the one in the folder). Raises LedgerError where it cannot be read at all, or a key is missing.
    A database that is gone, while its keys or a checkpoint say that it was there, is tampering.
    """
    if checkpoint and not checkpoint.holds(public_key):
        raise LedgerError(
            "the checkpoint's signature is wrong",
            why="it was changed, cut short, or signed by another key than the one that is trusted",
            fix="give a checkpoint as it was written, or the public key that signed it",
        )
    if not (folder / DATABASE).exists() and (checkpoint or any((folder / name).exists() for name in (CHAIN, PRIVATE, PUBLIC))):
        known = f"the checkpoint given signs {checkpoint.sequence} entries of it" if checkpoint else "its keys are still there"
        return Report(0, 0, "", 0, (Problem(Tampering.DELETED, 0, f"the whole record, {folder / DATABASE}, is gone: {known}"),))
    with LedgerReader.open(folder) as reader:
        reader.hold()
        meta = reader.meta()
        keys = load_keys(folder)
        inside = [Checkpoint(meta.get("ledger", ""), *row) for row in reader.query(_CHECKPOINTS, ())]
        outside = [checkpoint] if checkpoint else []
        walk = _Walk(
            keys, first_previous(meta.get("ledger", "")), wanted=frozenset(point.sequence for point in [*inside, *outside])
        )
        _check_keys(walk, folder, meta, checkpoint, public_key)
        _check_triggers(walk, dict(reader.query(_TRIGGERS, ())))
        for row in reader.query(f"{SELECT} ORDER BY sequence", ()):
            _check_entry(walk, row)
    _name_moved(walk)
    held = sum(_check_inside(walk, point) for point in inside)
    vouched = _check_outside(walk, meta, checkpoint) if checkpoint else 0
    problems = sorted(walk.problems, key=lambda problem: problem.sequence)
    return Report(walk.count, held, walk.head.hex(), vouched, tuple(_folded(problems)))


def _folded(problems: list[Problem]) -> Iterator[Problem]:
    """The same thing wrong with one entry after another, as one problem each."""
    ranges: list[list[Problem]] = []
    for kind in _FOLDED:
        for problem in (each for each in problems if each.kind is kind):
            if ranges and ranges[-1][-1].kind is kind and ranges[-1][-1].sequence == problem.sequence - 1:
                ranges[-1].append(problem)
            else:
                ranges.append([problem])
    folded = [problem for problem in problems if problem.kind not in _FOLDED]
    for first, *rest in ranges:
        if rest:
            last = rest[-1].sequence
            folded.append(replace(first, what=f"entries {first.sequence} to {last} {_FOLDED[first.kind]}", last=last))
        else:
            folded.append(first)
    yield from sorted(folded, key=lambda problem: problem.sequence)


def _check_triggers(walk: _Walk, found: dict[str, str]) -> None:
    for name in sorted({*found, *TRIGGERS}):
        if name not in found:
            walk.add(Tampering.UNGUARDED, 0, f"the trigger {name}, which keeps entries from being changed, was taken out")
        elif found[name] != TRIGGERS.get(name):
            what = "was replaced" if name in TRIGGERS else "was added"
            walk.add(Tampering.UNGUARDED, 0, f"the trigger {name} {what}: entries can be changed as they are written")


def _check_keys(
    walk: _Walk, folder: Path, meta: dict[str, str], checkpoint: Checkpoint | None, public_key: bytes | None
) -> None:
    own = load_public_key(folder)
    trusted = public_key or (bytes.fromhex(checkpoint.public) if checkpoint else None)
    if trusted is not None and trusted != own:
        walk.add(Tampering.KEY_REPLACED, 0, "the ledger's checkpoint key is not the one that is trusted: it was replaced")
    if meta.get("key") != walk.keys.id:
        walk.add(Tampering.KEY_REPLACED, 0, "the checkpoint key is not the one that this ledger began with")
    if meta.get("check") != hmac.digest(walk.keys.chain, b"check", "sha256").hex():
        walk.add(Tampering.KEY_REPLACED, 0, "the chain key is not the one that this ledger began with")


def _check_entry(walk: _Walk, row: tuple[Any, ...]) -> None:
    sequence, previous, mac = int(row[0]), row[-2], row[-1]
    expected = walk.last + 1
    if sequence < 1:
        walk.add(Tampering.INSERTED, sequence, f"entry {sequence} was added: entries are counted from 1")
        return
    whole = _mac_holds(walk.keys.chain, previous, row[:-2], mac)
    if sequence > expected:
        walk.add(Tampering.DELETED, expected, _gone(expected, sequence - 1))
    elif whole and previous != walk.head and not _last_is_broken(walk):
        walk.add(Tampering.DELETED, sequence, f"what stood before entry {sequence} is not what stands there now")
    if not whole:
        walk.broken.append(row)
    if sequence in walk.wanted:
        walk.macs[sequence] = mac.hex()
    walk.last, walk.head = sequence, mac
    walk.count += 1


def _last_is_broken(walk: _Walk) -> bool:
    """Whether the entry before is known to be wrong, which explains that the next one does not follow from it."""
    return bool(walk.broken) and int(walk.broken[-1][0]) == walk.last


def _mac_holds(key: bytes, previous: bytes, fields: tuple[Any, ...], mac: bytes) -> bool:
    try:
        return hmac.compare_digest(chain_mac(key, previous, fields), mac)
    except TypeError:
        return False


def _gone(first: int, last: int) -> str:
    return f"entry {first} was deleted" if first == last else f"entries {first} to {last} were deleted"


def _name_moved(walk: _Walk) -> None:
    """Tell entries that stand in another place than they were written in from edited ones."""
    places = [int(row[0]) for row in walk.broken]
    for row in walk.broken:
        sequence = int(row[0])
        tried = places if len(places) <= _MOST_MOVED else []
        written = next((place for place in tried if _mac_holds(walk.keys.chain, row[-2], (place, *row[1:-2]), row[-1])), None)
        if written is None:
            walk.add(
                Tampering.EDITED, sequence, f"entry {sequence} is not what was written: it was edited, or added without the key"
            )
        else:
            walk.add(Tampering.REORDERED, sequence, f"entry {sequence} was written as entry {written}: entries were moved")


def _check_inside(walk: _Walk, point: Checkpoint) -> bool:
    """Whether a checkpoint of the ledger itself agrees with it; what is wrong is noted."""
    if not point.holds(walk.keys.public):
        walk.add(
            Tampering.BAD_CHECKPOINT,
            point.sequence,
            f"the checkpoint at entry {point.sequence} is not signed by the ledger's key",
        )
    elif point.sequence > walk.last:
        walk.add(
            Tampering.CUT_OFF,
            walk.last + 1,
            f"the record was signed up to entry {point.sequence}, but ends at {walk.last}: its end was cut off",
        )
    elif point.sequence in walk.macs and walk.macs[point.sequence] != point.head:
        walk.add(
            Tampering.FORGED,
            point.sequence,
            f"up to entry {point.sequence} the record is not the one that was signed: it was forged anew",
        )
    else:
        return True
    return False


def _check_outside(walk: _Walk, meta: dict[str, str], point: Checkpoint) -> int:
    """The last entry that the checkpoint kept elsewhere vouches for; what is wrong is noted."""
    if point.ledger != meta.get("ledger"):
        walk.add(
            Tampering.OTHER_LEDGER,
            0,
            f"the checkpoint belongs to ledger {point.ledger}: this one was put in its place, or begun anew",
        )
        return 0
    if point.sequence > walk.last:
        walk.add(
            Tampering.CUT_OFF,
            walk.last + 1,
            f"the checkpoint given signs entry {point.sequence}, but the record ends at {walk.last}: its end was cut off",
        )
        return 0
    if walk.macs.get(point.sequence) != point.head:
        walk.add(
            Tampering.FORGED,
            point.sequence,
            f"up to entry {point.sequence} the record is not the one that the checkpoint given signs: it was forged anew",
        )
        return 0
    return point.sequence
