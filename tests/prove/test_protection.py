"""The service of a world, and what can befall it: with real processes, on loopback."""

from __future__ import annotations

import dataclasses
import http.client
import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import EventKind, ServiceError
from checkrein.ledger import LedgerReader
from checkrein.locations import undo_dir
from checkrein.prove.client import ClientProgram
from checkrein.prove.protection import Protection, _Process, protected
from checkrein.prove.replay import Endpoint, can_replay, replay, replay_all
from checkrein.prove.run import Status
from checkrein.prove.scenario import Fault, Scenario, load_all
from checkrein.prove.world import Origin, World, build
from checkrein.service import certificate, manage
from checkrein.setup.install import Scope, Transport
from checkrein.undo import SnapshotStore

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


def ask(port: int, token: str, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    if tls is not None:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=tls)
    connection.request("POST", "/hook/PreToolUse", b"{}", {"X-Checkrein-Token": token})
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


def gullible() -> ssl.SSLContext:
    """What believes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def test_protection_is_put_on_and_taken_off(place: World) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        settings = json.loads((place.home / ".claude/settings.json").read_text())
        assert "PreToolUse" in settings["hooks"]
        assert protection.transport is Transport.HTTP
        assert ask(protection.port, protection.token, certificate.calling(protection.paths))[0] == 200
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


def test_another_program_takes_the_port_with_a_certificate_of_its_own(place: World) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        protection.inflict(Fault.TLS_IMPOSTOR)
        with pytest.raises(ssl.SSLCertVerificationError):
            ask(protection.port, protection.token, certificate.calling(protection.paths))
        assert ask(protection.port, protection.token, gullible()) == (200, b"{}")


def test_a_killed_service_is_gone_and_a_killed_worker_is_replaced(place: World) -> None:
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        before = manage.status(protection.paths).health["pid"]
        protection.inflict(Fault.KILL_WORKER)
        assert ask(protection.port, protection.token, certificate.calling(protection.paths))[0] == 200
        assert manage.status(protection.paths).health["pid"] != before
        protection.inflict(Fault.KILL)
        with pytest.raises(OSError, match="refused"):
            ask(protection.port, protection.token)


FIRST_THREAD_ENDS = """
import ctypes, platform, threading
threading.Thread(target=input).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[platform.machine()], 0)
"""
"""exit(2) ends one thread: the process is shown as a zombie, while the other thread keeps all that it holds."""


def test_a_process_is_not_gone_before_its_last_thread() -> None:
    with subprocess.Popen([sys.executable, "-c", FIRST_THREAD_ENDS], stdin=subprocess.PIPE) as process:
        found = _Process.of(process.pid)
        stat = Path(f"/proc/{process.pid}/stat")
        while stat.read_bytes().rpartition(b")")[2].split()[0] != b"Z":
            time.sleep(0.01)
        assert found.lives
        process.kill()
    assert not found.lives


def test_managed_settings_go_to_the_stand_in_for_etc(place: World) -> None:
    with protected(place, CLIENT, Scope.MANAGED, None, None):
        assert (place.managed / "claude-code/managed-settings.d/checkrein.json").exists()
        assert not (place.home / ".claude/settings.json").exists()


def served_by(endpoint: Endpoint) -> Callable[[World], AbstractContextManager[Endpoint]]:
    return lambda _world: nullcontext(endpoint)


def test_replay_tells_a_guard_that_judges_from_one_that_does_not(place: World) -> None:
    scenario = next(each for each in load_all() if each.id == "delete-home")
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        endpoint = Endpoint.live(protection.paths)
        assert replay(scenario, place.root / "replay", served_by(endpoint)).status is Status.STOPPED
        protection.inflict(Fault.TLS_IMPOSTOR)
        for caller, problem in ((endpoint, "no answer"), (dataclasses.replace(endpoint, tls=gullible()), "let through")):
            outcome = replay(scenario, place.root / "replay", served_by(caller))
            assert outcome.status is Status.FAILED
            assert problem in outcome.problems[0]
        with pytest.raises(ServiceError):
            Endpoint.live(protection.paths)


def test_a_replay_leaves_nothing_in_the_record_of_the_person(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    scenarios = [each for each in load_all() if each.id in ("delete-untracked-work", "delete-committed-file")]
    with protected(place, CLIENT, Scope.USER, None, None) as protection:
        outcomes = replay_all(scenarios, place.root / "replay")
        assert [outcome.problems for outcome in outcomes] == [(), ()]
        with LedgerReader.open(protection.ledger) as reader:
            assert [entry for entry in reader.entries() if entry.kind == EventKind.TOOL_CALL] == []
        assert SnapshotStore(undo_dir(place.environment())).all() == []
    assert list((place.root / "replay").glob("*-replay")) == []


def test_what_can_be_replayed(case: Callable[..., Scenario]) -> None:
    assert can_replay(case())
    assert not can_replay(case("  disk: {a.txt: unchanged}"))
    assert not can_replay(case("  results: [{call: '0.0', is: refused}]\n  disk: {a.txt: unchanged}"))


def test_a_service_that_never_started_is_stopped_quietly(place: World) -> None:
    Protection(place).stop()


def test_a_service_that_comes_up_too_late_is_ended(place: World, monkeypatch: pytest.MonkeyPatch) -> None:
    start = manage.start

    def too_late(*given: Any, **named: Any) -> manage.Status:
        start(*given, **named)
        raise ServiceError("too late")

    monkeypatch.setattr(manage, "start", too_late)
    protection = Protection(place)
    with pytest.raises(ServiceError, match="too late"):
        protection.start()
    assert manage.running_pid(protection.paths) is None
