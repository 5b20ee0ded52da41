from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from checkrein.cli.log import explain, log
from checkrein.core import Action, CheckreinError, Decision, Event, EventKind, Finding, Severity, Threat, Verdict
from checkrein.ledger import Ledger
from checkrein.locations import ledger_dir

FINDING = Finding(
    "git.push-force",
    Threat.DESTRUCTIVE_COMMANDS,
    Severity.HIGH,
    Action.DENY,
    "would overwrite origin/main",
    "commits would be lost",
    "push",
    "origin",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("time.time", lambda: 1_700_000_600.0)
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def recorded() -> None:
    with Ledger.open(ledger_dir()) as ledger:

        def event(
            kind: EventKind = EventKind.TOOL_CALL, tool: str = "Bash", command: str = "ls", at: float = 1_700_000_000.0
        ) -> Event:
            return Event(kind, "s1", "/p", "/p", "PreToolUse", tool, "toolu_1", {"command": command}, at=at)

        ledger.append(event(command="git push --force origin main"), Decision("c7f3k2", Verdict.DENY, (FINDING,)), 1234, str)
        ledger.append(event(command="echo \x1b]0;x\x07\u202e"), Decision("aaaaaa", Verdict.NONE), 100, str)
        ledger.append(event(tool="mcp__a__b", at=1_700_000_500.0), Decision("bbbbbb", Verdict.ASK, (FINDING,)), 100, str)


def run(*args: str) -> Result:
    return CliRunner().invoke(log, args, catch_exceptions=False)


HEAD = "TIME                 VERDICT  ID        WHAT          RULES  ASKED\n"
FIRST = "2023-11-14 22:13:20  deny     c7f3k2    Bash          git.push-force  git push --force origin main\n"
SECOND = "2023-11-14 22:13:20  allow    aaaaaa    Bash          -  echo \\x1b]0;x\\x07\\u{202e}\n"
THIRD = "2023-11-14 22:21:40  ask      bbbbbb    mcp__a__b     git.push-force  command='ls'\n"


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ((), FIRST + SECOND + THIRD),
        (("-n", "1"), THIRD),
        (("--verdict", "deny"), FIRST),
        (("--tool", "Bash", "--rule", "git"), FIRST),
        (("--since", "5m"), THIRD),
        (("--since", "2023-11-14T22:20:00+00:00"), THIRD),
        (("--session", "other"), ""),
        (("--project", "/p", "--verdict", "allow"), SECOND),
    ],
)
def test_one_line_for_each_entry(args: tuple[str, ...], shown: str) -> None:
    assert run(*args).stdout == (HEAD + shown if shown else "")


def test_an_id_of_eight_characters_stands_apart() -> None:
    with Ledger.open(ledger_dir()) as ledger:
        ledger.append(
            Event(EventKind.LIFECYCLE, "", "/", "/", "Guard", at=1_700_000_000.0), Decision("603ff837", Verdict.NONE), 1, str
        )
    assert "603ff837  Guard  " in run().stdout


@pytest.mark.usefixtures("recorded")
def test_lines_fit_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(ledger_dir()) as ledger:
        path = "/home/person/" + "folder/" * 20
        ledger.append(
            Event(EventKind.TOOL_CALL, "s", "/", "/", tool="Read", input={"file_path": path}),
            Decision("d", Verdict.NONE),
            1,
            str,
        )
    monkeypatch.setattr("checkrein.cli.log.columns", lambda: 80)
    lines = run().stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1:3] == [FIRST.partition("  git push")[0], "    git push --force origin main"]
    assert lines[-1].startswith("    /home/person/folder/")
    assert lines[-1].endswith("…")


@pytest.mark.usefixtures("recorded")
def test_json_lines() -> None:
    entries = [orjson.loads(line) for line in run("--json").output.splitlines()]
    assert [entry["id"] for entry in entries] == ["c7f3k2", "aaaaaa", "bbbbbb"]
    assert entries[0]["rules"] == ["git.push-force"]


@pytest.mark.usefixtures("recorded")
def test_following_shows_what_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks > 2:
            raise KeyboardInterrupt
        with Ledger.open(ledger_dir()) as ledger:
            for verdict in (Verdict.NONE, Verdict.DENY):
                event = Event(EventKind.TOOL_CALL, "s", "/", "/", tool=f"T{looks}", at=1_700_000_000.0)
                ledger.append(event, Decision(f"l{looks}", verdict), 1, str)

    monkeypatch.setattr("time.sleep", sleep)
    lines = run("-f", "--verdict", "deny").output.splitlines()
    assert [line.split()[4] for line in lines[1:4]] == ["Bash", "T1", "T2"]


def test_nothing_recorded_yet_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckreinError) as error:
        run()
    assert str(error.value) == (
        f"there is no ledger in {tmp_path}/state/checkrein/ledger\nwhy: nothing was recorded here yet\nfix: run `checkrein up`"
    )


def test_a_wrong_time_is_a_usage_error() -> None:
    result = run("--since", "soon")
    assert result.exit_code == 2
    assert "'soon' is no time; write 10m, 2h, 1d or 2026-01-31T12:00" in result.output


@pytest.mark.usefixtures("recorded")
def test_explain_shows_all() -> None:
    result = CliRunner().invoke(explain, ["c7f3k2"], catch_exceptions=False)
    lines = [line for line in result.output.splitlines() if not line.startswith(("digest", "entry"))]
    assert lines == [
        "decision  c7f3k2: deny",
        "time      2023-11-14 22:13:20, decided in 1.2 ms",
        "event     tool-call PreToolUse",
        "tool      Bash toolu_1",
        "session   s1",
        "project   /p",
        "asked",
        "    git push --force origin main",
        "",
        "git.push-force (deny, high, T7 destructive commands): would overwrite origin/main",
        "    about    origin",
        "    why      commits would be lost",
        "    instead  push",
        "    set by   the built-in policy",
    ]


@pytest.mark.usefixtures("recorded")
def test_explain_without_findings_and_as_json() -> None:
    assert CliRunner().invoke(explain, ["aaaaaa"]).output.endswith("\n    echo \\x1b]0;x\\x07\\u{202e}\n\nno rule spoke\n")
    assert orjson.loads(CliRunner().invoke(explain, ["aaaaaa", "--json"]).output)["verdict"] == "allow"


@pytest.mark.usefixtures("recorded")
def test_explain_of_an_unknown_id_is_an_error() -> None:
    with pytest.raises(CheckreinError, match=r"no decision \\x1bnope on record") as error:
        CliRunner().invoke(explain, ["\x1bnope"], catch_exceptions=False)
    assert error.value.exit_code == 2


@pytest.mark.usefixtures("recorded")
def test_an_id_in_capitals_is_understood() -> None:
    assert CliRunner().invoke(explain, ["C7F3K2"], catch_exceptions=False).output.startswith("decision  c7f3k2: deny")


@pytest.mark.usefixtures("recorded")
def test_no_entry_matches() -> None:
    shown = run("--tool", "Nope")
    assert (shown.stdout, shown.stderr) == ("", "no entry matches\n")
