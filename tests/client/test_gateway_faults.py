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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import faulty_api
from checkrein.ledger.egress import DATABASE
from checkrein.locations import egress_dir, private_folder
from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse
from checkrein.prove.drive import ClientRun, Drive
from checkrein.service import certificate, manage_gateway, supervisor
from checkrein.service.paths import ServicePaths
from faulty_api import Fault, FaultyApi
from gateway_site import Site
from waiting import until

pytestmark = pytest.mark.client

PROMPT = "Look at @notes.txt"
DOWN_SECONDS = 1.0  # how long the gateway is gone before it is started anew
END = "All is well."
TURNS = ((ToolUse("Bash", {"command": "cat more.txt; false", "description": "Look"}),), (Text(END),))
NUMBER = re.compile(r"\d+")
ONE_RETRY = {"CLAUDE_CODE_MAX_RETRIES": "1"}


@dataclass(frozen=True)
class Conversation:
    """One that is about ``values``, which stand in the files of the site's project."""

    site: Site
    values: tuple[str, ...]

    def play(self, api: ScriptedApi, **env: str) -> ClientRun:
        """Have it with this API behind the gateway."""
        run = self.site.play(api, PROMPT, **env)
        assert not [value for value in self.values if api.sent(value)]
        return run


@pytest.fixture(scope="module")
def conversation(site: Site) -> Conversation:
    values = tuple(f"ghp_{secrets.token_hex(18)}" for _ in range(2))
    for name, value in zip(("notes.txt", "more.txt"), values, strict=True):
        (site.world.project / name).write_text(f"the token: {value}\n")
    return Conversation(site, values)


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
def test_after_trouble_the_conversation_goes_on(conversation: Conversation, name: str) -> None:
    """What is asked again is as clean as what was asked first."""
    with FaultyApi(TURNS, TROUBLE[name]) as api:
        run = conversation.play(api)
    assert api.met == 1
    assert run.result()["result"] == END, run.stdout
    talks = [request.body for request in api.messages() if request.json().get("tools")]
    assert all(b"the token: CKR_" in talk for talk in talks)
    assert len(talks) == len(TURNS) + (name != "slow")


@pytest.mark.parametrize("name", [name for name in TROUBLE if name not in ("slow", "cut")])
def test_where_trouble_lasts_the_person_is_told_what_the_api_said(site: Site, conversation: Conversation, name: str) -> None:
    """In the client's words for it: those that it has without a gateway."""
    told = []
    for through in (True, False):
        with FaultyApi(TURNS, TROUBLE[name], turn=0, times=100) as api:
            run = conversation.play(api, **ONE_RETRY) if through else alone(site, api)
        told.append((run.code, run.result().get("is_error"), NUMBER.sub("0", str(run.result().get("result")))))
        assert api.met >= 1
    assert told[0] == told[1]
    assert told[0][1]


def test_where_every_answer_is_cut_the_person_is_told_by_whom(conversation: Conversation) -> None:
    with FaultyApi(TURNS, faulty_api.cut, turn=0, times=100) as api:
        run = conversation.play(api, **ONE_RETRY)
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


def test_a_record_that_is_locked_is_told(site: Site, conversation: Conversation) -> None:
    """What cannot be put on record does not leave; once it can be, all goes on."""
    held = sqlite3.connect(egress_dir(site.world.environment()) / DATABASE, isolation_level=None)
    held.execute("BEGIN EXCLUSIVE")
    with ScriptedApi(Script(TURNS)) as api:
        stopped = conversation.play(api, **ONE_RETRY).result()
        assert api.requests == []
        held.execute("ROLLBACK")
        held.close()
        assert stopped["is_error"]
        assert "Checkrein: nothing was sent" in stopped["result"]
        assert "locked" in stopped["result"]
        assert conversation.play(api).result()["result"] == END


@pytest.mark.parametrize("kill", [kill_worker, kill_supervisor, kill_all])
def test_killed_in_the_middle_of_an_answer(site: Site, conversation: Conversation, kill: Callable[[Site], None]) -> None:
    """The client asks again: the supervisor's new worker, or the gateway that was put on again meanwhile."""
    starting = threading.Timer(DOWN_SECONDS, site.start)

    def befall(turn: int) -> None:
        if turn == 1:
            kill(site)
            if kill is not kill_worker:
                starting.start()

    before = len(site.rows())
    with ScriptedApi(Script(TURNS), befall) as api:
        run = conversation.play(api)
        if kill is not kill_worker:
            starting.join()
    assert api.failure is None
    assert run.result()["result"] == END, run.stdout
    assert len(site.rows()) - before >= len(api.requests), "what reached the API is on record, so it went through the gateway"


def test_killed_for_good(site: Site, conversation: Conversation) -> None:
    """The person is told, and nothing goes to the API by another way."""
    with ScriptedApi(Script(TURNS), lambda turn: kill_all(site) if turn == 1 else None) as api:
        run = conversation.play(api, **ONE_RETRY)
    site.start()
    assert run.result()["is_error"]
    assert "refused" in run.result()["result"].lower()
    assert len([request for request in api.messages() if request.json().get("tools")]) == len(TURNS)


def test_a_prompt_is_stopped_at_once_while_it_is_gone(site: Site, conversation: Conversation) -> None:
    """The client alone would try for minutes, and then not say who did not answer."""
    kill_all(site)
    with ScriptedApi(Script(TURNS)) as api:
        run = conversation.play(api)
        assert api.requests == []
        site.start()
        assert "the gateway does not run" in run.stdout + run.stderr, run
        assert "checkrein up --gateway" in run.stdout + run.stderr
        assert run.code is not None
        assert conversation.play(api).result()["result"] == END


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
def test_a_program_that_takes_the_port_gets_nothing(site: Site, conversation: Conversation, tls: bool) -> None:
    """After the gateway was killed its port is free; without its key nobody is believed there."""
    kill_all(site)
    with Thief(site, tls=tls) as thief, ScriptedApi(Script(TURNS)) as api:
        run = conversation.play(api, **ONE_RETRY)
    site.start()
    assert thief.requests == []
    assert api.requests == []
    assert "the gateway does not run" in run.stdout + run.stderr
