import sqlite3
from contextlib import closing
from pathlib import Path

import orjson
import pygit2
import pytest
from click.testing import CliRunner, Result

from checkrein.cli.ledger import ledger
from checkrein.core import Decision, Event, EventKind, LedgerError, UsageError, Verdict
from checkrein.ledger import Ledger
from checkrein.ledger.store import TRIGGERS
from checkrein.locations import ledger_dir


@pytest.fixture(autouse=True)
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Ledger.open(ledger_dir()) as record:
        for number in range(3):
            record.append(Event(EventKind.TOOL_CALL, "s", "/", "/"), Decision(f"i{number}", Verdict.DENY), 1, str)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(ledger, [str(arg) for arg in args], catch_exceptions=False)


def tamper(*statements: str) -> None:
    with closing(sqlite3.connect(ledger_dir() / "ledger.db")) as connection:
        connection.executescript(
            "DROP TRIGGER entries_stay; DROP TRIGGER entries_remain;" + ";".join([*statements, *TRIGGERS.values()])
        )


def test_a_whole_record() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert result.output == (
        "ok: 3 entries, 2 checkpoints, each as it was written\n"
        "    give --checkpoint to see whether the end was cut off or the whole was forged anew\n"
    )


def test_tampering_is_named_and_exits_1() -> None:
    tamper("UPDATE entries SET verdict = 'allow' WHERE sequence = 2")
    result = run("verify")
    assert result.exit_code == 1
    assert result.output == (
        "TAMPERED WITH: 3 entries, 2 checkpoints\n"
        "  edited: entry 2 is not what was written: it was edited, or added without the key\n"
    )
    shown = run("verify", "--json")
    assert shown.exit_code == 1
    assert [(problem["kind"], problem["sequence"]) for problem in orjson.loads(shown.output)["problems"]] == [("edited", 2)]


def test_the_first_break_is_named() -> None:
    tamper("UPDATE entries SET verdict = 'allow' WHERE sequence IN (1, 3)")
    assert run("verify").output.splitlines()[1] == "  the first break is at entry 1"


def test_a_checkpoint_file_shows_a_cut_off_end(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    assert run("checkpoint", "--to", kept).output == f"signed entries 1 to 3 in {kept}\n"
    assert run("verify", "--checkpoint", kept).output == (
        "ok: 3 entries, 2 checkpoints, each as it was written\n    the checkpoint vouches for entries 1 to 3\n"
    )
    tamper("DELETE FROM entries WHERE sequence = 3", "DELETE FROM checkpoints")
    result = run("verify", "--checkpoint", kept)
    assert result.exit_code == 1
    assert result.output == (
        "TAMPERED WITH: 2 entries, 0 checkpoints\n"
        "  cut-off: the checkpoint given signs entry 3, but the record ends at 2: its end was cut off\n"
    )


def test_a_git_note(tmp_path: Path) -> None:
    repository = pygit2.init_repository(str(tmp_path / "repo"))
    author = pygit2.Signature("a", "a@b")
    commit = repository.create_commit("HEAD", author, author, "x", repository.TreeBuilder().write(), [])
    assert (
        run("checkpoint", "--git-note", tmp_path / "repo").output
        == f"signed entries 1 to 3 in a note on commit {str(commit)[:12]}\n"
    )
    assert "vouches for entries 1 to 3" in run("verify", "--git-note", tmp_path / "repo").output


def test_a_checkpoint_is_printed_without_an_option() -> None:
    assert orjson.loads(run("checkpoint").output)["sequence"] == 3


def test_a_record_that_was_tampered_with_is_not_signed(tmp_path: Path) -> None:
    tamper("UPDATE entries SET verdict = 'allow' WHERE sequence = 2")
    with pytest.raises(LedgerError, match="the record is not signed"):
        run("checkpoint", "--to", tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot read the checkpoint"):
        run("verify", "--checkpoint", tmp_path / "missing")
    with pytest.raises(UsageError, match="exclude each other"):
        run("verify", "--checkpoint", "x", "--git-note", "y")
    with pytest.raises(LedgerError, match="cannot write"):
        run("checkpoint", "--to", tmp_path / "no" / "folder")
