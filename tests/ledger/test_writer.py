import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from checkrein.core import Decision, Event, EventKind, LedgerError, Verdict
from checkrein.ledger import NOTE, Filter, Ledger, LedgerReader, verify

MakeEvent = Callable[..., Event]
MakeDecision = Callable[..., Decision]


def test_an_entry_says_everything(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    made = writer.append(make_event(agent="a1"), make_decision(), 321, str)
    (read,) = writer.entries()
    assert read == made == writer.find("c7f3k2")
    assert (read.sequence, read.at, read.kind, read.name) == (1, 1_700_000_000_250_000, "tool-call", "PreToolUse")
    assert (read.session, read.project, read.agent, read.tool, read.call) == ("s1", "/p", "a1", "Bash", "toolu_1")
    assert (read.verdict, read.rewritten, read.rule_ids, read.micros) == ("deny", 0, ("git.push-force",), 321)
    assert read.summary == "git push --force origin main"
    assert read.parsed_findings == make_decision().findings
    assert len(read.digest) == len(read.mac) == 64


def test_the_digest_tells_inputs_apart_and_is_keyed(tmp_path: Path, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    digests = set()
    for name in ("a", "b"):
        with Ledger.open(tmp_path / name) as ledger:
            first = ledger.append(make_event("x"), make_decision("i1"), 1, str)
            assert ledger.append(make_event("x"), make_decision("i2"), 1, str).digest == first.digest
            digests |= {first.digest, ledger.append(make_event("y"), make_decision("i3"), 1, str).digest}
    assert len(digests) == 4


def test_entries_are_chained(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    first, second = (writer.append(make_event(), make_decision(name), 1, str) for name in ("a", "b"))
    assert second.previous == first.mac
    assert writer.append(make_event(), make_decision("c"), 1, str).previous == second.mac


def test_filters(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    writer.append(make_event(), make_decision("a"), 1, str)
    writer.append(make_event(session="s2", tool="Read", at=1_800_000_000.0), make_decision("b", Verdict.NONE, ()), 1, str)
    writer.append(make_event(project="/q"), make_decision("c", Verdict.ASK), 1, str)

    def ids(which: Filter) -> list[str]:
        return [entry.id for entry in writer.entries(which)]

    assert ids(Filter()) == ["a", "b", "c"]
    assert ids(Filter(session="s2")) == ids(Filter(tool="Read")) == ids(Filter(verdict="allow")) == ["b"]
    assert ids(Filter(since=1_750_000_000_000_000)) == ["b"]
    assert ids(Filter(project="/q")) == ["c"]
    assert ids(Filter(rule="git.")) == ids(Filter(rule="git.push-force")) == ["a", "c"]
    assert ids(Filter(rule="push-force")) == []
    assert ids(Filter(after=1, limit=1)) == ["c"]
    assert ids(Filter(limit=2)) == ["b", "c"]


def test_notes_are_masked_entries(writer: Ledger) -> None:
    writer.note("start", {"version": "0.1.0", "token": "hunter2", "on": True})
    (entry,) = writer.entries()
    assert (entry.kind, entry.name, entry.id) == (NOTE, "start", "")
    assert entry.summary == "version='0.1.0' token=[masked] on=true"


def test_new_ids_are_short_and_free(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    ids = {writer.new_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(made) == 6 and made.isalnum() and not set(made) & set("0o1li") for made in ids)


def test_a_second_writer_is_refused_and_readers_are_not(
    writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision
) -> None:
    writer.append(make_event(), make_decision(), 1, str)
    with pytest.raises(LedgerError, match="another process writes the ledger"):
        Ledger.open(writer.folder)
    with LedgerReader.open(writer.folder) as reader:
        assert [entry.id for entry in reader.entries()] == ["c7f3k2"]
        writer.append(make_event(), make_decision("later"), 1, str)
        assert [entry.id for entry in reader.entries()] == ["c7f3k2", "later"]
        with pytest.raises(LedgerError, match="readonly"):
            list(reader.query("DELETE FROM checkpoints", ()))


def test_the_folder_and_files_are_private(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    writer.append(make_event(), make_decision(), 1, str)
    assert writer.folder.stat().st_mode & 0o777 == 0o700
    files = {path.name: path.stat().st_mode & 0o777 for path in writer.folder.iterdir()}
    assert set(files) >= {"ledger.db", "ledger.db-wal", "chain.key", "checkpoint.key", "checkpoint.pub", "writer.lock"}
    assert set(files.values()) == {0o600}


def test_it_goes_on_where_it_stopped(ten: Path, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    with Ledger.open(ten) as ledger:
        assert ledger.append(make_event(), make_decision("eleven"), 1, str).sequence == 11
    assert verify(ten).ok


def test_many_threads_make_one_chain(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    def work(name: int) -> None:
        for number in range(25):
            writer.append(make_event(), make_decision(f"{name}-{number}"), 1, str)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    report = verify(writer.folder)
    assert (report.entries, report.problems) == (200, ())


def test_a_checkpoint_is_kept_every_thousand_entries(
    writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision
) -> None:
    for number in range(999):
        writer.append(make_event(), make_decision(f"i{number}"), 1, str)
    assert verify(writer.folder).checkpoints == 1  # the one of the first entry
    writer.append(make_event(), make_decision("last"), 1, str)
    assert verify(writer.folder).checkpoints == 2


def test_a_checkpoint_is_kept_at_the_first_entry_and_at_each_start(
    folder: Path, make_event: MakeEvent, make_decision: MakeDecision
) -> None:
    with Ledger.open(folder) as ledger:
        ledger.append(make_event(), make_decision(), 1, str)
        assert verify(folder).checkpoints == 1
    with Ledger.open(folder) as ledger:
        assert verify(folder).checkpoints == 3
        assert ledger.trouble == ""


def test_an_emptied_record_is_not_whole(folder: Path, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    with Ledger.open(folder) as ledger:
        ledger.append(make_event(), make_decision(), 1, str)
        with closing(sqlite3.connect(folder / "ledger.db")) as connection:
            connection.executescript("DROP TRIGGER entries_remain; DELETE FROM entries;")
        assert ("cut-off", 1) in [(problem.kind, problem.sequence) for problem in verify(folder).problems]


def test_trouble_is_the_last_failure_until_an_entry_is_on_record(
    folder: Path, make_event: MakeEvent, make_decision: MakeDecision, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(folder) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr("checkrein.ledger.writer.INSERT", "INSERT INTO nowhere VALUES (1)")
            with pytest.raises(LedgerError):
                ledger.append(make_event(), make_decision("a"), 1, str)
        assert ledger.trouble == f"cannot write the ledger in {folder} (no such table: nowhere)"
        ledger.append(make_event(), make_decision("b"), 1, str)
        assert ledger.trouble == ""
        folder.rename(folder.with_name("moved"))
        assert "was moved or replaced" in ledger.trouble
        folder.with_name("moved").rename(folder)
        assert ledger.trouble == ""


def test_whatever_a_client_sends_is_recorded(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    odd = {"command": "echo \udc80\0 \ud800", "deep": [[[[[[1]]]]]], "n": 10**30, "x": {"\udfff": None}}
    writer.append(
        make_event(input=odd, session="s\udc80\0", tool="x" * 10_000, result={"a": "\ud800"}), make_decision(), 1, str
    )
    writer.append(make_event(input={"command": 5}, text="\ud800"), make_decision("b"), 1, str)
    assert verify(writer.folder).ok


def test_too_deep_to_encode_is_an_error_not_a_gap(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(LedgerError, match="cannot be recorded"):
        writer.append(make_event(input={"x": deep}), make_decision(), 1, str)
    while deep:  # taken apart by hand: freeing it at once would recurse as deeply
        deep = deep[0]  # type: ignore[assignment]


def test_a_full_disk_is_an_error_and_nothing_is_half_written(
    writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision
) -> None:
    writer.append(make_event(), make_decision("first"), 1, str)
    (pages,) = writer._connection.execute("PRAGMA page_count").fetchone()
    writer._connection.execute(f"PRAGMA max_page_count={pages + 1}")
    kept = ["first"]

    def fill() -> None:
        for number in range(500):
            writer.append(make_event(), make_decision(f"i{number}"), 1, str)
            kept.append(f"i{number}")

    with pytest.raises(LedgerError, match="cannot write the ledger"):
        fill()
    writer._connection.execute("PRAGMA max_page_count=1000000")
    writer.append(make_event(), make_decision("second"), 1, str)
    assert [entry.id for entry in writer.entries()] == [*kept, "second"]
    assert verify(writer.folder).ok


def test_a_locked_file_is_an_error(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    with closing(sqlite3.connect(writer.folder / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            writer.append(make_event(), make_decision(), 1, str)
    assert writer.append(make_event(), make_decision(), 1, str).sequence == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_is_an_error(
    writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision, replaced: bool
) -> None:
    (writer.folder / "ledger.db").rename(writer.folder / "elsewhere")
    if replaced:
        (writer.folder / "ledger.db").write_bytes(b"")
    with pytest.raises(LedgerError, match="moved or replaced"):
        writer.append(make_event(), make_decision(), 1, str)
    (writer.folder / "elsewhere").rename(writer.folder / "ledger.db")


def test_rows_cannot_be_changed_by_mistake(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    writer.append(make_event(), make_decision(), 1, str)
    with closing(sqlite3.connect(writer.folder / "ledger.db")) as other:
        for statement in ("UPDATE entries SET verdict = 'allow'", "DELETE FROM entries"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                other.execute(statement)


def test_an_end_that_was_cut_or_changed_is_refused(ten: Path, tamper: Callable[..., None]) -> None:
    tamper(ten, "DELETE FROM entries WHERE sequence > 8")
    with pytest.raises(LedgerError, match="does not end as it was written"):
        Ledger.open(ten)


def test_a_changed_last_entry_is_refused(ten: Path, tamper: Callable[..., None]) -> None:
    tamper(ten, "UPDATE entries SET verdict = 'allow' WHERE sequence = 10")
    with pytest.raises(LedgerError, match="entry 10 was changed"):
        Ledger.open(ten)


def test_prompts_are_recorded_by_length(writer: Ledger, make_event: MakeEvent, make_decision: MakeDecision) -> None:
    prompt = replace(make_event(), kind=EventKind.PROMPT, tool="", input={}, text="my plan is secret")
    assert writer.append(prompt, make_decision(), 1, str).summary == "prompt of 17 characters"


_CHILD = """
import sys
from pathlib import Path
from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]))
for number in range(100_000):
    ledger.append(Event(EventKind.TOOL_CALL, "s", "/", "/"), Decision(f"i{number}", Verdict.NONE), 1, str)
    print(number, flush=True)
"""


def test_killing_the_writer_loses_nothing_that_was_acknowledged(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", _CHILD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == "300":
            os.kill(child.pid, signal.SIGKILL)
            break
    acknowledged = 300
    for line in child.stdout:
        if line.endswith("\n"):
            acknowledged = int(line)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    report = verify(folder)
    assert report.ok
    assert report.entries >= acknowledged + 1
    with Ledger.open(folder) as ledger:
        assert ledger.find(f"i{acknowledged}") is not None
