"""What the tests that drive the real client share: the clients, a scripted model, and a hook endpoint that answers as told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import ClientError
from checkrein.prove.api import Script, ScriptedApi, Text, ToolResult, ToolUse, call_id, read_body
from checkrein.prove.client import VERSIONS, ClientProgram, ensure_client
from checkrein.prove.drive import ClientRun, Drive
from checkrein.prove.protection import build_helper
from gateway_site import Site, gateway_site

CACHE = Path(os.environ.get("CHECKREIN_CLIENTS") or Path(__file__).parents[2] / ".cache/clients")


@pytest.fixture(scope="session", params=VERSIONS)
def client(request: pytest.FixtureRequest) -> ClientProgram:
    """Each client in turn. Where one cannot be had the test is skipped, under CI it fails."""
    try:
        return ClientProgram(ensure_client(request.param, CACHE), request.param)
    except ClientError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no client {request.param}: {exc.what}")


@pytest.fixture(scope="session")
def hook_program(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The native hook program, built once; None where there is no compiler."""
    return build_helper(tmp_path_factory.mktemp("hook"))


@pytest.fixture(scope="module")
def site(client: ClientProgram, hook_program: Path | None) -> Iterator[Site]:
    """A world with the gateway on, for the tests of one module."""
    with gateway_site(client, hook_program) as made:
        yield made


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call of an http hook."""

    event: str
    headers: Mapping[str, str]
    payload: Mapping[str, Any]


Answer = tuple[int, bytes] | Callable[[HookCall], tuple[int, bytes]]


class HookServer:
    """Answers ``/hook/EVENT`` with what ``answers`` says for the event, else with 200 and ``{}``."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.calls: list[HookCall] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                event = self.path.rpartition("/")[2]
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = HookCall(event, headers, json.loads(read_body(self)))
                outer.calls.append(call)
                answer = outer.answers.get(event, (200, b"{}"))
                status, body = answer(call) if callable(answer) else answer
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign] # a caller that timed out is gone
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def hook(self, event: str, **more: Any) -> dict[str, Any]:
        """A handler that calls us."""
        return {"type": "http", "url": f"{self.url}/hook/{event}", "timeout": 5, **more}

    def events(self) -> list[str]:
        return [call.event for call in self.calls]


@pytest.fixture
def hooks() -> Iterator[HookServer]:
    server = HookServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def new_hooks() -> type[HookServer]:
    """Makes a hook server for more than one test; whoever does so closes it."""
    return HookServer


@dataclass
class Outcome:
    """What a run left behind."""

    run: ClientRun
    api: ScriptedApi
    project: Path
    home: Path

    def result(self, turn: int = 0, index: int = 0, conversation: str = "") -> ToolResult:
        """The tool result of one call."""
        return self.api.results()[call_id(turn, index, conversation)]

    @property
    def ran(self) -> bool:
        """Whether the standard probe (see ``World.play``) ran."""
        return (self.project / "ran").exists()


@dataclass
class World:
    """A throw-away home and project, and the way to play a script there."""

    client: ClientProgram
    home: Path
    project: Path
    env: dict[str, str] = field(default_factory=dict)

    def settings(self, value: Mapping[str, Any], where: str = "home") -> None:
        folder = (self.home if where == "home" else self.project) / ".claude"
        folder.mkdir(exist_ok=True)
        (folder / "settings.json").write_text(json.dumps(value))

    def play(
        self,
        turns: Sequence[Sequence[Text | ToolUse]] = ((ToolUse("Bash", {"command": "touch ran", "description": "probe"}),),),
        *,
        prompt: str = "go",
        mode: str = "bypassPermissions",
        before_turn: Callable[[int], None] | None = None,
        subagents: Mapping[str, Sequence[Sequence[Text | ToolUse]]] | None = None,
        arguments: Sequence[str] = (),
    ) -> Outcome:
        """Run the client with a model that plays ``turns`` (by default one command that makes the file ``ran``)."""
        with ScriptedApi(Script(turns, subagents or {}), before_turn) as api:
            drive = Drive(self.client.path, self.home, self.project, api.url, prompt, mode, arguments, self.env)
            return Outcome(drive.run(), api, self.project, self.home)


@pytest.fixture
def world(client: ClientProgram, tmp_path: Path, new_world: Callable[[ClientProgram, Path], World]) -> World:
    return new_world(client, tmp_path)


@pytest.fixture(scope="session")
def new_world() -> Callable[[ClientProgram, Path], World]:
    """Makes a world for more than one test, in a folder."""

    def made(client: ClientProgram, folder: Path) -> World:
        home, project = folder / "home", folder / "home/project"
        project.mkdir(parents=True)
        return World(client, home, project)

    return made
