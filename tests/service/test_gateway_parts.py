"""The gateway with its real parts, in this process: what it does when one of them fails."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import CheckreinError, ServiceError, VaultError
from checkrein.decide.sessions import SessionStore
from checkrein.ledger.egress import DATABASE, EgressStore, Verdict
from checkrein.locations import egress_dir, state_dir, vault_dir
from checkrein.prove.api import Script, ScriptedApi
from checkrein.service import manage_gateway
from checkrein.service.gateway import Hosting, Served
from checkrein.service.gateway_parts import build
from checkrein.service.manage_gateway import Route
from checkrein.service.paths import ServicePaths
from checkrein.vault.store import DATABASE as VAULT
from postgres_server import NoServerError, postgres_server

SECRET = "Osprey Industries"


@dataclass
class World:
    """A home folder, a folder for sockets, whose path has to be short, an API, and the gateway's parts."""

    home: Path
    sockets: Path
    api: ScriptedApi

    @property
    def env(self) -> dict[str, str]:
        return {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.sockets)}

    @property
    def paths(self) -> ServicePaths:
        return ServicePaths.of_user(self.env)

    def policy(self, text: str) -> None:
        file = self.home / ".config/checkrein/checkrein.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"version: 1\n{text}\n")

    def build(self) -> Served:
        (self.home / "metrics").mkdir(exist_ok=True)
        return build(self.env, self.paths, Hosting(self.home / "metrics"))

    def ask(self, text: str, *, before: Callable[[], object] = lambda: None) -> tuple[int, dict[str, Any], Served]:
        """Ask once. ``before`` is called when the parts are made, and nothing was asked yet."""
        served = self.build()
        before()
        status, answer = asyncio.run(_exchange(served, text, "/checkrein/v1/messages"))
        return status, json.loads(answer), served


async def _exchange(served: Served, text: str, path: str) -> tuple[int, bytes]:
    question = {"model": "m", "max_tokens": 9, "tools": [1], "messages": [{"role": "user", "content": text}]}
    body = json.dumps(question).encode()
    messages: list[dict[str, Any]] = []
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not pending:
            await asyncio.sleep(3600)
        return pending.pop()

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"x-claude-code-session-id", b"s-1"),
        ],
        "state": {},
    }
    await served.app(scope, receive, send)
    await served.close()
    return int(messages[0]["status"]), b"".join(message.get("body", b"") for message in messages[1:])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="crs") as sockets, ScriptedApi(Script([])) as api:
        made = World(tmp_path, Path(sockets), api)
        made.paths.prepare()
        manage_gateway.write_route(made.paths, Route(api.url, {}, 1), 0.0)
        made.policy(f"redaction: {{dictionary: [{{term: {SECRET}, label: CUSTOMER}}]}}")
        yield made


def refused(world: World, status: int, answer: dict[str, Any]) -> str:
    """The message, where the request was refused and nothing was sent."""
    assert status >= 400
    assert world.api.requests == []
    assert SECRET not in str(answer)
    return str(answer["error"]["message"])


def test_what_is_sensitive_leaves_as_a_placeholder_and_is_on_record(world: World) -> None:
    status, _, served = world.ask(f"an offer for {SECRET}")
    assert status == 200
    assert world.api.sent("an offer for CKR_CUSTOMER_")
    assert not world.api.sent(SECRET)
    with EgressStore.open(egress_dir(world.env)) as store:
        (row,) = store.rows()
    assert (row.session, row.verdict, row.found, row.status) == (
        "s-1",
        Verdict.REDACTED,
        {("dictionary.term", "CUSTOMER"): 1},
        200,
    )
    served.ready()
    served.upkeep()


def test_a_restricted_project(world: World) -> None:
    project = world.home / "project"
    project.mkdir()
    (project / "checkrein.yaml").write_text("version: 1\nprivacy: {class: restricted}\n")
    sessions = SessionStore(state_dir(world.env) / "sessions")
    sessions.note_project(sessions.get("s-1"), str(project))
    message = refused(world, *world.ask("hello")[:2])
    assert "is restricted" in message


def test_with_redaction_off_everything_passes(world: World) -> None:
    world.policy(f"redaction: {{enabled: false, dictionary: [{SECRET}]}}")
    assert world.ask(f"an offer for {SECRET}")[0] == 200
    assert world.api.sent(SECRET)


def test_a_vault_whose_key_is_lost(world: World) -> None:
    world.ask(SECRET)
    world.api.requests.clear()
    for key in vault_dir(world.env).glob("keys.json"):
        key.unlink()
    status, answer, served = world.ask(f"an offer for {SECRET}")
    assert "key" in refused(world, status, answer)
    with pytest.raises(VaultError):
        served.ready()


@pytest.mark.parametrize("kind", ["vault", "egress"])
def test_a_store_that_is_damaged(world: World, kind: str) -> None:
    world.ask(SECRET)
    world.api.requests.clear()
    folder = vault_dir(world.env) if kind == "vault" else egress_dir(world.env)

    def damage() -> None:
        for file in folder.glob("*.db*"):
            file.write_bytes(b"\xff" * 8192)

    status, answer, served = world.ask(f"an offer for {SECRET}", before=damage)
    refused(world, status, answer)
    with pytest.raises(CheckreinError):
        served.ready()


def test_a_gateway_that_was_not_put_on(world: World) -> None:
    world.paths.gateway_file.unlink()
    with pytest.raises(ServiceError, match="was not put on"):
        world.build()


def test_the_record_is_private(world: World) -> None:
    world.ask("hello")
    assert (egress_dir(world.env) / DATABASE).stat().st_mode & 0o077 == 0


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    try:
        with postgres_server() as url:
            yield url
    except NoServerError as error:
        pytest.skip(str(error))


def test_machines_of_a_team_share_placeholders_and_record(world: World, postgres: str) -> None:
    sent = []
    for number in range(2):
        machine = dataclasses.replace(world, home=world.home / f"machine-{number}")
        machine.policy(f"redaction: {{dictionary: [{{term: {SECRET}, label: CUSTOMER}}]}}")
        if number:
            vault_dir(machine.env).mkdir(parents=True)
            shutil.copy2(world.home / "machine-0/.local/state/checkrein/vault/keys.json", vault_dir(machine.env))
        (machine.home / "metrics").mkdir()
        hosting = Hosting(machine.home / "metrics", shared=True, store=postgres, upstream=world.api.url)
        served = build(machine.env, machine.paths, hosting)
        served.ready()
        status, _ = asyncio.run(_exchange(served, f"an offer for {SECRET}", "/v1/messages"))
        assert status == 200
        sent.append(world.api.requests[-1].json()["messages"][0]["content"])
    assert sent[0] == sent[1]
    assert sent[0].startswith("an offer for CKR_CUSTOMER_")
    with EgressStore.open(egress_dir(world.env), postgres) as store:
        assert len(list(store.rows())) == 2


def test_nothing_is_left_for_the_first_request_to_make(world: World) -> None:
    served = world.build()
    assert (vault_dir(world.env) / VAULT).exists()
    asyncio.run(_closed(served))


async def _closed(served: Served) -> None:
    await served.close()
