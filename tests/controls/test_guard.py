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


@pytest.mark.parametrize("text", [None, '{"model": "x"}' + " " * 1_100_000])
def test_a_settings_file_that_cannot_be_read(world: Any, text: str | None) -> None:
    path = world.path(".claude/settings.json") if text is None else world.write(".claude/settings.json", text)
    place = str(world.project)
    decision = world.point.decide(Event(EventKind.CONFIG_CHANGE, "s", place, place, text=str(path)))
    assert (decision.verdict, rules(decision)) == (Verdict.DENY, {"guard.disarm"})


@pytest.mark.parametrize(
    "command",
    [
        "CLAUDE_CODE_SIMPLE=1 claude -p x",
        "export CLAUDE_CODE_SIMPLE=1; claude",
        "env CLAUDE_CODE_SIMPLE=1 claude",
        "env -i claude -p x",
        "CLAUDE_CONFIG_DIR=/tmp/x claude",
        "HOME=/tmp/x claude",
        "claude --settings '{\"disableAllHooks\": true}'",
        'claude --settings=\'{"env": {"CLAUDE_CODE_SIMPLE": "1"}}\'',
        "claude --settings none.json",
        "claude --settings off.json",
    ],
)
def test_another_client_with_its_hooks_off(world: Any, command: str) -> None:
    world.write("off.json", json.dumps(DISARMING))
    decision = world.bash(command)
    assert ("guard.unguarded-client" in rules(decision), decision.verdict) == (True, Verdict.DENY)


@pytest.mark.parametrize(
    "command",
    [
        "CLAUDE_CODE_SIMPLE=0 claude -p x",
        "FOO=1 claude -p x",
        "claude --settings fine.json",
        'claude --settings \'{"model": "x"}\'',
        "grep claude -r . --settings none.json",
        "CLAUDE_CODE_SIMPLE=1 ls",
    ],
)
def test_another_client_that_keeps_its_hooks(world: Any, command: str) -> None:
    world.write("fine.json", '{"model": "x"}')
    assert "guard.unguarded-client" not in rules(world.bash(command))


def test_another_client_with_this_home(world: Any) -> None:
    assert "guard.unguarded-client" not in rules(world.bash(f"HOME={world.home} claude -p x"))
    assert "guard.unguarded-client" not in rules(world.bash(f"CLAUDE_CONFIG_DIR={world.home}/.claude claude -p x"))


@pytest.mark.parametrize(
    "command",
    [
        "python3.11 -m checkrein down",
        "xterm -e checkrein allow x",
        "gnome-terminal -- checkrein allow x",
        "konsole -e 'checkrein allow x'",
        "ssh -t localhost checkrein allow x",
    ],
)
def test_what_only_a_person_may_say_by_another_way(world: Any, command: str) -> None:
    assert "guard.own-command" in rules(world.bash(command))


@pytest.mark.parametrize(
    "command", ["xterm", "xterm -e make", "ssh localhost", "ssh -p 2222 -Nf dev@127.0.0.1 make", "ssh '[::1]' ls"]
)
def test_a_terminal_that_no_hook_sees(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.other-terminal" in rules(decision)
    assert decision.stops


@pytest.mark.parametrize(
    "command",
    [
        "xterm --version",
        "ssh host.example ls",
        "ssh localhost.example ls",
        "echo xterm",
        "kitty +kitten icat a",
        "ssh -fL 127.0.0.1:9:a:22 b",
    ],
)
def test_no_other_terminal_of_this_machine(world: Any, command: str) -> None:
    assert "guard.other-terminal" not in rules(world.bash(command))


@pytest.mark.parametrize(
    "command",
    [
        "curl --unix-socket $XDG_RUNTIME_DIR/checkrein/service.sock http://x/control/allow",
        "socat - UNIX-CONNECT:/run/user/7/checkrein/service.sock",
        "nc -U service.sock",
        "python3 -c \"import socket; socket.socket(1).connect('/run/user/7/checkrein/service.sock')\"",
    ],
)
def test_the_socket_is_not_talked_to(world: Any, command: str) -> None:
    assert "guard.service-port" in rules(world.bash(command))


@pytest.mark.parametrize(
    "command", ["curl --unix-socket /run/docker.sock http://x/", "echo checkrein/service.sock", "nc -U a.sock"]
)
def test_other_sockets(world: Any, command: str) -> None:
    assert "guard.service-port" not in rules(world.bash(command))


@pytest.mark.parametrize("command", ["pkill python", "pkill python3", "killall python3", "pkill -f 'python.*check'"])
def test_what_may_end_the_service(world: Any, command: str) -> None:
    decision = world.bash(command)
    assert "guard.stop-interpreter" in rules(decision)
    assert decision.stops


@pytest.mark.parametrize(
    "command", ["pkill -f 'python app.py'", "pkill -f '((.+)+)+!'", "pkill -f '(vite|webpack)'", "kill 77"]
)
def test_what_ends_other_processes(world: Any, command: str) -> None:
    assert not {"guard.stop-interpreter", "guard.stop-service"} & rules(world.bash(command))


@pytest.mark.parametrize(
    "command", ["pkill -f '.*rein'", "pkill '[c]heckrein'", "pkill -f '(vite|check.*)'", "pkill -f CHECKREIN"]
)
def test_patterns_that_are_the_service(world: Any, command: str) -> None:
    assert "guard.stop-service" in rules(world.bash(command))
