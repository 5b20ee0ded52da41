import hmac
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import orjson
import pygit2
import pytest

from checkrein.core import Decision, Event, LedgerError
from checkrein.ledger import Checkpoint, Ledger, read_checkpoint_file, read_git_note, take_checkpoint, verify, write_git_note
from checkrein.ledger.entry import chain_mac, first_previous
from checkrein.ledger.keys import create_keys, load_keys
from checkrein.ledger.store import SELECT, TRIGGERS
from checkrein.locations import private_folder

Tamper = Callable[..., None]


def found(folder: Path, *more: object) -> list[tuple[str, int]]:
    return [(problem.kind.value, problem.sequence) for problem in verify(folder, *more).problems]  # type: ignore[arg-type]


def forge(folder: Path) -> None:
    """What somebody with the chain's key does: change an entry, compute the chain anew, sign new checkpoints."""
    keys = load_keys(folder)
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        connection.executescript(
            "DROP TRIGGER entries_stay; UPDATE entries SET verdict = 'allow' WHERE sequence = 3; DELETE FROM checkpoints;"
        )
        ((ledger,),) = connection.execute("SELECT value FROM meta WHERE name = 'ledger'").fetchall()
        head = first_previous(ledger)
        for row in connection.execute(f"{SELECT} ORDER BY sequence").fetchall():
            previous, head = head, chain_mac(keys.chain, head, row[:-2])
            connection.execute("UPDATE entries SET previous = ?, mac = ? WHERE sequence = ?", (previous, head, row[0]))
        connection.execute(TRIGGERS["entries_stay"])
        connection.commit()


def test_a_whole_record_holds(ten: Path) -> None:
    report = verify(ten)
    assert (report.ok, report.entries, report.checkpoints, report.vouched) == (True, 10, 2, 0)


def test_an_empty_record_holds(folder: Path) -> None:
    Ledger.open(folder).close()
    assert verify(folder).entries == 0


@pytest.mark.parametrize(
    "change",
    [
        "verdict = 'allow'",
        "at = at + 1",
        "summary = ''",
        "micros = 0",
        "rules = '[]'",
        "findings = replace(findings, 'would', 'did')",
        "id = 'other'",
        "rewritten = 1",
        "mac = zeroblob(32)",
        "mac = zeroblob(0)",
    ],
)
def test_an_edited_entry_is_found(ten: Path, tamper: Tamper, change: str) -> None:
    tamper(ten, f"UPDATE entries SET {change} WHERE sequence = 5")
    assert ("edited", 5) in found(ten)


def test_exactly_the_edited_entry_is_named(ten: Path, tamper: Tamper) -> None:
    tamper(ten, "UPDATE entries SET verdict = 'allow' WHERE sequence = 5")
    assert found(ten) == [("edited", 5)]


def test_every_field_is_under_the_mac(ten: Path, tamper: Tamper) -> None:
    with closing(sqlite3.connect(ten / "ledger.db")) as connection:
        columns = [(row[1], row[2]) for row in connection.execute("PRAGMA table_info(entries)")]
    whole = (ten / "ledger.db").read_bytes()
    for name, kind in columns[1:]:
        value = {"TEXT": "'changed'", "INTEGER": "77", "BLOB": "zeroblob(32)"}[kind]
        tamper(ten, f"UPDATE entries SET {name} = {value} WHERE sequence = 4")
        assert ("edited", 4) in found(ten), name
        for path in ten.glob("ledger.db-*"):
            path.unlink()
        (ten / "ledger.db").write_bytes(whole)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("sequence = 4", ("deleted", 4)),
        ("sequence BETWEEN 4 AND 6", ("deleted", 4)),
        ("sequence = 1", ("deleted", 1)),
    ],
)
def test_a_deletion_in_the_middle_is_found(ten: Path, tamper: Tamper, which: str, expected: tuple[str, int]) -> None:
    tamper(ten, f"DELETE FROM entries WHERE {which}")
    assert found(ten) == [expected]


def test_a_deletion_that_is_closed_up_is_found(ten: Path, tamper: Tamper) -> None:
    tamper(
        ten,
        "DELETE FROM entries WHERE sequence = 4",
        *(f"UPDATE entries SET sequence = {n - 1} WHERE sequence = {n}" for n in range(5, 11)),
    )
    kinds = {kind for kind, _ in found(ten)}
    assert kinds >= {"edited"} or kinds >= {"reordered"}
    assert "cut-off" in kinds


def test_an_added_entry_is_found(ten: Path, tamper: Tamper) -> None:
    tamper(
        ten,
        "CREATE TABLE copy AS SELECT * FROM entries WHERE sequence = 10",
        "UPDATE copy SET sequence = 11, previous = mac",
        "INSERT INTO entries SELECT * FROM copy",
    )
    assert found(ten) == [("edited", 11)]


def test_reordered_entries_are_found(ten: Path, tamper: Tamper) -> None:
    tamper(ten, *(f"UPDATE entries SET sequence = {new} WHERE sequence = {old}" for old, new in ((3, 99), (7, 3), (99, 7))))
    assert found(ten) == [("reordered", 3), ("reordered", 7)]


def test_a_cut_off_tail_is_found_by_the_checkpoint_inside(ten: Path, tamper: Tamper) -> None:
    tamper(ten, "DELETE FROM entries WHERE sequence > 8")
    assert found(ten) == [("cut-off", 9)]


def test_a_tail_cut_with_its_checkpoint_needs_one_kept_elsewhere(ten: Path, tamper: Tamper) -> None:
    kept = take_checkpoint(ten)
    tamper(ten, "DELETE FROM entries WHERE sequence > 8", "DELETE FROM checkpoints")
    assert found(ten) == []
    assert found(ten, kept) == [("cut-off", 9)]


def test_a_chain_that_was_forged_with_the_keys_needs_one_kept_elsewhere(ten: Path) -> None:
    kept = take_checkpoint(ten)
    forge(ten)
    assert found(ten) == []
    assert found(ten, kept) == [("forged", 10)]
    assert verify(ten, kept).vouched == 0


def test_a_forged_chain_is_found_by_the_checkpoint_inside_where_that_stayed(ten: Path, tamper: Tamper) -> None:
    with closing(sqlite3.connect(ten / "ledger.db")) as connection:
        kept = connection.execute("SELECT * FROM checkpoints").fetchall()
    forge(ten)
    with closing(sqlite3.connect(ten / "ledger.db")) as connection:
        connection.executemany("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?)", kept)
        connection.commit()
    assert found(ten) == [("forged", 10)]


def test_a_checkpoint_inside_that_nobody_signed_is_found(ten: Path, tamper: Tamper) -> None:
    tamper(ten, "UPDATE checkpoints SET head = '00'")
    assert found(ten) == [("bad-checkpoint", 1), ("bad-checkpoint", 10)]


def test_a_replaced_signing_key_is_found(ten: Path, tmp_path: Path, tamper: Tamper) -> None:
    kept = take_checkpoint(ten)
    public = (ten / "checkpoint.pub").read_bytes()
    other = create_keys(private_folder(tmp_path / "other"))
    for name in ("checkpoint.key", "checkpoint.pub"):
        (ten / name).write_bytes((tmp_path / "other" / name).read_bytes())
    assert ("key-replaced", 0) in found(ten)
    tamper(ten, f"UPDATE meta SET value = '{other.id}' WHERE name = 'key'", "DELETE FROM checkpoints")
    assert found(ten) == []
    assert found(ten, kept) == [("key-replaced", 0)]
    assert found(ten, None, public) == [("key-replaced", 0)]


def test_a_replaced_chain_key_is_found(ten: Path) -> None:
    (ten / "chain.key").write_bytes(bytes(32))
    kinds = [kind for kind, _ in found(ten)]
    assert kinds[0] == "key-replaced"
    assert kinds.count("edited") == 1
    edited = next(problem for problem in verify(ten).problems if problem.kind == "edited")
    assert (edited.sequence, edited.last) == (1, 10)
    assert edited.what == "entries 1 to 10 are not what was written: they were edited, or added without the key"


def test_another_ledger_in_its_place_is_found(
    ten: Path, folder: Path, make_event: Callable[..., Event], make_decision: Callable[..., Decision]
) -> None:
    kept = take_checkpoint(ten)
    shutil.rmtree(ten)
    with Ledger.open(folder) as ledger:
        ledger.append(make_event(), make_decision(), 1, str)
    assert found(folder, kept) == [("key-replaced", 0), ("other-ledger", 0)]


def test_a_checkpoint_vouches_while_the_service_goes_on(
    folder: Path, make_event: Callable[..., Event], make_decision: Callable[..., Decision]
) -> None:
    with Ledger.open(folder) as ledger:
        ledger.append(make_event(), make_decision("a"), 1, str)
        kept = take_checkpoint(folder)
        assert ledger.checkpoint().head == kept.head
        ledger.append(make_event(), make_decision("b"), 1, str)
        report = verify(folder, kept, load_keys(folder).public)
    assert (report.ok, report.entries, report.vouched) == (True, 2, 1)


def test_a_changed_checkpoint_is_an_error(ten: Path) -> None:
    kept = take_checkpoint(ten)
    for wrong in (replace(kept, sequence=9), replace(kept, head="00"), replace(kept, signature=""), replace(kept, public="zz")):
        with pytest.raises(LedgerError, match="signature is wrong"):
            verify(ten, wrong)


def test_a_checkpoint_survives_its_file(ten: Path, tmp_path: Path) -> None:
    kept = take_checkpoint(ten)
    (tmp_path / "kept").write_text(kept.to_text())
    assert read_checkpoint_file(tmp_path / "kept") == kept


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other"}', '{"format": "checkrein checkpoint 1", "sequence": "1"}', "\udc80"]
)
def test_what_is_no_checkpoint_is_an_error(text: str) -> None:
    with pytest.raises(LedgerError, match="x is not a checkpoint"):
        Checkpoint.from_text(text, where="x")


def test_an_empty_ledger_has_nothing_to_sign(folder: Path) -> None:
    with Ledger.open(folder) as ledger:
        with pytest.raises(LedgerError, match="nothing to sign"):
            ledger.checkpoint()
        with pytest.raises(LedgerError, match="nothing to sign"):
            take_checkpoint(folder)


def test_git_notes(ten: Path, tmp_path: Path, make_event: Callable[..., Event], make_decision: Callable[..., Decision]) -> None:
    repository = pygit2.init_repository(str(tmp_path / "repo"))
    with pytest.raises(LedgerError, match="cannot write a git note"):
        write_git_note(tmp_path / "repo", take_checkpoint(ten))
    with pytest.raises(LedgerError, match="holds no checkpoint"):
        read_git_note(tmp_path / "repo")
    author = pygit2.Signature("a", "a@b")
    parents: list[pygit2.Oid] = []
    for number in range(2):
        tree = repository.TreeBuilder().write()
        parents = [repository.create_commit("HEAD", author, author, f"{number}", tree, parents)]
        write_git_note(tmp_path / "repo", take_checkpoint(ten))
        kept = take_checkpoint(ten)
        assert write_git_note(tmp_path / "repo", kept) == str(parents[0])
        assert read_git_note(tmp_path / "repo") == kept
        with Ledger.open(ten) as ledger:
            ledger.append(make_event(), make_decision(f"n{number}"), 1, str)
    assert verify(ten, read_git_note(tmp_path / "repo")).vouched == 11
    with pytest.raises(LedgerError, match="name a git repository"):
        read_git_note(tmp_path)


def test_a_file_that_is_no_ledger_is_an_error(folder: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        verify(folder)
    private_folder(folder)
    create_keys(folder)
    (folder / "ledger.db").write_bytes(b"not a database, but long enough to look at" * 100)
    for use in (verify, Ledger.open):
        with pytest.raises(LedgerError, match="cannot read the ledger"):
            use(folder)


def test_the_chain_is_what_is_documented(ten: Path) -> None:
    with closing(sqlite3.connect(ten / "ledger.db")) as connection:
        row = connection.execute(f"{SELECT} WHERE sequence = 1").fetchone()
    expected = hmac.digest(load_keys(ten).chain, row[-2] + orjson.dumps(list(row[:-2])), "sha256")
    assert row[-1] == expected


def test_ranges_hold_only_neighbours(ten: Path, tamper: Tamper) -> None:
    tamper(ten, "UPDATE entries SET verdict = 'allow' WHERE sequence IN (2, 3, 7)")
    assert [(p.kind, p.sequence, p.last) for p in verify(ten).problems] == [("edited", 2, 3), ("edited", 7, 0)]


def test_a_record_that_is_gone_is_not_an_empty_one(ten: Path) -> None:
    kept = take_checkpoint(ten)
    (ten / "ledger.db").unlink()
    assert found(ten) == [("deleted", 0)]
    assert verify(ten).problems[0].what.endswith("is gone: its keys are still there")
    shutil.rmtree(ten)
    assert verify(ten, kept).problems[0].what.endswith("is gone: the checkpoint given signs 10 entries of it")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DROP TRIGGER entries_stay", "the trigger entries_stay, which keeps entries from being changed, was taken out"),
        (
            "DROP TRIGGER entries_stay; CREATE TRIGGER entries_stay BEFORE UPDATE ON entries BEGIN SELECT 1; END",
            "the trigger entries_stay was replaced: entries can be changed as they are written",
        ),
        (
            "CREATE TRIGGER more AFTER INSERT ON entries BEGIN SELECT 1; END",
            "the trigger more was added: entries can be changed as they are written",
        ),
    ],
)
def test_changed_triggers_are_found(ten: Path, change: str, what: str) -> None:
    with closing(sqlite3.connect(ten / "ledger.db")) as connection:
        connection.executescript(change)
    assert [(problem.kind, problem.what) for problem in verify(ten).problems] == [("unguarded", what)]
