"""Scenarios without a client: their tool calls are put to a service over its real hook address. Nothing is run.

Each scenario gets a service of its own, as ``checkrein up`` starts it, in its own home: nothing of this stands in the person's
record or among the person's snapshots, and ``~`` is the scenario's home.
"""

from __future__ import annotations

import http.client
import secrets
import shutil
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from checkrein.core import CheckreinError, ServiceError
from checkrein.enforce.hooks.projects import slug
from checkrein.prove.api import ToolUse, Turn, call_id
from checkrein.prove.protection import build_helper, protected
from checkrein.prove.run import Outcome, Status
from checkrein.prove.scenario import Is, Kind, Scenario
from checkrein.prove.world import Origin, World, build
from checkrein.service import certificate, manage
from checkrein.service.paths import ServicePaths
from checkrein.setup.install import Scope

CLIENT = "replay"
_SECONDS = 10.0
_STOPS = ("deny", "ask")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the live service takes hooks."""

    port: int
    token: str
    tls: ssl.SSLContext

    @classmethod
    def live(cls, paths: ServicePaths) -> Endpoint:
        """That of the running service. ServiceError where none answers."""
        found = manage.status(paths)
        if not found.healthy or found.port is None:
            raise ServiceError(
                "The service does not answer, so nothing is protected.", why=found.trouble, fix="Run `checkrein up`."
            )
        return cls(found.port, paths.token(), certificate.calling(paths))

    def post(self, event: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """The service's answer to one hook call. ServiceError where it gives none that the client would accept."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=_SECONDS, context=self.tls)
        headers = {"X-Checkrein-Token": self.token, "X-Checkrein-Entrypoint": "sdk-cli", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/hook/{event}", orjson.dumps(dict(payload)), headers)
            reply = connection.getresponse()
            answer = orjson.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise ServiceError("The service gave no answer to a hook.", why=str(exc)) from exc
        finally:
            connection.close()
        if reply.status != 200 or not isinstance(answer, dict):
            raise ServiceError(f"The service answered a hook with status {reply.status}.")
        return answer


def can_replay(scenario: Scenario) -> bool:
    """Whether a scenario's calls can be judged without a client: no fault, and results that a decision alone settles."""
    ends = {result.end for result in scenario.expect.results}
    return scenario.fault is None and scenario.scope is Scope.USER and bool(ends) and ends <= {Is.RAN, Is.STOPPED}


def replay_all(scenarios: Iterable[Scenario], work: Path) -> list[Outcome]:
    """Put every scenario that can be replayed to a service."""
    work.mkdir(mode=0o700, parents=True, exist_ok=True)
    helper = build_helper(work)
    return [replay(scenario, work, lambda world: own_service(world, helper)) for scenario in scenarios if can_replay(scenario)]


@contextmanager
def own_service(world: World, helper: Path | None) -> Iterator[Endpoint]:
    """A service for ``world`` alone. ``helper`` is a native hook program, built before."""
    with protected(world, None, Scope.USER, None, helper) as protection:
        yield Endpoint.live(protection.paths)


def replay(scenario: Scenario, work: Path, service: Callable[[World], AbstractContextManager[Endpoint]]) -> Outcome:
    """Put one scenario's calls to what ``service`` starts for its world. The world lasts no longer."""
    start = time.monotonic()
    root = work / f"{scenario.id}-{CLIENT}"
    shutil.rmtree(root, ignore_errors=True)
    world = build(scenario, root, Origin())
    try:
        with service(world) as endpoint:
            found = tuple(_compare(scenario, world, endpoint))
    except CheckreinError as exc:
        found = (str(exc),)
    finally:
        world.remove()
    good = Status.STOPPED if scenario.kind is Kind.ATTACK else Status.PASSED
    return Outcome(scenario, CLIENT, Status.FAILED if found else good, found, time.monotonic() - start)


def _compare(scenario: Scenario, world: World, endpoint: Endpoint) -> Iterator[str]:
    stopped = _judge_all(scenario, world, endpoint)
    for wanted in scenario.expect.results:
        identity = call_id(wanted.turn, wanted.index, wanted.conversation)
        if stopped[identity] is not (wanted.end is Is.STOPPED):
            yield f"call {identity} was {'stopped' if stopped[identity] else 'let through'}, and should not have been"


def _judge_all(scenario: Scenario, world: World, endpoint: Endpoint) -> dict[str, bool]:
    """Whether each call would be stopped, by its id."""
    session = f"prove-{secrets.token_hex(8)}"
    conversations: list[tuple[str, Iterable[Turn]]] = [("", scenario.script.turns)]
    conversations += [(f"sub{n}", turns) for n, turns in enumerate(scenario.script.subagents.values(), 1)]
    stopped: dict[str, bool] = {}
    for name, turns in conversations:
        for turn, blocks in enumerate(turns):
            for index, block in enumerate(blocks):
                if isinstance(block, ToolUse):
                    identity = call_id(turn, index, name)
                    given = world.fill_all(block.input)
                    payload = _payload(world, session, name, block.name, given, identity)
                    stopped[identity] = _stops(endpoint.post("PreToolUse", payload))
                    if not stopped[identity] and block.name == "Write":
                        _write(world, given)
    return stopped


def _payload(world: World, session: str, agent: str, tool: str, given: Mapping[str, Any], call: str) -> dict[str, Any]:
    extra = {"agent_id": agent, "agent_type": "general-purpose"} if agent else {}
    return {
        "session_id": session,
        "transcript_path": str(world.home / ".claude/projects" / slug(str(world.project)) / "prove.jsonl"),
        "cwd": str(world.project),
        "permission_mode": "bypassPermissions",
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": dict(given),
        "tool_use_id": call,
        **extra,
    }


def _stops(answer: Mapping[str, Any]) -> bool:
    output = answer.get("hookSpecificOutput")
    return isinstance(output, dict) and output.get("permissionDecision") in _STOPS


def _write(world: World, given: Mapping[str, Any]) -> None:
    """Do what was let through, in the world's project only: a later call is judged by what then stands on the disk."""
    target = Path(str(given.get("file_path")))
    if target.is_relative_to(world.project) and ".." not in target.parts:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(str(given.get("content", "")))
