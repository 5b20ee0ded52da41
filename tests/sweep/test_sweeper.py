"""What a sweep finds in the copies of conversations, and what it leaves of them."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from checkrein.core.sensitive import PLACEHOLDER, Sensitive
from checkrein.detect.secrets.examples import expand
from checkrein.sweep import Done, Report, Sweeper, copies, places
from restored import restored
from swept_machine import SweptMachine

TOKEN = expand("acme_{alnum:30}")
OTHER = expand("acme_{alnum:30}", 1)
PASSWORD = expand("{alnum:14}", 2)


def line(**fields: object) -> str:
    return json.dumps(fields) + "\n"


def transcript(*lines: str) -> str:
    return "".join(lines)


def everything(machine: SweptMachine) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(machine.home.rglob("*")) if path.is_file())


def test_nothing_there(machine: SweptMachine) -> None:
    report = machine.sweep(fix=False)
    assert (report.files, report.times, report.swept, report.left) == (0, 0, [], [])


def test_looking_changes_nothing(machine: SweptMachine) -> None:
    path = machine.write("projects/-p/s.jsonl", line(type="user", message={"content": f"use {TOKEN}"}), mode=0o644)
    before = path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode
    report = machine.sweep(fix=False)
    assert report.times == 1
    assert [(value.rule, value.label, value.times, list(value.files)) for value in report.values.values()] == [
        ("secret.acme-token", "ACME_TOKEN", 1, [str(path)])
    ]
    assert str(path) in [copy.path for copy in report.open]
    assert (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_mode) == before
    assert machine.vault.entries() == []


PLACES = (
    "projects/-p/s.jsonl",
    "projects/-p/s/subagents/agent-1.jsonl",
    "projects/-p/s/tool-results/t.txt",
    "history.jsonl",
    "file-history/s/abc@v1",
    "paste-cache/1.txt",
    "shell-snapshots/snapshot-bash-1.sh",
    "todos/1.json",
    "debug/s.txt",
)


@pytest.mark.parametrize("name", PLACES)
def test_every_place_is_swept(machine: SweptMachine, name: str) -> None:
    path = machine.write(name, line(type="user", text=f"a {TOKEN} b"))
    assert machine.sweep(fix=True).swept[0].done is Done.REDACTED
    assert TOKEN not in path.read_text()
    assert restored(machine.vault, path.read_text()) == line(type="user", text=f"a {TOKEN} b")
    assert machine.sweep(fix=False).times == 0


@pytest.mark.parametrize(
    "name", ["settings.json", ".credentials.json", "CLAUDE.md", "sessions/1.key", "backups/.claude.json.backup.1"]
)
def test_what_is_no_copy_stays(machine: SweptMachine, name: str) -> None:
    path = machine.write(name, TOKEN, mode=0o644)
    assert machine.sweep(fix=True).times == 0
    assert path.read_text() == TOKEN


def test_all_forms_of_one_result(machine: SweptMachine) -> None:
    text = f'export KEY="{TOKEN}"\n'
    path = machine.write(
        "projects/-p/s.jsonl",
        transcript(
            line(type="queue-operation", operation="enqueue", content=text),
            line(type="user", message={"content": [{"type": "tool_result", "content": text}]}, toolUseResult={"stdout": text}),
            line(type="user", toolUseResult=f"Error: Exit code 1\n{text}"),
            line(type="user", toolUseResult={"originalFile": json.dumps({"a": text})}),
            line(type="user", toolUseResult={"stdout": base64.b64encode(text.encode()).decode()}),
            line(type="last-prompt", lastPrompt=text),
        ),
    )
    machine.sweep(fix=True)
    after = path.read_text()
    assert TOKEN not in after
    assert base64.b64encode(TOKEN.encode()).decode()[:20] not in after
    records = [json.loads(each) for each in after.splitlines()]
    assert [record["type"] for record in records] == ["queue-operation", *["user"] * 4, "last-prompt"]
    shown = records[0]["content"]
    assert PLACEHOLDER.search(shown)
    assert records[1]["toolUseResult"]["stdout"] == shown == records[5]["lastPrompt"]
    assert machine.sweep(fix=False).times == 0


def test_what_one_file_betrays_is_taken_out_of_all(machine: SweptMachine) -> None:
    first = machine.write("projects/-p/a.jsonl", line(text=f"the answer was {PASSWORD} then"))
    machine.write("projects/-p/b.jsonl", line(text=f"DB_PASSWORD={PASSWORD}"))
    assert machine.sweep(fix=False).values
    report = machine.sweep(fix=True)
    assert len(report.swept) == 2
    assert PASSWORD not in first.read_text()
    assert machine.sweep(fix=False).times == 0


def test_a_line_that_was_cut_off(machine: SweptMachine) -> None:
    whole, cut = line(text=TOKEN), f'{{"type":"user","text":"{OTHER} and'
    path = machine.write("projects/-p/s.jsonl", whole + cut)
    machine.sweep(fix=True)
    lines = path.read_text().split("\n")
    assert json.loads(lines[0])
    assert OTHER not in lines[1]
    assert lines[1].startswith('{"type":"user","text":"CKR_')
    assert lines[1].endswith(" and")
    assert machine.sweep(fix=False).times == 0


def test_what_is_no_text_in_it_stays_as_it_is(machine: SweptMachine) -> None:
    path = machine.write("projects/-p/s/tool-results/t.txt", b"caf\xe9 " + TOKEN.encode() + b"\r\n\xff")
    machine.sweep(fix=True)
    assert path.read_bytes().startswith(b"caf\xe9 CKR_")
    assert path.read_bytes().endswith(b"\r\n\xff")


def test_a_file_without_findings_is_not_touched(machine: SweptMachine) -> None:
    path = machine.write("projects/-p/s.jsonl", line(text="nothing here"))
    before = path.stat()
    machine.sweep(fix=True)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_times_stay_and_modes_are_tightened(machine: SweptMachine) -> None:
    path = machine.write("projects/-p/s/tool-results/t.txt", TOKEN, mode=0o644)
    clean = machine.write("projects/-p/s/tool-results/u.txt", "nothing", mode=0o664)
    path.parent.chmod(0o755)
    os.utime(path, ns=(10**18, 10**18 + 5))
    report = machine.sweep(fix=True)
    assert path.stat().st_mtime_ns == 10**18 + 5
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, clean, path.parent)] == [0o600, 0o600, 0o700]
    assert report.closed == len(report.open) >= 3
    assert machine.sweep(fix=False).open == []


def test_a_file_that_is_held_is_masked_where_it_is(machine: SweptMachine) -> None:
    path = machine.write("projects/-p/s.jsonl", line(text=f"é {TOKEN} ü") + line(text="more"))
    machine.open_elsewhere.add(str(path))
    before = path.stat()
    with path.open("ab") as writer:
        report = machine.sweep(fix=True)
        writer.write(line(text="later").encode())
    assert report.swept[0].done is Done.MASKED
    assert path.stat().st_ino == before.st_ino
    assert path.read_text() == line(text=f"é {'*' * len(TOKEN)} ü") + line(text="more") + line(text="later")
    assert machine.sweep(fix=False).times == 0


def test_thinking_that_changed_keeps_no_signature(machine: SweptMachine) -> None:
    signature = base64.b64encode(bytes(range(200))).decode()
    blocks = [
        {"type": "thinking", "thinking": f"it is {TOKEN}", "signature": signature},
        {"type": "thinking", "thinking": "something else", "signature": signature},
    ]
    path = machine.write("projects/-p/s.jsonl", "".join(line(type="assistant", message={"content": [each]}) for each in blocks))
    machine.sweep(fix=True)
    first, second = (json.loads(each)["message"]["content"][0] for each in path.read_text().splitlines())
    assert first["type"] == "text"
    assert first["text"].startswith("it is CKR_")
    assert "signature" not in first
    assert second == blocks[1]


def test_binary_files_and_links_are_named(machine: SweptMachine) -> None:
    image = machine.write("image-cache/1.png", b"\x89PNG\0\0" + TOKEN.encode())
    (machine.home / ".claude/projects/-p").mkdir(parents=True)
    link = machine.home / ".claude/projects/-p/link.jsonl"
    target = machine.home / "elsewhere.jsonl"
    target.write_text(TOKEN)
    link.symlink_to(target)
    report = machine.sweep(fix=True)
    assert report.binary == [str(image)]
    assert [(left.path, left.why) for left in report.left] == [(str(link), "it is a link")]
    assert target.read_text() == TOKEN


def test_a_file_that_cannot_be_searched_is_told_and_not_passed_as_clean(machine: SweptMachine) -> None:
    class Broken:
        def scan(self, text: str) -> tuple[Sensitive, ...]:
            raise ValueError(text)

    path = machine.write("projects/-p/s.jsonl", line(text=TOKEN))
    uid = os.geteuid()
    own = [place for place in places(machine.env, uid) if place.path.startswith(str(machine.home))]
    found = [copy for place in own for copy in copies(place, uid, lambda *_: None)]
    report = Sweeper(Broken()).run(found, Report())
    assert [(left.path, left.why) for left in report.left if left.path == str(path)] == [(str(path), "ValueError")]
    assert report.files == 0
    assert TOKEN not in repr(report)


def test_many_pieces(machine: SweptMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkrein.sweep.texts.PIECE", 1000)
    secrets = [expand("acme_{alnum:30}", number) for number in range(100)]
    path = machine.write("projects/-p/s.jsonl", "".join(line(text=f"k {each} {'x ' * 60}") for each in secrets))
    report = machine.sweep(fix=True)
    assert report.times == 100
    assert not [each for each in secrets if each in path.read_text()]
    assert len([json.loads(each) for each in path.read_text().splitlines()]) == 100


def test_the_cache_and_the_temporary_folder_count(machine: SweptMachine) -> None:
    uid = os.geteuid()
    output = Path(machine.env["CLAUDE_CODE_TMPDIR"], f"claude-{uid}/-p/s/tasks/b1.output")
    log = machine.home / ".cache/claude-cli-nodejs/-p/mcp-logs-x/1.jsonl"
    for path in (output, log):
        path.parent.mkdir(parents=True)
        path.write_text(TOKEN)
    assert {swept.copy.path for swept in machine.sweep(fix=True).swept} == {str(output), str(log)}
    assert TOKEN.encode() not in everything(machine)


def test_the_configured_folder_is_the_clients(machine: SweptMachine, tmp_path: Path) -> None:
    (tmp_path / "own/projects/-p").mkdir(parents=True)
    path = tmp_path / "own/projects/-p/s.jsonl"
    path.write_text(line(text=TOKEN))
    machine.env["CLAUDE_CONFIG_DIR"] = str(tmp_path / "own")
    assert [swept.copy.path for swept in machine.sweep(fix=False).swept] == [str(path)]
