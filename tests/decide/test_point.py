"""The decision point: one event in, one decision out, whatever happens on the way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkrein.controls import CONTROLS, Context
from checkrein.core import Action, Decision, Event, EventKind, Finding, Verdict
from checkrein.decide import SessionStore, point
from checkrein.decide.approvals import ApprovalStore, Scope, fingerprint
from checkrein.locations import spoken
from checkrein.undo import SnapshotStore

KEY = b"k" * 32


def rules(decision: Decision) -> list[str]:
    return [finding.rule for finding in decision.findings]


def broken(context: Context) -> Iterator[Finding]:
    raise RuntimeError(f"a control met {context.event.tool} and a value that nobody thought of")


def test_nothing_to_object_to(world: Any) -> None:
    decision = world.bash("make test")
    assert (decision.verdict, decision.findings, decision.message, decision.notice) == (Verdict.NONE, (), "", "")
    assert decision.updated_input is None


def test_the_words_of_a_refusal(world: Any) -> None:
    decision = replace(world.point, new_id=lambda: "abc123").decide(world.event("Bash", {"command": "rm -rf /"}))
    assert decision.id == "abc123"
    assert decision.message.splitlines()[0] == (
        "Deleting the system's files (files.delete-system): `rm -r /` would delete the system's own files."
    )
    assert decision.message.splitlines()[-1] == f"A person can permit this: {spoken()} allow abc123 --once"
    assert "checkrein explain abc123" in decision.notice


def test_a_control_that_fails_stops_the_call_and_silences_no_other(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point, "CONTROLS", (("of a test", broken), *CONTROLS))
    decision = world.bash("rm -rf /")
    assert decision.verdict is Verdict.DENY
    assert {"guard.control-failed", "files.delete-system"} <= set(rules(decision))
    harmless = world.bash("ls")
    assert (harmless.verdict, rules(harmless)) == (Verdict.DENY, ["guard.control-failed"])
    what = harmless.findings[0].what
    assert "the control for of a test failed (RuntimeError at test_point.py:" in what
    assert "nobody thought of" not in what  # an error's text may quote what it met


def test_the_policy_says_what_a_failure_means(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point, "CONTROLS", (("of a test", broken),))
    file = world.policy("on_error: ask", layer="user")
    decision = world.bash("ls")
    assert (decision.verdict, decision.findings[0].source) == (Verdict.ASK, f"{file}:2")


def test_an_analysis_that_fails_stops_the_call(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(point, "tool_analysis", fail)
    decision = world.bash("ls")
    assert (decision.verdict, rules(decision)) == (Verdict.DENY, ["guard.control-failed"])
    assert "the analysis of this call failed (RecursionError" in decision.findings[0].what


def test_a_broken_ignore_file_stops_reads(world: Any) -> None:
    os.mkfifo(world.project / ".claudeignore")
    world.write("a.py")
    decision = world.judge("Read", {"file_path": str(world.project / "a.py")})
    assert (decision.verdict, rules(decision)) == (Verdict.DENY, ["guard.control-failed"])


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in point.JUDGED])
def test_what_is_only_recorded(world: Any, kind: EventKind) -> None:
    event = replace(world.event("Bash", {"command": "rm -rf /"}), kind=kind, text="@.env")
    assert world.point.decide(event).verdict is Verdict.NONE


def test_a_prompt_is_judged_without_a_tool(world: Any) -> None:
    world.write(".env")
    assert rules(world.prompt("@.env rm -rf /")) == ["read.dotenv"]


# -- permissions


def permitting(world: Any, tmp_path: Path) -> tuple[Any, ApprovalStore]:
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    return world.new_point(approvals=approvals, key=KEY), approvals


def permit(world: Any, approvals: ApprovalStore, command: str, scope: Scope, expires: float = 0.0) -> None:
    action = fingerprint(KEY, world.event("Bash", {"command": command}))
    approvals.add(action, scope, now=time.time(), expires=expires)


def test_a_permission_for_once(world: Any, tmp_path: Path) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "git push --force", Scope.ONCE)
    event = world.event("Bash", {"command": "git push --force"})
    first, second = guarded.decide(event), guarded.decide(event)
    assert (first.verdict, second.verdict) == (Verdict.NONE, Verdict.DENY)
    assert first.findings[0].source.startswith("permitted by a person (once, ")
    assert all(finding.action <= Action.SNAPSHOT for finding in first.findings)


def test_a_permission_until_a_time(world: Any, tmp_path: Path) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "git push --force", Scope.UNTIL, time.time() + 3600)
    event = world.event("Bash", {"command": "git push --force"})
    assert [guarded.decide(event).verdict for _ in range(3)] == [Verdict.NONE] * 3


def test_a_permission_that_is_over(world: Any, tmp_path: Path) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "git push --force", Scope.UNTIL, time.time() - 1)
    assert guarded.decide(world.event("Bash", {"command": "git push --force"})).verdict is Verdict.DENY


def test_a_permission_for_always(world: Any, tmp_path: Path) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "git push --force", Scope.ALWAYS)
    event = world.event("Bash", {"command": "git push --force"})
    assert [guarded.decide(event).verdict for _ in range(3)] == [Verdict.NONE] * 3


@pytest.mark.parametrize(
    "change",
    [{"input": {"command": "git push --force origin"}}, {"tool": "BashTool"}, {"project": "/elsewhere"}, {"cwd": "/"}],
    ids=["another command", "another tool", "another project", "another folder"],
)
def test_a_permission_is_for_one_action(world: Any, tmp_path: Path, change: dict[str, Any]) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "git push --force", Scope.ALWAYS)
    event = replace(world.event("Bash", {"command": "git push --force"}), **change)
    assert guarded.decide(event).verdict is Verdict.DENY


@pytest.mark.parametrize("command", ["bash x.sh", ". ./x.sh", "make"])
def test_a_permission_is_for_the_script_as_it_was(world: Any, tmp_path: Path, command: str) -> None:
    known: list[tuple[str, str]] = []
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    guarded = replace(world.new_point(approvals=approvals, key=KEY), on_stopped=lambda *given: known.append(given))
    event = world.event("Bash", {"command": command})
    scripts = world.write("x.sh", "git push --force\n"), world.write("Makefile", "all:\n\tgit push --force\n")
    decision = guarded.decide(event)
    assert decision.verdict is Verdict.DENY
    assert known[0][0] == decision.id
    approvals.add(known[0][1], Scope.ALWAYS, now=time.time())
    assert guarded.decide(event).verdict is Verdict.NONE
    for script in scripts:
        script.write_text(script.read_text() + "\trm -rf /\n")
    assert guarded.decide(event).verdict is Verdict.DENY


def test_a_permission_for_an_unreadable_script_is_for_that_one(world: Any, tmp_path: Path) -> None:
    known: list[tuple[str, str]] = []
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    guarded = replace(world.new_point(approvals=approvals, key=KEY), on_stopped=lambda *given: known.append(given))
    script = world.write("x.sh", "ls\0\n")
    event = world.event("Bash", {"command": "bash x.sh"})
    assert guarded.decide(event).stops
    approvals.add(known[0][1], Scope.ALWAYS, now=time.time())
    assert guarded.decide(event).verdict is Verdict.NONE
    script.write_text("ls\0 longer\n")
    assert guarded.decide(event).stops


@pytest.mark.parametrize("undo", ["{enabled: false}", "{max_bytes: 1KB}"])
@pytest.mark.parametrize("action", ["deny", "ask", "snapshot"])
def test_a_permission_holds_where_nothing_can_be_kept(world: Any, tmp_path: Path, undo: str, action: str) -> None:
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    guarded = world.new_point(approvals=approvals, snapshots=SnapshotStore(tmp_path / "undo"), key=KEY)
    world.write("notes.md", "x" * 5000)
    world.policy(f"undo: {undo}\nrules: {{files.delete-unsaved: {action}}}", layer="user")
    event = world.event("Bash", {"command": "rm notes.md"})
    assert guarded.decide(event).stops
    permit(world, approvals, "rm notes.md", Scope.ONCE)
    decision = guarded.decide(event)
    assert (decision.verdict, decision.findings[0].action) == (Verdict.NONE, Action.ALLOW)
    assert "and it cannot be kept: " in decision.findings[0].what
    assert decision.findings[0].source.startswith("permitted by a person (once, ")
    assert guarded.decide(event).stops


def test_at_once_leaves_a_permission_for_the_thread(world: Any, tmp_path: Path) -> None:
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    snapshots = SnapshotStore(tmp_path / "undo")
    guarded = world.new_point(approvals=approvals, snapshots=snapshots, key=KEY)
    world.write("notes.md", "the only copy\n")
    world.policy("rules: {files.delete-unsaved: deny}", layer="user")
    event = world.event("Bash", {"command": "rm notes.md"})
    refused = guarded.at_once(event)
    assert refused is not None
    assert refused.verdict is Verdict.DENY
    permit(world, approvals, "rm notes.md", Scope.ONCE)
    assert guarded.at_once(event) is None
    assert snapshots.all() == []
    assert guarded.decide(event).verdict is Verdict.NONE
    assert len(snapshots.all()) == 1


@pytest.mark.parametrize(
    "command",
    [
        "for i in 1 2; do ls; done",
        "while ls; do ls; done",
        "ls {a,b}{c,d}",
        "f() ( ls )",
        "ls /*/*/x",
        "ls " + "x" * 3000,
        "sh x.sh",
    ],
)
def test_what_may_take_long_is_not_judged_at_once(world: Any, command: str) -> None:
    world.write("x.sh", "for i in 1 2; do ls; done\n")
    assert world.point.at_once(world.event("Bash", {"command": command})) is None
    assert world.bash(command).verdict is Verdict.NONE


def test_what_is_short_is_judged_at_once(world: Any) -> None:
    world.write("x.sh", "ls\n")
    for command, wanted in (("ls *.py", Verdict.NONE), ("sh x.sh", Verdict.NONE), ("rm -rf /", Verdict.DENY)):
        decision = world.point.at_once(world.event("Bash", {"command": command, "description": "Look for {x}"}))
        assert decision is not None
        assert decision.verdict is wanted


def test_what_needs_no_permission_uses_none_up(world: Any, tmp_path: Path) -> None:
    guarded, approvals = permitting(world, tmp_path)
    permit(world, approvals, "ls", Scope.ONCE)
    guarded.decide(world.event("Bash", {"command": "ls"}))
    assert len(approvals.holding(time.time())) == 1


# -- snapshots


def keeping(world: Any, tmp_path: Path) -> tuple[Any, SnapshotStore]:
    snapshots = SnapshotStore(tmp_path / "undo")
    return world.new_point(snapshots=snapshots), snapshots


def test_what_would_be_lost_can_be_brought_back(world: Any, tmp_path: Path) -> None:
    guarded, snapshots = keeping(world, tmp_path)
    path = world.write("notes.md", "the only copy\n")
    decision = guarded.decide(world.event("Bash", {"command": "rm notes.md"}))
    assert (decision.verdict, rules(decision)) == (Verdict.NONE, ["files.delete-unsaved"])
    path.unlink()
    snapshots.restore(decision.id)
    assert path.read_text() == "the only copy\n"


def test_what_is_stopped_anyway_is_not_kept(world: Any, tmp_path: Path) -> None:
    guarded, snapshots = keeping(world, tmp_path)
    world.write("notes.md")
    assert guarded.decide(world.event("Bash", {"command": "rm notes.md; rm -rf /"})).verdict is Verdict.DENY
    assert snapshots.all() == []


def test_what_cannot_be_kept_is_asked_about(world: Any, tmp_path: Path) -> None:
    guarded, _ = keeping(world, tmp_path)
    world.policy("undo: {max_bytes: 1KB}", layer="user")
    world.write("notes.md", "x" * 5000)
    decision = guarded.decide(world.event("Bash", {"command": "rm notes.md"}))
    assert decision.verdict is Verdict.ASK
    assert "and it cannot be kept: " in decision.findings[0].what


def test_without_snapshots_a_person_is_asked(world: Any, tmp_path: Path) -> None:
    guarded, _ = keeping(world, tmp_path)
    world.policy("undo: {enabled: false}", layer="user")
    world.write("notes.md")
    decision = guarded.decide(world.event("Bash", {"command": "rm notes.md"}))
    assert decision.verdict is Verdict.ASK
    assert "switched off by the policy" in decision.message


def test_a_permitted_loss_is_kept_all_the_same(world: Any, tmp_path: Path) -> None:
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    snapshots = SnapshotStore(tmp_path / "undo")
    guarded = world.new_point(approvals=approvals, snapshots=snapshots, key=KEY)
    world.write("notes.md", "the only copy\n")
    world.policy("rules: {files.delete-unsaved: deny}", layer="user")
    event = world.event("Bash", {"command": "rm notes.md"})
    assert guarded.decide(event).verdict is Verdict.DENY
    permit(world, approvals, "rm notes.md", Scope.ONCE)
    decision = guarded.decide(event)
    assert decision.verdict is Verdict.NONE
    assert [snapshot.id for snapshot in snapshots.all()] == [decision.id]


# -- policies


def test_layers(world: Any) -> None:
    world.policy("rules: {git.push-force: ask}", layer="user")
    assert world.bash("git push --force").verdict is Verdict.ASK
    world.policy("rules: {git.push-force: deny}")
    assert world.bash("git push --force").verdict is Verdict.DENY
    world.policy("rules: {git.push-force: deny}\nlock: [rules.git.push-force]", layer="organisation")
    (world.project / "checkrein.yaml").unlink()
    assert world.bash("git push --force").verdict is Verdict.DENY


def test_reading_may_be_spared_the_prompt(world: Any) -> None:
    world.write("a.py")
    assert world.bash("cat a.py").verdict is Verdict.NONE
    world.policy("approve: [read-only]", layer="user")
    assert world.bash("cat a.py").verdict is Verdict.APPROVE
    for command in ("cat /etc/hosts", "cat a.py > b.py", "python3 a.py", "cat .env", "sort -o a.py a.py", "$X a.py"):
        assert world.bash(command).verdict is not Verdict.APPROVE, command
    assert world.judge("Read", {"file_path": str(world.project / "a.py")}).verdict is Verdict.NONE


# -- what a session wrote


@pytest.fixture
def _home_is_not_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own folders are below /tmp, where nobody vouches for anything."""
    monkeypatch.setattr(point, "TEMPORARY", ())


def test_what_was_written_is_judged_when_it_is_run(world: Any) -> None:
    script = world.write("run.sh", "make\n")
    world.commit("run.sh")
    assert world.bash("sh run.sh").findings == ()
    assert world.judge("Write", {"file_path": str(script), "content": "rm -rf /\n"}).verdict is Verdict.NONE
    script.write_text("rm -rf /\n")
    assert "files.delete-system" in rules(world.bash("sh run.sh"))
    assert "files.delete-system" in rules(world.bash("./run.sh"))


@pytest.mark.usefixtures("_home_is_not_temporary")
@pytest.mark.parametrize(
    "command",
    ["echo 'rm -rf ~' > ~/tool.sh", "printf 'rm -rf ~' | tee ~/tool.sh", "mv evil.sh ~/tool.sh", "cp evil.sh ~/tool.sh"],
)
def test_also_outside_the_project_and_after_a_restart(world: Any, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "sessions"
    before = world.new_point(sessions=SessionStore(folder))
    script = world.path("~/tool.sh")
    world.write("evil.sh", "rm -rf ~\n")
    before.decide(world.event("Bash", {"command": command}))
    script.write_text("rm -rf ~\n")
    after = world.new_point(sessions=SessionStore(folder))
    decision = after.decide(world.event("Bash", {"command": "sh ~/tool.sh"}))
    assert "files.delete-home" in rules(decision)


@pytest.mark.usefixtures("_home_is_not_temporary")
@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("git clone https://example.com/x ~/x", "~/x/run.sh"),
        ("tar xf e.tgz -C ~/x", "~/x/run.sh"),
        ("unzip e.zip -d ~/x", "~/x/deep/run.sh"),
        ("cp -r evil ~/x", "~/x/run.sh"),
        ("mv evil ~/x", "~/x/run.sh"),
        ("rsync -a evil/ ~/stood/", "~/stood/run.sh"),
        ("cp evil/run.sh ~/stood/$NAME", "~/stood/run.sh"),
        ("cp evil/run.sh ~/link/run.sh", "~/stood/run.sh"),
    ],
)
def test_whole_folders_as_well(world: Any, command: str, made: str) -> None:
    for name in ("evil/run.sh", "~/stood/own.sh"):
        world.write(name, "rm -rf ~\n")
    world.path("~/link").symlink_to(world.path("~/stood"))
    session = world.point.stores.sessions.get("s")
    session.started = time.time() + 60
    assert world.bash("sh ~/stood/own.sh").findings == ()
    assert world.bash(command).verdict is not Verdict.DENY
    session.started -= 60
    world.write(made, "rm -rf ~\n")
    assert "files.delete-home" in rules(world.bash(f"sh {made}"))


@pytest.mark.usefixtures("_home_is_not_temporary")
def test_what_stood_in_such_a_folder_before_is_a_persons_own(world: Any) -> None:
    world.write("~/stood/own.sh", "rm -rf ~\n")
    world.point.stores.sessions.get("s").started = time.time() + 60
    world.bash("tar xf e.tgz -C ~/stood")
    assert world.bash("sh ~/stood/own.sh").findings == ()


@pytest.mark.usefixtures("_home_is_not_temporary")
def test_a_write_that_is_asked_about_is_remembered(world: Any) -> None:
    world.policy("scope: {outside_write: ask}", layer="user")
    assert world.bash("echo 'rm -rf ~' > ~/tool.sh").verdict is Verdict.ASK
    world.write("~/tool.sh", "rm -rf ~\n")
    assert "files.delete-home" in rules(world.bash("sh ~/tool.sh"))


@pytest.mark.parametrize("padding", ["# " + "x" * 1_100_000 + "\n", "# \0\n"], ids=["too large", "a NUL byte"])
@pytest.mark.parametrize("command", ["bash x.sh", "./x.sh", "sh < x.sh", "cat x.sh | sh"])
def test_padding_hides_nothing(world: Any, padding: str, command: str) -> None:
    world.write("x.sh", f"#!/bin/bash\n{padding}rm -rf ~\n").chmod(0o755)
    assert world.bash(command).stops


def test_what_was_compiled_here_is_run(world: Any) -> None:
    world.write("app").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(2_000_000))
    assert world.bash("./app").findings == ()


def test_a_project_of_long_ago_is_read_anew(world: Any) -> None:
    for number in range(point.MAX_PROJECTS + 10):
        event = replace(world.event("Bash", {"command": "ls"}), project=f"/p/{number}", cwd=f"/p/{number}")
        assert world.point.decide(event).verdict is Verdict.NONE
    assert len(world.point._ignores) == point.MAX_PROJECTS


def test_a_stopped_write_is_not_remembered(world: Any) -> None:
    assert world.bash("echo x > ~/x; rm -rf /").verdict is Verdict.DENY
    assert world.point.stores.sessions.get("s").written == {}


# -- many at once


def test_fifty_threads(world: Any, tmp_path: Path) -> None:
    approvals = ApprovalStore(tmp_path / "approvals" / "a.json", KEY)
    guarded = world.new_point(approvals=approvals, key=KEY, sessions=SessionStore(tmp_path / "sessions"))
    permit(world, approvals, "git push --force", Scope.ONCE)
    for name in ("a.py", ".env"):
        world.write(name)
    commands = {"git push --force": Verdict.DENY, "rm -rf /": Verdict.DENY, "cat .env": Verdict.DENY, "ls": Verdict.NONE}
    start = threading.Barrier(50)

    def one(number: int) -> list[tuple[str, Decision]]:
        start.wait()
        events = {command: world.event("Bash", {"command": command}, session=f"s{number % 7}") for command in commands}
        return [(command, guarded.decide(event)) for command, event in events.items()]

    with ThreadPoolExecutor(50) as pool:
        results = [result for each in pool.map(one, range(50)) for result in each]
    wrong = [(command, decision.verdict) for command, decision in results if decision.verdict is not commands[command]]
    assert wrong == [("git push --force", Verdict.NONE)]  # the one permission, used once
    assert len({decision.id for _, decision in results}) > 195


def test_events_of_every_shape_are_decided(world: Any) -> None:
    for given in ({}, {"command": None}, {"command": 7}, {"command": ["rm"]}, {"command": "\0"}, {"command": "rm -rf \ud800"}):
        assert world.judge("Bash", given).verdict in Verdict
    assert world.point.decide(Event(EventKind.TOOL_CALL, "", "/", "/", tool="")).verdict is Verdict.NONE


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("tests/test_a.py", "import shutil\nshutil.rmtree('/srv/x')\n", "pytest -q"),
        ("main.go", 'func main() { exec.Command("rm", "-rf", "/srv/x").Run() }\n', "go run ."),
        ("a.c", 'int main() { system("rm -rf /srv/x"); }\n', "cc -o a a.c && ./a"),
        ("tox.ini", "[testenv]\ncommands = rm -rf /srv/x\n", "tox"),
        ("compose.yaml", "services:\n  a: {image: a, privileged: true}\n", "docker compose up -d"),
        ("justfile", "a:\n  rm -rf /srv/x\n\0", "just a"),
    ],
)
def test_what_a_tool_wrote_is_judged_when_a_later_call_runs_it(world: Any, name: str, text: str, command: str) -> None:
    path = world.path(name)
    assert not world.bash(command).stops
    assert not world.judge("Write", {"file_path": str(path), "content": text}).stops
    world.write(name, text)
    assert world.bash(command).stops


@pytest.mark.parametrize("command", ["rm -rf link/", "rm -rf link/*", "rm -rf real"])
def test_a_snapshot_holds_what_lies_behind_a_link(world: Any, command: str) -> None:
    world.write("real/a.txt", "kept\n")
    (world.project / "link").symlink_to("real")
    store = SnapshotStore(world.state / "undo")
    world.point = world.new_point(snapshots=store)
    decision = world.bash(command)
    assert decision.verdict is Verdict.NONE
    assert "real/a.txt" in [item.path for item in store.get(decision.id).items]


@pytest.mark.parametrize("at_once", [False, True])
def test_a_session_is_known_from_its_start_on(world: Any, tmp_path: Path, at_once: bool) -> None:
    point = world.new_point(sessions=SessionStore(tmp_path / "sessions"))
    place = str(world.project)
    for name, kept in (("Notification", 0), ("SessionStart", 1)):
        event = Event(EventKind.LIFECYCLE, session="s", cwd=place, project=place, name=name)
        decision = point.at_once(event) if at_once else point.decide(event)
        assert decision.verdict is Verdict.NONE
        assert len(list((tmp_path / "sessions").glob("*.jsonl"))) == kept
