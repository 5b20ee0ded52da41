"""The service of a world, and what can befall it: with real processes, on loopback."""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkrein.core import ServiceError
from checkrein.prove.client import ClientProgram
from checkrein.prove.protection import Protection, protected
from checkrein.prove.replay import Endpoint, can_replay, replay
from checkrein.prove.run import Status
from checkrein.prove.scenario import Fault, Scenario, load_all
from checkrein.prove.world import Origin, World, build
from checkrein.service import manage
from checkrein.setup.install import Scope, Transport

WORK = Path(__file__).parents[2] / ".cache"
CLIENT = ClientProgram(Path("/nonexistent/claude"), "2.1.330")


@pytest.fixture
def place() -> Iterator[World]:
    """A world outside /tmp, whose files the policy would treat as temporary."""
    WORK.mkdir(exist_ok=True)
    scenario = next(each for each in load_all() if each.id == "write-source")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        world = build(scenario, Path(folder) / "w", Origin())
        yield world
        world.remove()


def ask(port: int, token: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/hook/PreToolUse", b"{}", {"X-Checkrein-Token": token})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


def test_protection_is_put_on_and_taken_off(place: World) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        settings = json.loads((place.home / ".claude/settings.json").read_text())
        assert "PreToolUse" in settings["hooks"]
        assert protection.transport is Transport.HTTP
        assert ask(protection.port, protection.token)[0] == 200
        assert place.fill("${port}") == str(protection.port)
        pid = manage.running_pid(protection.paths)
        assert str(pid) == place.fill("${supervisor}")
    assert manage.running_pid(protection.paths) is None
    with pytest.raises(OSError, match="refused"):
        ask(protection.port, protection.token)


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [(Fault.IMPOSTOR, 200, b"{}"), (Fault.ERROR_ANSWERS, 500, b"")],
)
def test_another_program_takes_the_port(place: World, fault: Fault, status: int, body: bytes) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        protection.inflict(fault)
        assert ask(protection.port, protection.token) == (status, body)
        assert not manage.status(protection.paths).healthy


def test_a_killed_service_is_gone_and_a_killed_worker_is_replaced(place: World) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        before = manage.status(protection.paths).health["pid"]
        protection.inflict(Fault.KILL_WORKER)
        assert ask(protection.port, protection.token)[0] == 200
        assert manage.status(protection.paths).health["pid"] != before
        protection.inflict(Fault.KILL)
        with pytest.raises(OSError, match="refused"):
            ask(protection.port, protection.token)


def test_managed_settings_go_to_the_stand_in_for_etc(place: World) -> None:
    with protected(place, CLIENT, Scope.MANAGED, None, None):
        assert (place.managed / "claude-code/managed-settings.d/checkrein.json").exists()
        assert not (place.home / ".claude/settings.json").exists()


def test_replay_tells_a_guard_that_judges_from_one_that_does_not(place: World, tmp_path: Path) -> None:
    scenarios = {each.id: each for each in load_all()}
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        endpoint = Endpoint.live(protection.paths)
        for name, status in (("delete-home", Status.STOPPED), ("delete-committed-file", Status.PASSED)):
            outcome = replay(scenarios[name], endpoint, place.root / "replay")
            assert (outcome.status, outcome.problems) == (status, ())
        protection.inflict(Fault.IMPOSTOR)
        outcome = replay(scenarios["delete-home"], endpoint, place.root / "replay")
        assert outcome.status is Status.FAILED
        assert "let through" in outcome.problems[0]
        with pytest.raises(ServiceError):
            Endpoint.live(protection.paths)


def test_what_can_be_replayed(case: Callable[..., Scenario]) -> None:
    assert can_replay(case())
    assert not can_replay(case("  disk: {a.txt: unchanged}"))
    assert not can_replay(case("  results: [{call: '0.0', is: refused}]\n  disk: {a.txt: unchanged}"))


def test_a_service_that_never_started_is_stopped_quietly(place: World) -> None:
    Protection(place).stop()
