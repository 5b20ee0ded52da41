"""What ``checkrein status`` prints."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein import __version__
from checkrein.cli import status as module
from checkrein.cli.status import Today, render, to_json, transports
from checkrein.core import LedgerError, PolicyError
from checkrein.service.manage import Status
from checkrein.service.manage_gateway import Route
from checkrein.service.manage_gateway import Status as GatewayStatus

FILE = Path("/home/me/.claude/settings.json")
SOCKET = Path("/run/x/service.sock")
UP = Status(running=True, healthy=True, pid=7, port=4711, socket=SOCKET, health={"version": "0.1.0", "handled": 12})
DOWN = Status(running=False, healthy=False, pid=None, port=4711, socket=SOCKET, trouble="the service does not run")


def test_on() -> None:
    since = time.mktime((2026, 3, 1, 9, 5, 0, 0, 0, -1))
    assert list(render(UP, {FILE: "http"}, since, Today(12, 2))) == [
        "Protection is on since 2026-03-01 09:05.",
        "  service    version 0.1.0, process 7, 127.0.0.1:4711",
        "  events     12 since the service started",
        "  settings   /home/me/.claude/settings.json: hooks by http",
        "  today      12 judged, 2 denied",
    ]


def test_a_broken_policy_file_is_named() -> None:
    error = PolicyError("/c/checkrein.yaml:2: unknown key 'x'", why="y")
    (line,) = (line for line in render(UP, {FILE: "http"}, None, None, [error]) if "policy" in line)
    assert line == (
        "  policy     /c/checkrein.yaml:2: unknown key 'x'; the file is not in force as it stands (`checkrein policy check`)"
    )
    assert json.loads(to_json(UP, {}, None, None, [error]))["broken_policy"] == ["/c/checkrein.yaml:2: unknown key 'x'; y"]


def test_on_with_the_service_down() -> None:
    assert list(render(DOWN, {FILE: "command and http"}, None, None)) == [
        "Protection is on, but the service does not answer: every call is stopped. Run `checkrein up`.",
        f"  service    down: the service does not run; version {__version__} is installed",
        "  settings   /home/me/.claude/settings.json: hooks by command and http",
    ]


def test_on_while_every_call_is_stopped() -> None:
    full = replace(UP, healthy=False, trouble="cannot write the ledger in /l (disk full)", health={"pid": 3, "trouble": "x"})
    assert list(render(full, {FILE: "http"}, None, LedgerError("cannot read the ledger", why="malformed"))) == [
        (
            "Protection is on, but every call is stopped, because cannot write the ledger in /l (disk full)."
            " Mend that, then run `checkrein up`."
        ),
        "  service    process 7, 127.0.0.1:4711: stops every call",
        "  settings   /home/me/.claude/settings.json: hooks by http",
        "  record     cannot read the ledger; malformed",
    ]


def test_the_transport_is_that_of_the_calls() -> None:
    http = {"type": "http", "headers": {"X-Checkrein-Token": "x"}, "url": "http://127.0.0.1:1/hook/x"}
    run = {"type": "command", "command": "/x/checkrein-hook"}
    hooks = {"PreToolUse": [{"hooks": [http]}], "SessionStart": [{"hooks": [run]}]}
    assert transports({"hooks": hooks}) == "http"
    assert transports({"hooks": {**hooks, "Stop": [{"hooks": [run]}]}}) == "command and http"
    assert transports({"hooks": {"SessionStart": [{"hooks": [run]}]}}) == "command"
    assert transports({"hooks": []}) == transports({}) == ""


def test_json() -> None:
    told = json.loads(to_json(UP, {FILE: "http"}, 5.0, Today(3, 1)))
    assert (told["on"], told["since"], told["today"], told["record"]) == (True, 5.0, {"judged": 3, "denied": 1}, "")
    assert told["service"]["pid"] == 7
    assert told["settings"] == [{"path": str(FILE), "hooks": "http"}]
    assert not json.loads(to_json(DOWN, {FILE: "http"}, None, None))["on"]


def test_hooks_that_somebody_took_out() -> None:
    assert list(render(UP, {FILE: ""}, None, None)) == [
        "Protection is off. Run `checkrein up`.",
        "  service    version 0.1.0, process 7, 127.0.0.1:4711",
        "  events     12 since the service started",
        "  settings   /home/me/.claude/settings.json: our hooks are gone from it",
    ]


def test_off_in_an_empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    result = CliRunner().invoke(module.status, [])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "Protection is off. Run `checkrein up`.",
        f"  service    down: the service does not run; version {__version__} is installed",
    ]
    assert list(tmp_path.iterdir()) == []


class TestGateway:
    ON = GatewayStatus(Route("https://api.example", {}, 2), True, True, 9, 4712, (10, 11))

    def test_on(self) -> None:
        assert "  gateway    127.0.0.1:4712, sends on to https://api.example" in render(UP, {}, None, None, (), self.ON)
        told = json.loads(to_json(UP, {}, None, None, (), self.ON))["gateway"]
        assert (told["healthy"], told["workers"], told["upstream"]) == (True, 2, "https://api.example")

    def test_down(self) -> None:
        down = replace(self.ON, running=False, healthy=False, pid=None, trouble="the gateway does not run")
        assert "  gateway    127.0.0.1:4712, nothing reaches the model: the gateway does not run" in render(
            UP, {}, None, None, (), down
        )

    def test_off(self) -> None:
        off = GatewayStatus(None, False, False, None, None, trouble="the gateway does not run")
        assert not any("gateway" in line for line in render(UP, {}, None, None, (), off))
        assert json.loads(to_json(UP, {}, None, None, (), off))["gateway"] is None
