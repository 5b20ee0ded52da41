"""``checkrein check``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from checkrein.cli.check import answer, check, explained
from checkrein.core import Action, Decision, Finding, Severity, Threat, UsageError, Verdict


@pytest.fixture(autouse=True)
def _in_the_project(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(world.home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(world.project)


def run(*words: str, text: str = "") -> Result:
    return CliRunner().invoke(check, words, input=text)


def test_what_would_go_ahead() -> None:
    result = run("ls -l")
    assert (result.exit_code, result.output) == (0, "allow\n")


def test_what_would_be_stopped() -> None:
    result = run("rm -rf ~")
    home = Path.home()
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "deny",
        "  files.delete-home (T7, critical): deny, set by the built-in policy",
        f"    `rm -r {home}` would delete the home folder",
        "    why: Everything that this user owns would be gone, keys and other projects included.",
        "    instead: Name the one file inside the project that has to go.",
    ]


@pytest.mark.parametrize(
    "command", ["echo x >> ../.bashrc", "echo x >> ~/.bashrc", "ln ~/.bashrc rc", "echo x >> {link}/.bashrc"]
)
def test_a_home_folder_behind_a_link_is_one(world: Any, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    world.write("~/.bashrc")
    link = world.root / "link"
    link.symlink_to(world.home)
    monkeypatch.setenv("HOME", str(link))
    assert "protect.shell-startup" in run(command.format(link=link)).output


def test_a_broken_policy_file_is_named(world: Any) -> None:
    (world.project / "checkrein.yaml").write_text("version: 1\nunknwon: deny\n")
    result = run("ls -l")
    assert (result.exit_code, result.stdout) == (0, "allow\n")
    assert result.stderr.startswith(f"checkrein: {world.project}/checkrein.yaml:2: ")
    assert result.stderr.endswith("this policy file is passed over, see `checkrein policy check`\n")


def test_what_would_be_asked_about() -> None:
    result = run("cat", "unknown.txt", "|", "sh")
    assert (result.exit_code, result.output.splitlines()[0]) == (1, "ask")


def test_what_would_be_changed(world: Any) -> None:
    world.write(".env", "KEY=1\n")
    result = run("grep -r KEY .")
    assert result.exit_code == 0
    assert result.output.splitlines()[:2] == ["allow", "  changed to: grep --exclude=.env -r KEY ."]
    answered = json.loads(run("--json", "grep -r KEY .").output)
    assert answered["changed_input"] == {"command": "grep --exclude=.env -r KEY ."}
    assert "changed_input" not in json.loads(run("--json", "ls").output)


def test_what_would_be_kept_first(world: Any) -> None:
    world.write("notes.md")
    result = run("rm notes.md")
    assert result.exit_code == 0
    assert result.output.splitlines()[:2] == [
        "allow",
        "  files.delete-unsaved (T7, medium): kept first, then allowed, set by the built-in policy",
    ]
    assert "instead:" not in result.output
    assert (world.project / "notes.md").exists()


def test_as_json(world: Any) -> None:
    result = run("--json", "rm -rf /")
    assert result.exit_code == 1
    answered = json.loads(result.output)
    assert answered["decision"] == "deny"
    assert "files.delete-system" in answered["rules"]
    assert answered["findings"][0] == {
        "rule": "files.delete-system",
        "threat": "T7",
        "severity": "critical",
        "action": "deny",
        "what": "`rm -r /` would delete the system's own files",
        "policy": "default",
    }
    assert json.loads(run("--json", "ls").output) == {"decision": "allow", "rules": [], "findings": []}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("command", "ls"), 0),
        (("command", "rm -rf /"), 1),
        (("path", "a.py"), 0),
        (("path", ".env"), 1),
        (("path", "~/.local/state/checkrein/token"), 1),
        (("path", "package-lock.json"), 1),
        (("checkrein down",), 1),
    ],
)
def test_kinds(words: tuple[str, ...], code: int) -> None:
    assert run(*words).exit_code == code


def test_an_event() -> None:
    given = {"tool_name": "Read", "tool_input": {"file_path": ".env"}}
    assert run("event", text=json.dumps(given)).exit_code == 1
    assert run("event", text=json.dumps({**given, "tool_input": {"file_path": "a"}})).exit_code == 0


def test_lines() -> None:
    lines = [{"id": 1, "command": "ls"}, {"id": "b", "command": "rm -rf /"}, {"command": "git status"}]
    result = run("--jsonl", text="\n".join(json.dumps(line) for line in lines) + "\n\n")
    answered = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 0
    assert [(line["id"], line["decision"]) for line in answered] == [(1, "allow"), ("b", "deny"), (None, "allow")]


def test_lines_about_paths() -> None:
    cases = [("read", "deny"), ("write", "allow"), ("delete", "ask"), ("glob", "allow"), ("any", "deny")]
    text = "\n".join(json.dumps({"id": access, "path": ".env", "access": access}) for access, _ in cases)
    answered = [json.loads(line) for line in run("path", "--jsonl", text=text).output.splitlines()]
    assert [(line["id"], line["decision"]) for line in answered] == cases


def test_lines_that_cannot_be_understood_are_answered_and_told() -> None:
    text = '{"id": 1, "command": "ls"}\nnonsense\n[]\n{"id": 4}\n{"id": 5, "command": ["ls"]}\n{"id": 6, "command": "ls"}\n'
    result = run("--jsonl", text=text)
    answered = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["id"], line.get("decision"), line.get("error")) for line in answered] == [
        (1, "allow", None),
        (None, None, "the input is not JSON"),
        (None, None, "the input is no JSON object"),
        (4, None, "a case needs a command, as text"),
        (5, None, "a case needs a command, as text"),
        (6, "allow", None),
    ]
    assert isinstance(result.exception, UsageError)
    assert result.exception.what == "4 lines could not be understood"


@pytest.mark.parametrize(
    ("words", "text", "what"),
    [
        ((), "", "Say what to check"),
        (("command",), "", "check command needs something to look at"),
        (("path",), "", "check path needs something to look at"),
        (("event",), "", "no event on standard input"),
        (("event",), "{", "the input is not JSON"),
        (("event",), "[]", "the input is no JSON object"),
        (("event",), "{}", "an event needs tool_name and tool_input"),
        (("event",), '{"tool_name": "Bash", "tool_input": []}', "an event needs tool_name and tool_input"),
    ],
)
def test_questions_that_cannot_be_understood(words: tuple[str, ...], text: str, what: str) -> None:
    result = run(*words, text=text)
    assert isinstance(result.exception, UsageError)
    assert (result.exception.what, result.exception.exit_code) == (what, 2)
    assert result.output == ""


def test_an_access_that_there_is_not() -> None:
    answered = json.loads(run("path", "--jsonl", text='{"path": "a", "access": "sniff"}').stdout)
    assert answered["error"] == "access 'sniff' is none of any, read, write, delete, glob"


def test_hostile_text_is_not_printed_as_it_is() -> None:
    result = run("rm -rf ~/\x1b[2J\u202e")
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_nothing_is_left_behind(world: Any) -> None:
    before = sorted(world.root.rglob("*"))
    world_files = [path for path in before if path.is_file()]
    run("rm -rf .")
    run("rm -rf ~/.local/state/checkrein")
    assert [path for path in sorted(world.root.rglob("*")) if path.is_file()] == world_files


def test_an_approved_call_is_an_allowed_one() -> None:
    finding = Finding("a.b", Threat.FILE_CHANGES, Severity.LOW, Action.ALLOW, "it happens")
    decision = Decision("d", Verdict.APPROVE, (finding, finding))
    assert answer(decision)["decision"] == "allow"
    assert answer(decision)["rules"] == ["a.b"]
    assert list(explained(Decision("d", Verdict.APPROVE))) == ["approve"]


def test_nothing_to_check() -> None:
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(check, [], catch_exceptions=False)
    assert (caught.value.what, caught.value.fix) == ("Say what to check", "checkrein check 'rm -rf build'")
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(check, ["event"], input=" \n", catch_exceptions=False)
    assert (caught.value.what, caught.value.fix) == ("no event on standard input", "checkrein check event < FILE")


def test_a_word_like_a_kind_is_no_command() -> None:
    result = CliRunner().invoke(check, ["secrets", "."])
    assert isinstance(result.exception, UsageError)
    assert "did you mean `checkrein check secret .`?" in str(result.exception)
    assert result.exception.exit_code == 2
    assert run("command", "secrets .").exit_code == 0


@pytest.mark.parametrize("line", ["pathh x", "evnt", "pi ."])
def test_more_words_like_kinds(line: str) -> None:
    with pytest.raises(UsageError, match="did you mean"):
        CliRunner().invoke(check, line.split(), catch_exceptions=False)


def test_a_command_without_a_program_is_said_to_be_one() -> None:
    result = run("no-such-program-here x")
    assert result.exit_code == 0
    assert "judged as a shell command; there is no program `no-such-program-here`" in result.stderr
    for line in ("ls", "cd /", "for x in a; do echo $x; done", "X=1 nothing", "./script"):
        assert run(line).stderr == ""


@pytest.mark.parametrize(("kind", "own", "other"), [("secret", "--baseline", "--kinds"), ("pii", "--kinds", "--baseline")])
def test_kinds_have_a_help_of_their_own(kind: str, own: str, other: str) -> None:
    for words in ([kind, "--help"], ["--help", kind]):
        shown = CliRunner().invoke(check, words, prog_name="checkrein check").output
        assert shown.startswith(f"Usage: check {kind} [OPTIONS] PATH...")
        assert own in shown
        assert other not in shown
    general = CliRunner().invoke(check, ["--help"]).output
    assert "--baseline" in general
    assert "--kinds" in general
