"""``checkrein allow`` against a service that is played here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from checkrein.cli import allow as module
from checkrein.core import Action, Decision, Event, EventKind, Finding, ServiceError, Severity, Threat, UsageError, Verdict
from checkrein.ledger import Ledger
from checkrein.locations import ledger_dir
from checkrein.service.caller import Response


class Played:
    def __init__(self) -> None:
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: dict[str, Response] = {
            "/control/allow": Response(200, {"handle": "h1"}),
            "/control/allow/confirm": Response(200, {"granted": "permitted \x1b[2Jonce"}),
            "/control/allow/list": Response(200, {"approvals": [{"id": "d1", "span": "once"}]}),
            "/control/allow/revoke": Response(200, {"revoked": "taken back"}),
        }

    def call(self, _paths: object, path: str, body: Mapping[str, Any], timeout: float = 0) -> Response:
        self.calls.append((path, body))
        return self.answers[path]


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(module, "call", made.call)
    monkeypatch.setattr(module, "_from_terminal", lambda prompt: "CODE23\n")
    return made


def run(*words: str) -> str:
    result = CliRunner().invoke(module.allow, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return f"{result.exit_code} {result.output}"


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        (["d1"], {"span": "once"}),
        (["d1", "--once"], {"span": "once"}),
        (["d1", "--for", "10m"], {"span": "until", "seconds": 600.0}),
        (["d1", "--for", "2h"], {"span": "until", "seconds": 7200.0}),
        (["d1", "--always"], {"span": "always"}),
    ],
)
def test_the_wish_and_the_code_reach_the_service(played: Played, words: list[str], wish: dict[str, Any]) -> None:
    assert run(*words) == (f"0 project and rule are not known: there is no ledger in {ledger_dir()}\npermitted \\x1b[2Jonce\n")
    assert played.calls == [
        ("/control/allow", {"id": "d1", **wish}),
        ("/control/allow/confirm", {"handle": "h1", "code": "CODE23\n"}),
    ]


def test_list_and_revoke(played: Played) -> None:
    assert run("--list") == '0 id="d1"  span="once"\n'
    assert run("d1", "--revoke") == "0 taken back\n"
    played.answers["/control/allow/list"] = Response(200, {"approvals": []})
    assert run("--list") == "0 No permissions hold.\n"


@pytest.mark.parametrize("words", [[], ["d1", "--once", "--always"], ["d1", "--list", "--revoke"]])
def test_usage(played: Played, words: list[str]) -> None:
    with pytest.raises(UsageError):
        run(*words)
    assert played.calls == []


@pytest.mark.parametrize("time", ["", "0m", "10", "m", "-5m", "1w", "1.5h"])
def test_times_that_are_none(played: Played, time: str) -> None:
    assert run("d1", "--for", time).startswith("2 ")
    assert played.calls == []


@pytest.mark.parametrize(("status", "error"), [(400, UsageError), (403, ServiceError)])
def test_the_services_errors_are_told(played: Played, status: int, error: type[Exception]) -> None:
    played.answers["/control/allow"] = Response(status, {"error": "Only a person", "why": "no \x07terminal", "fix": "do"})
    with pytest.raises(error, match="Only a person\nwhy: no \\\\x07terminal\nfix: do"):
        run("d1")


def test_without_a_terminal_nothing_is_confirmed(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(prompt: str) -> str:
        raise UsageError("There is no terminal to type at.")

    monkeypatch.setattr(module, "_from_terminal", none)
    with pytest.raises(UsageError):
        run("d1")
    assert [path for path, _ in played.calls] == ["/control/allow"]


def test_the_prompt_names_project_and_rule(played: Played) -> None:
    finding = Finding("git.push-force", Threat.DESTRUCTIVE_COMMANDS, Severity.HIGH, Action.DENY, "x", "y", "z", "o")
    with Ledger.open(ledger_dir()) as ledger:
        ledger.append(Event(EventKind.TOOL_CALL, "s", "/p", "/p"), Decision("d1", Verdict.DENY, (finding,)), 1, str)
    assert run("d1").startswith("0 project: /p\nrule:    git.push-force\npermitted")
    assert len(played.calls) == 2
