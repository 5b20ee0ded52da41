"""What leaves a project full of secrets, on the wire of the real client: by hooks alone, and with the gateway.

Each way on which a value may travel is a session of its own. With hooks alone exactly the ways of ``remains`` let a value out,
with the gateway none does; and whatever the agent writes holds the values themselves.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from checkrein.core import Threat, Verdict, placeholder
from checkrein.enforce.hooks.remains import REMAINS
from checkrein.ledger import Entry, LedgerReader
from checkrein.locations import vault_dir
from checkrein.prove.api import Script
from checkrein.prove.client import NEWEST, ClientProgram
from checkrein.prove.drive import SYSTEM_PATH, ClientRun, Drive
from checkrein.prove.protection import protected
from checkrein.prove.scenario import Expect, File, Kind, Scenario
from checkrein.prove.world import Origin, World, build
from checkrein.setup.install import Scope
from checkrein.vault.vault import Vault
from gateway_site import NOWHERE
from reading_api import ReadingApi
from relay import Relay
from wire_plan import Plan, Planted, Way, last_ways, plan, planted

pytestmark = [pytest.mark.client, pytest.mark.long]

CACHE = Path(os.environ.get("CHECKREIN_CLIENTS") or Path(__file__).parents[2] / ".cache/clients")
VALUES = 300
KINDS = 60
LAST = ("instructions", "commit")
SCENARIO = Scenario(
    *("wire", "wire", (Threat.DATA_LEAKAGE,), Kind.BENIGN, Script(()), Expect(), ""),
    project={"README.md": File("A project.\n")},
    policy={"user": {"version": 1, "sensitive": [{"paths": [".env"], "action": "allow"}]}},
)
"""Reading ``.env`` is allowed, so that nothing but redaction stands before what is in it."""
_NOT_PLAYED = frozenset({"attachments", "personal-data"})
"""Ways that are no text, and those on which only personal data goes."""
_OLDER = frozenset({"changed-file"})
"""What clients before the newest let out: the changed lines of a file that a command printed, with those around them."""
_STOPPED = frozenset({"prompt", "mcp-failing", "mcp-broken", "mcp-before"})
"""Ways on which hooks alone send nothing at all: the prompt, or the request after a failure, is stopped."""


@dataclass
class Session:
    """One way, played. ``left`` are the ways of which a value went out in it, ``marks`` the placeholders that did."""

    way: Way
    run: ClientRun
    requests: int
    answered: int
    left: set[str]
    marks: set[str]
    failure: BaseException | None


@dataclass
class Wire:
    """All of them. ``found`` is each file of the project afterwards, ``placeholders`` those that stand for a value.

    ``refused`` are the calls that were stopped before they ran.
    """

    client: ClientProgram
    gateway: bool
    plan: Plan
    sessions: dict[str, Session] = field(default_factory=dict)
    found: dict[str, bytes] = field(default_factory=dict)
    placeholders: dict[str, set[str]] = field(default_factory=dict)
    refused: Sequence[Entry] = ()

    def shown(self, way: str) -> list[Planted]:
        """The way's secrets of which its session told the model placeholders."""
        marks = self.sessions[way].marks
        return [each for each in self.plan.planted[way] if self.placeholders[each.value] & marks]


@pytest.fixture(scope="module", params=["hooks", "gateway"])
def wire(request: pytest.FixtureRequest, client: ClientProgram, hook_program: Path | None) -> Iterator[Wire]:
    """All ways, one after the other."""
    CACHE.parent.mkdir(exist_ok=True)
    root = Path(tempfile.mkdtemp(dir=CACHE.parent, prefix="wire-"))  # what stands in /tmp is temporary to the policy
    world = build(SCENARIO, root / "world", Origin())
    made = plan(world.project, iter(planted(VALUES + 100)))
    for name, text in made.files.items():
        write(world.project, name, text)
    git(world, "add", "-f", "src")
    git(world, "commit", "-q", "-m", "The sources")
    wire = Wire(client, request.param == "gateway", made)
    with (
        Relay() as relay,
        protected(world, client, Scope.USER, None, hook_program, upstream=relay.url if wire.gateway else "") as protection,
    ):
        for way in made.ways:
            wire.sessions[way.name] = play(way, world, client, relay, wire)
        last = last_ways(made)
        for name in ("docs/imported.md", "CLAUDE.md"):
            write(world.project, name, made.files[name])
        git(world, "commit", "-q", "--allow-empty", "-m", made.lines("commit", 1).strip())
        for way in last:
            wire.sessions[way.name] = play(way, world, client, relay, wire)
        with LedgerReader.open(protection.ledger) as reader:
            calls = [entry for entry in reader.entries() if entry.name == "PreToolUse"]
        wire.refused = [entry for entry in calls if entry.verdict in (Verdict.ASK, Verdict.DENY)]
    files_now = (path for path in world.project.rglob("*") if path.is_file())
    wire.found = {str(path.relative_to(world.project)): path.read_bytes() for path in files_now if ".git" not in path.parts}
    wire.placeholders = placeholders(world, made.every())
    yield wire
    world.remove()
    shutil.rmtree(root)


def write(project: Path, name: str, text: str) -> None:
    file = project / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def git(world: World, *words: str) -> None:
    subprocess.run(["git", *words], cwd=world.project, env={**world.environment(), "PATH": SYSTEM_PATH}, check=True)


def play(way: Way, world: World, client: ClientProgram, relay: Relay, wire: Wire) -> Session:
    with ReadingApi(Script(way.turns, way.subagents)) as api:
        relay.lead(urlsplit(api.url).port or 0)
        address = NOWHERE if wire.gateway else api.url
        path = f"{world.home}/bin:{SYSTEM_PATH}"
        home, project = world.home, world.project
        run = Drive(client.path, home, project, address, way.prompt, "bypassPermissions", way.arguments, path=path).run()
    planted_by_way = wire.plan.planted.items()
    left = {name for name, mine in planted_by_way if any(api.sent(each.value) for each in mine)}
    marks = {found.text for request in api.requests for found in placeholder.find(request.body.decode())}
    return Session(way, run, len(api.requests), len(api.results()), left, marks, api.failure)


def placeholders(world: World, every: list[Planted]) -> dict[str, set[str]]:
    """For each value the placeholders that stand for it, for all around it, or for a long part of it."""
    vault = Vault.open(vault_dir(world.environment()))
    values = vault.values(entry.placeholder for entry in vault.entries())
    vault.close()
    return {
        each.value: {mark for mark, value in values.items() if each.value in value or (len(value) >= 8 and value in each.value)}
        for each in every
    }


def test_there_are_enough(wire: Wire) -> None:
    every = wire.plan.every()
    kinds, requests = {each.kind for each in every}, sum(each.requests for each in wire.sessions.values())
    sys.stdout.write(f"{len(every)} values of {len(kinds)} kinds, {len(wire.sessions)} sessions, {requests} requests\n")
    assert len(every) >= VALUES
    assert len(kinds) >= KINDS
    assert requests >= 2 * len(wire.sessions), "a session has a request for its title, and one for each turn"
    assert len({each.value for each in every}) == len(every)


def test_every_way_was_gone_to_its_end(wire: Wire) -> None:
    for name, session in wire.sessions.items():
        assert session.failure is None, (name, session.failure)
        assert session.run.code == 0, (name, session.run.stderr[:500], session.run.stdout[:500])
        if wire.gateway or not (session.way.open or name in _STOPPED):
            assert session.answered >= session.way.calls, (name, session.run.stdout[:500])


def test_no_call_was_stopped_before_it_could_show_anything(wire: Wire) -> None:
    assert [(entry.summary, entry.rules) for entry in wire.refused] == []


def test_on_every_way_placeholders_stand_where_values_stood(wire: Wire) -> None:
    for name, mine in wire.plan.planted.items():
        way = wire.sessions[name].way
        if wire.gateway or not (way.open or name in _STOPPED):
            shown = wire.shown(name)
            missing = [each.kind for each in mine if each not in shown]
            assert len(shown) >= (len(mine) if way.shown is None else way.shown), (name, missing)


def test_only_what_is_known_to_remain_leaves(wire: Wire) -> None:
    open_ways = {name for name, session in wire.sessions.items() if session.way.open and not wire.gateway}
    for name, session in wire.sessions.items():
        assert session.left <= (open_ways if name in LAST else {name} & open_ways), name


def test_what_is_said_to_remain_does(wire: Wire) -> None:
    """An entry that a newer client closes by itself is to be taken off the list. With the gateway there is none."""
    shown = {session.way.open for session in wire.sessions.values() if session.way.open and session.left}
    told = {each.id for each in REMAINS} - _NOT_PLAYED - _OLDER
    older = _OLDER if wire.client.version != NEWEST else set()
    assert shown == (set() if wire.gateway else told | older)


def test_files_hold_what_they_should(wire: Wire) -> None:
    written = {name: text for name, text in wire.plan.written.items() if wire.gateway or name != ".env.prompt"}
    for name, text in {**wire.plan.files, **written}.items():
        assert wire.found[name].decode() == text, name
    assert not [name for name, data in wire.found.items() if any(placeholder.find(data.decode()))]
