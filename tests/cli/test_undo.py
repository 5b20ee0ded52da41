from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from checkrein.cli.undo import undo
from checkrein.core import Decision, Event, EventKind, UndoError, UsageError, Verdict
from checkrein.ledger import Ledger
from checkrein.locations import ledger_dir, undo_dir
from checkrein.undo import SnapshotStore


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    folder = tmp_path / "p"
    (folder / "sub").mkdir(parents=True)
    monkeypatch.chdir(folder / "sub")
    return folder


@pytest.fixture
def deleted(project: Path) -> Path:
    (project / "a\x1b").write_text("old")
    SnapshotStore(undo_dir()).take(["a\x1b"], public_id="c7f3k2", root=project, reason="rm \x1b[2Ja", max_bytes=100)
    (project / "a\x1b").unlink()
    return project


def run(*args: str) -> Result:
    return CliRunner().invoke(undo, args, catch_exceptions=False)


def line(project: Path) -> str:
    return f"2023-11-14 22:13:20  c7f3k2    1 file, 3 B             {project}  rm \\x1b[2Ja\n"


def test_list(deleted: Path) -> None:
    assert run("--list").output == line(deleted)


def test_dry_run_changes_nothing(deleted: Path) -> None:
    assert run("--dry-run", "c7f3k2").output == line(deleted) + "  a\\x1b\n"
    assert not (deleted / "a\x1b").exists()


def test_the_latest_of_this_project_is_restored(deleted: Path) -> None:
    which, _, done = run().output.partition("\n")
    assert which.startswith("this is from ")
    assert "rm \\x1b[2Ja" in which
    assert done == f"restored 1 path below {deleted} from snapshot c7f3k2\n  a\\x1b\n"
    assert (deleted / "a\x1b").read_text() == "old"
    assert run("c7f3k2").output == f"restored 0 paths below {deleted} from snapshot c7f3k2\n1 path stood there unchanged\n"


def test_what_is_in_the_way_needs_force(deleted: Path) -> None:
    (deleted / "a\x1b").write_text("new")
    with pytest.raises(UndoError, match="something else stands now"):
        run("c7f3k2")
    assert (
        run("--dry-run", "c7f3k2").output
        == line(deleted) + "  a\\x1b\nsomething else stands now at (needs --force):\n  a\\x1b\n"
    )
    assert run("c7f3k2", "--force").output == (
        f"restored 1 path below {deleted} from snapshot c7f3k2\n  a\\x1b\n"
        "what stood in the way is kept: `checkrein undo c7f3k2-1 --force` brings it back\n"
    )
    run("c7f3k2-1", "--force")
    assert (deleted / "a\x1b").read_text() == "new"


def record(project: Path, *commands: tuple[str, str, float]) -> None:
    with Ledger.open(ledger_dir()) as ledger:
        for number, (command, verdict, at) in enumerate(commands):
            given = {"command": command}
            event = Event(
                EventKind.TOOL_CALL, "s", str(project), str(project), name="PreToolUse", tool="Bash", input=given, at=at
            )
            ledger.append(event, Decision("c7f3k2" if number == 0 else f"later{number}", Verdict(verdict)), 1, str)


def test_it_says_what_it_restores(deleted: Path) -> None:
    record(deleted, ("rm -f a", "allow", 1_699_999_999.0))
    assert run("--dry-run").output.startswith("this is from 2023-11-14 22:13, `rm -f a`\n2023-11-14 22:13:20  c7f3k2")


def test_a_later_delete_without_a_snapshot_is_named(deleted: Path) -> None:
    more = [("rm -f b", "allow"), ("ls", "allow"), ("rm -f c", "deny")]
    record(deleted, ("rm -f a", "allow", 1_699_999_999.0), *((text, verdict, 1_700_000_060.0) for text, verdict in more))
    assert run("--dry-run").output.splitlines()[1] == (
        "not undone by this: `rm -f b` at 2023-11-14 22:14, of which no snapshot was needed: git or a rebuild brings it back"
    )


def test_what_made_way_is_not_the_latest(deleted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (deleted / "a\x1b").write_text("new")
    monkeypatch.setattr("time.time", lambda: 1_700_000_100.0)
    run("--force")
    assert "c7f3k2-1" in run("--list").output
    with pytest.raises(UndoError, match="nothing is left to undo in"):
        run()


def test_each_undo_goes_one_step_further_back(deleted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (deleted / "b").write_text("old")
    monkeypatch.setattr("time.time", lambda: 1_700_000_100.0)
    SnapshotStore(undo_dir()).take(["b"], public_id="d8", root=deleted, reason="rm b", max_bytes=100)
    (deleted / "b").unlink()
    first = run().output.splitlines()
    assert first[1:] == [
        f"restored 1 path below {deleted} from snapshot d8",
        "  b",
        "the one before it is c7f3k2, from 2023-11-14 22:13: rm \\x1b[2Ja",
    ]
    (deleted / "b").write_text("new work since then")
    assert run().output.splitlines()[1:] == [f"restored 1 path below {deleted} from snapshot c7f3k2", "  a\\x1b"]
    with pytest.raises(UndoError, match="nothing is left to undo in"):
        run()
    assert (deleted / "b").read_text() == "new work since then"


def test_what_was_kept_and_never_deleted_is_passed_over(deleted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (deleted / "b").write_text("old")
    monkeypatch.setattr("time.time", lambda: 1_700_000_100.0)
    SnapshotStore(undo_dir()).take(["b"], public_id="d8", root=deleted, reason="rm b", max_bytes=100)
    assert "from snapshot c7f3k2" in run().output


def test_the_list_shows_the_commands(deleted: Path) -> None:
    record(deleted, ("rm -f a", "allow", 1_699_999_999.0))
    assert run("--list").output == line(deleted).replace("rm \\x1b[2Ja", "`rm -f a`")


def test_a_broken_snapshot_is_named_and_passed_over(deleted: Path) -> None:
    (undo_dir() / "snapshots" / "zz.json").write_text("{")
    listed = run("--list")
    assert listed.stdout == line(deleted)
    assert listed.stderr.startswith("passed over: the snapshot zz is broken (")
    assert "from snapshot c7f3k2" in run().stdout
    with pytest.raises(UndoError, match="the snapshot zz is broken"):
        run("zz")


def test_errors(project: Path) -> None:
    with pytest.raises(UndoError) as error:
        run()
    assert (
        str(error.value) == f"there is no snapshot of {project}/sub\nfix: `checkrein undo --list` shows those of other projects"
    )
    with pytest.raises(UndoError, match="there is no snapshot nope"):
        run("nope")
    with pytest.raises(UsageError, match="--list stands alone"):
        run("--list", "--force")
