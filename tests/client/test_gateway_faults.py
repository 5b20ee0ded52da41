"""What befalls the gateway, or the API behind it, in the middle of a conversation of the real client.

Each time the conversation goes on, or the person is told what is wrong; and never is there a value in what the API gets.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import faulty_api
from checkrein.ledger.egress import DATABASE, EgressStore
from checkrein.locations import egress_dir, private_folder
from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse
from checkrein.prove.client import ClientProgram
from checkrein.prove.drive import ClientRun, Drive
from checkrein.prove.protection import Protection, protected
from checkrein.prove.scenario import load_all
from checkrein.prove.world import Origin, World, build
from checkrein.service import certificate, manage_gateway, supervisor
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths
from checkrein.setup.install import Scope
from faulty_api import Fault, FaultyApi
from relay import Relay

pytestmark = pytest.mark.client

NOWHERE = "http://127.0.0.1:9"
"""What the environment names as the API: the client must not ask there."""
PROMPT = "Look at @notes.txt"
DOWN_SECONDS = 1.0  # how long the gateway is gone before it is started anew
END = "All is well."
TURNS = ((ToolUse("Bash", {"command": "cat more.txt; false", "description": "Look"}),), (Text(END),))
NUMBER = re.compile(r"\d+")
ONE_RETRY = {"CLAUDE_CODE_MAX_RETRIES": "1"}


@dataclass
class Site:
    """A world with the gateway on. ``values`` stand in the files that the conversation is about."""

    client: ClientProgram
    world: World
    protection: Protection
    relay: Relay
    values: tuple[str, ...]

    @property
    def paths(self) -> ServicePaths:
        return self.protection.paths

    def play(self, api: ScriptedApi, **env: str) -> ClientRun:
        """One conversation with this API behind the gateway."""
        self.relay.lead(urlsplit(api.url).port or 0)
        place = self.world
        run = Drive(self.client.path, place.home, place.project, NOWHERE, PROMPT, "bypassPermissions", env=env).run()
        assert not [value for value in self.values if api.sent(value)]
        return run

    def start(self) -> None:
        """Put the gateway on again, as ``checkrein up`` does where it is gone."""
        route = manage_gateway.read_route(self.paths)
        assert route is not None
        manage_gateway.start(self.paths, route, env=self.world.environment(), runner=Runner.BACKGROUND)

    def rows(self) -> int:
        """How many requests are on record."""
        with EgressStore.open(egress_dir(self.world.environment())) as store:
            return len(list(store.rows()))


@pytest.fixture(scope="module")
def site(client: ClientProgram) -> Iterator[Site]:
    scenario = next(each for each in load_all() if each.id == "write-source")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, Relay() as relay:  # /tmp is temporary to the policy
        world = build(scenario, Path(folder) / "w", Origin())
        values = tuple(f"ghp_{secrets.token_hex(18)}" for _ in range(2))
        for name, value in zip(("notes.txt", "more.txt"), values, strict=True):
            (world.project / name).write_text(f"the token: {value}\n")
        with protected(world, client, Scope.USER, None, None, upstream=relay.url) as protection:
            yield Site(client, world, protection, relay, values)
        world.remove()


TROUBLE: dict[str, Fault] = {
    "rate-limited": faulty_api.error(429, "rate_limit_error", "Too many requests.", retry_after="1"),
    "overloaded": faulty_api.error(529, "overloaded_error", "Overloaded"),
    "failing": faulty_api.error(500, "api_error", "Internal server error"),
    "no-json": faulty_api.answer(200, b'{"type": "message", "content": [{"ty'),
    "no-error-json": faulty_api.answer(502, b"<html>Bad gateway</html>"),
    "slow": faulty_api.slow,
    "cut": faulty_api.cut,
}


@pytest.mark.parametrize("name", TROUBLE)
def test_after_trouble_the_conversation_goes_on(site: Site, name: str) -> None:
    """What is asked again is as clean as what was asked first."""
    with FaultyApi(TURNS, TROUBLE[name]) as api:
        run = site.play(api)
    assert api.met == 1
    assert run.result()["result"] == END, run.stdout
    talks = [request.body for request in api.messages() if request.json().get("tools")]
    assert all(b"the token: CKR_" in talk for talk in talks)
    assert len(talks) == len(TURNS) + (name != "slow")


@pytest.mark.parametrize("name", [name for name in TROUBLE if name not in ("slow", "cut")])
def test_where_trouble_lasts_the_person_is_told_what_the_api_said(site: Site, name: str) -> None:
    """In the client's words for it: those that it has without a gateway."""
    told = []
    for through in (True, False):
        with FaultyApi(TURNS, TROUBLE[name], turn=0, times=100) as api:
            run = site.play(api, **ONE_RETRY) if through else alone(site, api)
        told.append((run.code, run.result().get("is_error"), NUMBER.sub("0", str(run.result().get("result")))))
        assert api.met >= 1
    assert told[0] == told[1]
    assert told[0][1]


def test_where_every_answer_is_cut_the_person_is_told_by_whom(site: Site) -> None:
    with FaultyApi(TURNS, faulty_api.cut, turn=0, times=100) as api:
        run = site.play(api, **ONE_RETRY)
    assert run.result()["is_error"]
    assert "the connection to 127.0.0.1:" in run.result()["result"]
    assert "was cut" in run.result()["result"]


def alone(site: Site, api: ScriptedApi) -> ClientRun:
    """The same conversation without any of us: in another home, and without values."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        project = Path(folder) / "project"
        project.mkdir()
        (project / "notes.txt").write_text("no token\n")
        return Drive(site.client.path, Path(folder), project, api.url, PROMPT, "bypassPermissions", env=ONE_RETRY).run()


def killed(*pids: int) -> None:
    """SIGKILL, and wait until they are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not any(supervisor.start_time(pid) for pid in pids))


def until(condition: Callable[[], object]) -> None:
    """Wait for what comes in a moment."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def kill_worker(site: Site) -> None:
    killed(*manage_gateway.status(site.paths).workers)


def kill_supervisor(site: Site) -> None:
    pid = manage_gateway.status(site.paths).pid
    assert pid is not None
    killed(pid)


def kill_all(site: Site) -> None:
    found = manage_gateway.status(site.paths)
    assert found.pid is not None
    killed(found.pid, *found.workers)


def test_a_record_that_is_locked_is_told(site: Site) -> None:
    """What cannot be put on record does not leave; once it can be, all goes on."""
    held = sqlite3.connect(egress_dir(site.world.environment()) / DATABASE, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    with ScriptedApi(Script(TURNS)) as api:
        stopped = site.play(api, **ONE_RETRY).result()
        assert api.requests == []
        held.execute("ROLLBACK")
        held.close()
        assert stopped["is_error"]
        assert "Checkrein: nothing was sent" in stopped["result"]
        assert "locked" in stopped["result"]
        assert site.play(api).result()["result"] == END


@pytest.mark.parametrize("kill", [kill_worker, kill_supervisor, kill_all])
def test_killed_in_the_middle_of_an_answer(site: Site, kill: Callable[[Site], None]) -> None:
    """The client asks again: the supervisor's new worker, or the gateway that was put on again meanwhile."""
    starting = threading.Timer(DOWN_SECONDS, site.start)

    def befall(turn: int) -> None:
        if turn == 1:
            kill(site)
            if kill is not kill_worker:
                starting.start()

    before = site.rows()
    with ScriptedApi(Script(TURNS), befall) as api:
        run = site.play(api)
        if kill is not kill_worker:
            starting.join()
    assert api.failure is None
    assert run.result()["result"] == END, run.stdout
    assert site.rows() - before >= len(api.requests), "what reached the API is on record, so it went through the gateway"


def test_killed_for_good(site: Site) -> None:
    """The person is told, and nothing goes to the API by another way."""
    with ScriptedApi(Script(TURNS), lambda turn: kill_all(site) if turn == 1 else None) as api:
        run = site.play(api, **ONE_RETRY)
    site.start()
    assert run.result()["is_error"]
    assert "refused" in run.result()["result"].lower()
    assert len([request for request in api.messages() if request.json().get("tools")]) == len(TURNS)


def test_a_prompt_is_stopped_at_once_while_it_is_gone(site: Site) -> None:
    """The client alone would try for minutes, and then not say who did not answer."""
    kill_all(site)
    with ScriptedApi(Script(TURNS)) as api:
        run = site.play(api)
        assert api.requests == []
        site.start()
        assert "the gateway does not run" in run.stdout + run.stderr, run
        assert "checkrein up --gateway" in run.stdout + run.stderr
        assert run.code is not None
        assert site.play(api).result()["result"] == END


class Thief(ScriptedApi):
    """An API on the gateway's port, with a certificate that says of itself what the gateway's does, or with none."""

    def __init__(self, site: Site, *, tls: bool) -> None:
        super().__init__(Script([(Text("stolen"),)]))
        port = site.paths.gateway_port() or 0
        self._server.server_close()
        until(lambda: self._take(port))
        if tls:
            theirs = ServicePaths(*(private_folder(site.world.root / "thief"),) * 2)
            certificate.ensure(theirs)
            self._server.socket = certificate.serving(theirs).wrap_socket(self._server.socket, server_side=True)

    def _take(self, port: int) -> bool:
        """Listen there; False where another still does."""
        try:
            self._server.__init__(("127.0.0.1", port), self._server.RequestHandlerClass)  # type: ignore[misc]
        except OSError:
            return False
        return True


@pytest.mark.parametrize("tls", [True, False])
def test_a_program_that_takes_the_port_gets_nothing(site: Site, tls: bool) -> None:
    """After the gateway was killed its port is free; without its key nobody is believed there."""
    kill_all(site)
    with Thief(site, tls=tls) as thief, ScriptedApi(Script(TURNS)) as api:
        run = site.play(api, **ONE_RETRY)
    site.start()
    assert thief.requests == []
    assert api.requests == []
    assert "the gateway does not run" in run.stdout + run.stderr
