"""What leaves a project full of secrets, on the wire of the real client, with the real service.

Each way on which a value may travel is a session of its own. With hooks alone exactly the ways of ``remains`` let a value out.
``CHECKREIN_WIRE_GATEWAY=1`` plays the same with the gateway on, where none does.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import mcp_answers
from checkrein.core import Threat
from checkrein.detect.secrets.catalogue import load
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.secrets.examples import expand
from checkrein.enforce.hooks.remains import REMAINS
from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse, Turn
from checkrein.prove.client import ClientProgram
from checkrein.prove.drive import SYSTEM_PATH, ClientRun, Drive
from checkrein.prove.protection import build_helper, protected
from checkrein.prove.scenario import Expect, File, Kind, Scenario
from checkrein.prove.world import Origin, World, build
from checkrein.setup.install import Scope
from relay import Relay

pytestmark = pytest.mark.client

CACHE = Path(os.environ.get("CHECKREIN_CLIENTS") or Path(__file__).parents[2] / ".cache/clients")
NOWHERE = "http://127.0.0.1:9"
GATEWAY = os.environ.get("CHECKREIN_WIRE_GATEWAY") == "1"
VALUES = 300
KINDS = 60
_NOT_PLAYED = frozenset({"attachments", "personal-data"})
"""Ways that are no text, and those on which only personal data goes."""


@dataclass(frozen=True)
class Planted:
    """One secret: the line it stands in, and its value. ``kind`` is the id of the rule that finds it."""

    kind: str
    line: str
    value: str


@dataclass(frozen=True)
class Way:
    """One session. ``open``: the id in ``remains`` where hooks alone let values out this way."""

    name: str
    turns: Sequence[Turn]
    prompt: str = "Carry on."
    subagents: Mapping[str, Sequence[Turn]] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    open: str = ""


def planted(wanted: int) -> list[Planted]:
    """Secrets of as many kinds as there are, each found alone in its line, made anew from the catalogue's templates."""
    kinds = load()
    engine = Engine(kinds)
    made: list[Planted] = []
    for seed in itertools.count(1000):
        before = len(made)
        for kind in kinds:
            line = expand(kind.bad[seed % len(kind.bad)], seed)
            found = engine.scan(line)
            if "\n" in line or len(found) != 1 or found[0].rule != f"secret.{kind.id}":
                continue
            value = line[found[0].start : found[0].end]
            if len(value) >= 12 and all(value not in other.line and other.value not in line for other in made):
                made.append(Planted(kind.id, line, value))
            if len(made) == wanted:
                return made
        if len(made) == before:
            return made
    raise AssertionError


def bash(command: str, **more: Any) -> Turn:
    return (ToolUse("Bash", {"command": command, "description": "a step", **more}),)


class Plan:
    """The files of the project, each with secrets of its own, and the ways."""

    def __init__(self, project: Path, secrets: Iterator[Planted]) -> None:
        self.project = project
        self.files: dict[str, str] = {}
        self.ways: list[Way] = []
        self._secrets = secrets
        self.planted: dict[str, list[Planted]] = {}

    def lines(self, way: str, count: int = 8) -> str:
        """Lines with secrets for one way."""
        mine = list(itertools.islice(self._secrets, count))
        assert len(mine) == count, "there are too few secrets"
        self.planted.setdefault(way, []).extend(mine)
        return "".join(f"{each.line}\n" for each in mine)

    def file(self, name: str, way: str, count: int = 8, *, before: str = "", filler: int = 0) -> str:
        """A file with secrets for one way; its absolute path. ``filler`` are lines without any after each of them."""
        rest = "".join(f"# line {number} says nothing at all\n" for number in range(filler))
        text = "".join(f"{line}\n{rest}" for line in self.lines(way, count).splitlines())
        self.files[name] = before + text
        return str(self.project / name)

    def add(self, name: str, *turns: Turn, **more: Any) -> None:
        self.ways.append(Way(name, turns, **more))


def plan(project: Path, secrets: Iterator[Planted]) -> Plan:
    """All ways out of a project."""
    made = Plan(project, secrets)
    made.add("code", (ToolUse("Read", {"file_path": made.file("src/settings.py", "code", 40)}),))
    long = made.file("src/long.py", "long-code", 12, filler=120)
    made.add("long-code", *[(ToolUse("Read", {"file_path": long, "offset": at}),) for at in (1, 400, 700, 1100)])
    made.file("logs/app.log", "log", 40)
    made.add("log", bash("tail -n 100 logs/app.log"), bash("grep -n . logs/app.log"))
    made.file("logs/huge.log", "huge-output", 10, filler=400)
    made.add("huge-output", bash("cat logs/huge.log"), bash("cat logs/huge.log; exit 1"))
    made.file(".env", "env", 40)
    made.add("env", bash("python3 -c \"print(open('.env').read())\""), bash("cat .env; exit 1"))
    made.file("tools/show.sh", "output", 20, before="#!/bin/sh\ncat \"$0\"\n: <<'END'\n")
    made.add("output", bash("sh tools/show.sh"), bash("sh tools/show.sh >&2"), bash("sh tools/show.sh | base64 -w0"))
    made.file("tools/fail.sh", "failing", 20, before="#!/bin/sh\ncat \"$0\" >&2\nexit 7\n: <<'END'\n")
    made.add("failing", bash("sh tools/fail.sh"), bash("cat tools/fail.sh; false"), bash("cat tools/fail.sh; kill -9 $$"))
    made.file("tools/later.sh", "background", 10, before="#!/bin/sh\ncat \"$0\"\nexit 7\n: <<'END'\n")
    made.add(
        "background",
        bash("sh tools/later.sh", run_in_background=True),
        bash("sleep 1; cat $(find ~/tmp -name '*.output') | head -c 20000; exit 3"),
    )
    made.file("data/search.txt", "search", 10)
    made.add(
        "search",
        (ToolUse("Grep", {"pattern": ".", "path": str(project / "data"), "output_mode": "content"}),),
        bash("grep -rn . data | head -50; exit 2"),
        arguments=("--tools", "Bash,Grep"),
    )
    made.file("docs/sub.md", "subagent", 10)
    made.add(
        "subagent",
        (ToolUse("Agent", {"description": "d", "prompt": "look it up", "subagent_type": "general-purpose"}),),
        bash("sleep 2"),
        subagents={"look it up": (bash("cat docs/sub.md"), bash("cat docs/sub.md; exit 3"), (Text("Done."),))},
    )
    edited = made.file("src/edited.py", "edit", 10, before="old = 1\n")
    made.add(
        "edit",
        (ToolUse("Read", {"file_path": edited}),),
        (ToolUse("Edit", {"file_path": edited, "old_string": "old = 1", "new_string": "new = 2"}),),
        (ToolUse("Edit", {"file_path": edited, "old_string": "not in there", "new_string": "new = 2"}),),
        bash("git diff; git diff --stat; exit 1"),
    )
    for name in ("text", "structured", "failing", "broken", "blocks"):
        made.file(f"mcp/{name}.txt", f"mcp-{name}", 6)
        made.add(f"mcp-{name}", (ToolUse(f"mcp__t__{name}", {}),), arguments=server(project / f"mcp/{name}.txt"))
    made.file("mcp/long.txt", "mcp-long", 6, filler=400)
    made.add("mcp-long", (ToolUse("mcp__t__text", {}),), arguments=server(project / "mcp/long.txt"), open="long-answer")
    continued = made.file("mcp/again.txt", "mcp-continued", 6)
    made.add("mcp-before", (ToolUse("mcp__t__failing", {}),), arguments=server(Path(continued)))
    made.add("mcp-continued", (Text("Done."),), arguments=("--continue",), open="continued")
    made.add("prompt", (Text("Done."),), prompt=f"Use this:\n{made.lines('prompt', 6)}")
    made.file("docs/mentioned.md", "mention", 6)
    made.add("mention", (Text("Done."),), prompt="Explain @docs/mentioned.md please.", open="mention")
    made.file(".claude/commands/explain.md", "command", 6, before="---\ndescription: explains\n---\n")
    made.add("command", (Text("Done."),), prompt="/explain", open="command-file")
    made.file(".claude/skills/how/SKILL.md", "skill", 6, before="---\nname: how\ndescription: how it is done\n---\n")
    made.add("skill", (ToolUse("Skill", {"skill": "how"}),), open="command-file")
    return made


def last_ways(made: Plan) -> list[Way]:
    """Ways that show in every session: they are laid out, and played, after all others."""
    made.file("docs/imported.md", "instructions", 6)
    made.file("CLAUDE.md", "instructions", 6, before="Follow these.\n\n@docs/imported.md\n\n")
    say = (Text("Done."),)
    return [Way("instructions", (say,), open="instructions"), Way("commit", (say,), open="repository-state")]


def server(file: Path) -> tuple[str, str]:
    words = ["-I", "-S", mcp_answers.__file__, str(file)]
    return "--mcp-config", json.dumps({"mcpServers": {"t": {"command": sys.executable, "args": words}}})


@dataclass
class Wire:
    """What was seen: for each way the values that left, how the client ended, and the files that hold a placeholder."""

    plan: Plan
    left: dict[str, set[str]]
    runs: dict[str, ClientRun]
    calls: dict[str, int]


def write(project: Path, name: str, text: str) -> None:
    file = project / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def play(way: Way, world: World, client: ClientProgram, relay: Relay) -> tuple[ClientRun, ScriptedApi]:
    with ScriptedApi(Script(way.turns, way.subagents)) as api:
        drive = Drive(
            client.path,
            world.home,
            world.project,
            reach(api, relay),
            way.prompt,
            "bypassPermissions",
            way.arguments,
            path=f"{world.home}/bin:{SYSTEM_PATH}",
        )
        return drive.run(), api


def reach(api: ScriptedApi, relay: Relay) -> str:
    """Where the environment sends the client: to the scripted API, or nowhere where our settings send it to the gateway."""
    relay.lead(urlsplit(api.url).port or 0)
    return NOWHERE if GATEWAY else api.url


@pytest.fixture(scope="module")
def wire(client: ClientProgram) -> Iterator[Wire]:
    """All ways, one after the other."""
    if len(load()) < KINDS:
        pytest.skip(f"the catalogue has fewer than {KINDS} kinds")
    CACHE.parent.mkdir(exist_ok=True)
    root = Path(tempfile.mkdtemp(dir=CACHE.parent, prefix="wire-"))  # what stands in /tmp is temporary to the policy
    threats, files = (Threat.DATA_LEAKAGE,), {"README.md": File("A project.\n")}
    scenario = Scenario("wire", "wire", threats, Kind.BENIGN, Script(()), Expect(), "", project=files)
    world = build(scenario, root / "world", Origin())
    secrets = iter(planted(VALUES + 40))
    made = plan(world.project, secrets)
    for name, text in made.files.items():
        write(world.project, name, text)
    git(world, "add", "-f", "src")
    git(world, "commit", "-q", "-m", "The sources")
    left: dict[str, set[str]] = {}
    runs, calls = {}, {}
    with (
        Relay() as relay,
        protected(world, client, Scope.USER, None, build_helper(root), upstream=relay.url if GATEWAY else ""),
    ):
        for way in made.ways:
            runs[way.name], api = play(way, world, client, relay)
            left[way.name] = gone(api, made)
            calls[way.name] = len(api.results())
        last = last_ways(made)
        for name in ("docs/imported.md", "CLAUDE.md"):
            write(world.project, name, made.files[name])
        git(world, "commit", "-q", "--allow-empty", "-m", made.lines("commit", 1).strip())
        for way in last:
            runs[way.name], api = play(way, world, client, relay)
            left[way.name] = gone(api, made)
    made.ways.extend(last)
    yield Wire(made, left, runs, calls)
    world.remove()
    shutil.rmtree(root)


def git(world: World, *words: str) -> None:
    subprocess.run(["git", *words], cwd=world.project, env={**world.environment(), "PATH": SYSTEM_PATH}, check=True)


def gone(api: ScriptedApi, made: Plan) -> set[str]:
    """For each way of which a value went out, its name."""
    return {name for name, all_of_it in made.planted.items() if any(api.sent(each.value) for each in all_of_it)}


def test_there_are_enough(wire: Wire) -> None:
    every = [each for all_of_it in wire.plan.planted.values() for each in all_of_it]
    assert len(every) >= VALUES
    assert len({each.kind for each in every}) >= KINDS
    assert len({each.value for each in every}) == len(every)


def test_every_way_was_gone_to_its_end(wire: Wire) -> None:
    for way in wire.plan.ways:
        assert wire.runs[way.name].code == 0, (way.name, wire.runs[way.name].stderr[:500])
    for name in ("code", "log", "output", "failing", "search", "edit", "huge-output", "background"):
        way = next(way for way in wire.plan.ways if way.name == name)
        assert wire.calls[name] == len(way.turns), (name, wire.runs[name].stdout[:500])


def test_only_what_is_known_to_remain_leaves(wire: Wire) -> None:
    open_ways = {way.name for way in wire.plan.ways if way.open and not GATEWAY}
    for way in wire.plan.ways:
        known = open_ways if way.name in ("instructions", "commit") else {way.name} & open_ways
        assert wire.left[way.name] <= known, way.name


@pytest.mark.skipif(GATEWAY, reason="the gateway closes them")
def test_what_is_said_to_remain_does(wire: Wire) -> None:
    """An entry that a newer client closes by itself is to be taken off the list."""
    shown = {way.open for way in wire.plan.ways if way.open and wire.left[way.name]}
    assert shown == {each.id for each in REMAINS} - _NOT_PLAYED - {"server-texts"}
