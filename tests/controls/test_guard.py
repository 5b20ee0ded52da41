"""Checkrein protects itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkrein.core import Decision, Event, EventKind, Verdict

PID, PORT = 4141, 4747  # as in the ``world`` fixture


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


@pytest.mark.parametrize(
    "command",
    [
        f"kill {PID}",
        f"kill -9 {PID}",
        f"kill -9 -{PID}",
        f"kill 1234 {PID}",
        "pkill checkrein",
        "pkill -f check.ein",
        "killall checkrein",
        "pkill -9 -f 'checkrein|vite'",
        "systemctl --user stop checkrein",
        "bash -c 'pkill -f checkrein-supervisor'",
    ],
)
def test_the_service_is_not_stopped(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.stop-service" in rules(decision)
    assert decision.verdict is Verdict.DENY


@pytest.mark.parametrize(
    "command",
    [
        "kill 4142",
        "kill -0 1234",
        "pkill -f vite",
        "pkill node",
        "killall python3x",
        f"echo kill {PID}",
        f"ssh host kill {PID}",
    ],
)
def test_other_processes_are_not_ours(world: Any, command: str) -> None:
    assert "guard.stop-service" not in rules(world.bash(command))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9", "0.0.0.0"])
def test_the_port_is_the_clients(world: Any, host: str) -> None:
    assert rules(world.bash(f"curl http://{host}:{PORT}/health")) == {"guard.service-port"}


@pytest.mark.parametrize("url", [f"http://127.0.0.1:{PORT}0/", "http://127.0.0.1:80/", f"https://example.com:{PORT}/"])
def test_other_ports_are_not_ours(world: Any, url: str) -> None:
    assert rules(world.bash(f"curl {url}")) == set()


@pytest.mark.parametrize(
    "command",
    [
        "checkrein down",
        "checkrein allow abc --once",
        "checkrein --help allow x",
        "/usr/bin/checkrein down",
        "python3 -m checkrein down",
        "env FOO=1 checkrein up",
        "nohup checkrein down &",
        "xargs checkrein allow < ids",
        "$(which checkrein) down; checkrein down",
    ],
)
def test_what_only_a_person_may_say(world: Any, command: str) -> None:
    assert "guard.own-command" in rules(world.bash(command))


@pytest.mark.parametrize(
    "command",
    ["checkrein status", "checkrein check 'rm -rf /'", "checkrein explain abc", "echo checkrein down", "man checkrein"],
)
def test_what_anybody_may_say(world: Any, command: str) -> None:
    assert rules(world.bash(command)) == set()


@pytest.mark.parametrize(
    "command",
    [
        "claude --bare",
        "claude -p x --dangerously-skip-permissions",
        "claude --setting-sources=project",
        "timeout 9 claude --safe-mode",
    ],
)
def test_another_client_without_hooks(world: Any, command: str) -> None:
    assert "guard.unguarded-client" in rules(world.bash(command))


@pytest.mark.parametrize("command", ["claude --version", "claude mcp list", "grep --bare x a"])
def test_another_client_with_hooks(world: Any, command: str) -> None:
    assert "guard.unguarded-client" not in rules(world.bash(command))


DISARMING = {"disableAllHooks": True}


@pytest.mark.parametrize(
    "name",
    [
        ".claude/settings.json",
        ".claude/settings.local.json",
        "~/.claude/settings.json",
        "~/.claude.json",
        "sub/.claude/settings.json",
    ],
)
def test_settings_that_disarm_are_not_written(world: Any, name: str) -> None:
    path, text = str(world.path(name)), json.dumps(DISARMING)
    assert "guard.disarm" in rules(world.judge("Write", {"file_path": path, "content": text}))
    assert "guard.disarm" in rules(world.bash(f"cat > {path} <<'E'\n{text}\nE"))
    assert "guard.disarm" in rules(world.judge("mcp__fs__write_file", {"path": path, "content": text}))


def test_an_edit_that_disarms(world: Any) -> None:
    path = world.write(".claude/settings.json", '{"model": "x"}')
    edit = {"file_path": str(path), "old_string": '"model": "x"', "new_string": '"disableAllHooks": true'}
    assert "guard.disarm" in rules(world.judge("Edit", edit))


def test_settings_elsewhere_are_data(world: Any) -> None:
    assert (
        rules(world.judge("Write", {"file_path": str(world.path("fixtures/settings.json")), "content": json.dumps(DISARMING)}))
        == set()
    )


@pytest.mark.parametrize(
    ("text", "verdict"), [(json.dumps(DISARMING), Verdict.DENY), ("{", Verdict.DENY), ('{"model": "x"}', Verdict.NONE)]
)
def test_a_settings_file_that_was_changed_otherwise(world: Any, text: str, verdict: Verdict) -> None:
    path = world.write(".claude/settings.json", text)
    place = str(world.project)
    decision = world.point.decide(Event(EventKind.CONFIG_CHANGE, "s", place, place, text=str(path)))
    assert decision.verdict is verdict


def test_a_settings_file_that_is_gone(world: Any) -> None:
    place = str(world.project)
    assert (
        world.point.decide(Event(EventKind.CONFIG_CHANGE, "s", place, place, text=f"{place}/none.json")).verdict is Verdict.NONE
    )
