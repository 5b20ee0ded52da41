"""A project full of secrets, and the ways on which they may leave it: what the tests of the wire play on the real client."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_answers
from checkrein.detect.secrets.catalogue import load
from checkrein.detect.secrets.engine import Engine
from checkrein.detect.secrets.examples import expand
from checkrein.prove.api import Text, ToolUse, Turn
from reading_api import Told

DONE: Turn = (Text("Done."),)


@dataclass(frozen=True)
class Planted:
    """One secret: the line it stands in, and its value. ``kind`` is the id of the rule that finds it."""

    kind: str
    line: str
    value: str


@dataclass(frozen=True)
class Way:
    """One session. ``open``: the id in ``remains`` where hooks alone let values out this way.

    ``shown`` is how many of the way's values the session tells the model at least; all of them where it is None.
    """

    name: str
    turns: Sequence[Turn]
    prompt: str = "Carry on."
    subagents: Mapping[str, Sequence[Turn]] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    open: str = ""
    shown: int | None = None

    @property
    def calls(self) -> int:
        """How many tools are called."""
        turns = itertools.chain(self.turns, *self.subagents.values())
        return sum(isinstance(part, ToolUse) for turn in turns for part in turn)


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


class Plan:
    """The files of the project, each with secrets of its own, and the ways.

    ``files`` is what stands there before, ``written`` what the agent leaves in a file of that name when nothing stops it.
    """

    def __init__(self, project: Path, secrets: Iterator[Planted]) -> None:
        self.project = project
        self.files: dict[str, str] = {}
        self.written: dict[str, str] = {}
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
        """A way of this name."""
        self.ways.append(Way(name, turns, **more))

    def every(self) -> list[Planted]:
        """All secrets."""
        return [each for mine in self.planted.values() for each in mine]


def bash(command: str | Callable[[Told], str], **more: Any) -> Turn:
    """A command."""
    return (ToolUse("Bash", {"command": command, "description": "a step", **more}),)


def read(path: str, **more: Any) -> Turn:
    """A file, read by the tool for that."""
    return (ToolUse("Read", {"file_path": path, **more}),)


def server(file: Path, *words: str) -> tuple[str, str]:
    """An MCP server whose answers hold the text of a file."""
    given = ["-I", "-S", mcp_answers.__file__, str(file), *words]
    return "--mcp-config", json.dumps({"mcpServers": {"t": {"command": sys.executable, "args": given}}})


def plan(project: Path, secrets: Iterator[Planted]) -> Plan:
    """All ways out of a project but those of ``last_ways``."""
    made = Plan(project, secrets)
    for add in (_files, _commands, _writing, _servers, _without_hooks):
        add(made)
    return made


def _files(made: Plan) -> None:
    """What tools read."""
    made.add("code", read(made.file("src/settings.py", "code", 40)))
    long = made.file("src/long.py", "long-code", 12, filler=120)
    made.add("long-code", *[read(long, offset=at) for at in (1, 400, 700, 1100)])
    made.file("data/search.txt", "search", 10)
    made.add(
        "search",
        (ToolUse("Grep", {"pattern": ".", "path": str(made.project / "data"), "output_mode": "content"}),),
        bash("grep -rn . data | head -50; exit 2"),
        arguments=("--tools", "Bash,Grep"),
    )


def _commands(made: Plan) -> None:
    """What commands print: those that succeed, fail, or go on in the background."""
    made.file("logs/app.log", "log", 40)
    made.add("log", bash("tail -n 100 logs/app.log"), bash("grep -n . logs/app.log"))
    made.file("logs/huge.log", "huge-output", 10, filler=400)
    made.add("huge-output", bash("cat logs/huge.log"), bash("cat logs/huge.log; exit 1"), shown=1)
    made.file(".env", "env", 40)
    made.add("env", bash("python3 -c \"print(open('.env').read())\""), bash("cat .env; exit 1"))
    made.file("tools/show.sh", "output", 20, before="#!/bin/sh\ncat \"$0\"\n: <<'END'\n")
    made.add("output", bash("sh tools/show.sh"), bash("sh tools/show.sh >&2"), bash("sh tools/show.sh | base64 -w0"))
    made.file("tools/fail.sh", "failing", 20, before="#!/bin/sh\ncat \"$0\" >&2\nexit 7\n: <<'END'\n")
    made.add("failing", bash("sh tools/fail.sh"), bash("cat tools/fail.sh; false"), bash("cat tools/fail.sh; kill -9 $$"))
    made.file(
        "tools/later.sh", "background", 10, before=f"#!/bin/sh\ncat \"$0\"\necho {_PRINTED}\n{_SEEN}\nexit 7\n: <<'END'\n"
    )
    made.add(
        "background",
        bash("sh tools/later.sh", run_in_background=True),
        bash(lambda told: f"until grep -qx {_PRINTED} {told.output_file()}; do sleep 0.1; done; exit 4"),
        bash(lambda told: f"cat {told.output_file()}; touch tools/seen; exit 3"),
    )


_PRINTED = "that-is-all"
_SEEN = "until test -e tools/seen; do sleep 0.1; done"
"""What runs in the background ends only after its output was read: the client may tell of its end at any time from then on."""


def _writing(made: Plan) -> None:
    """What the agent writes, made of what it has read: each file is to hold the values themselves."""
    path = made.file("src/rewritten.py", "write", 20, before="# Settings\n")
    made.add("write", read(path), (ToolUse("Write", {"file_path": path, "content": lambda told: f"{told.file()}\n# read\n"}),))
    made.written["src/rewritten.py"] = f"{made.files['src/rewritten.py']}\n# read\n"
    edited = made.file("src/edited.py", "edit", 10, before="old = 1\n")
    made.add(
        "edit",
        read(edited),
        (ToolUse("Edit", {"file_path": edited, "old_string": "old = 1", "new_string": _doubled}),),
        (ToolUse("Edit", {"file_path": edited, "old_string": "not in there", "new_string": "new = 2"}),),
        bash("git diff; git diff --stat; exit 1"),
    )
    text = made.files["src/edited.py"]
    made.written["src/edited.py"] = text.replace("old = 1", f"new = 2\n{text.splitlines()[1]}", 1)
    made.file("deploy/.env", "command", 10, before="# Deployment\n")
    made.add(
        "command",
        bash("python3 -c \"print(open('deploy/.env').read())\""),
        bash(lambda told: _appended(told.line_after("# Deployment"))),
    )
    text = made.files["deploy/.env"]
    made.written["deploy/.env"] = f"{text}{text.splitlines()[1]}\n"
    made.file("src/changed.py", "changed-file", 6)
    made.add("changed-file", bash("cat src/changed.py"), bash("echo '# more' >> src/changed.py"), open="changed-file")
    made.written["src/changed.py"] = f"{made.files['src/changed.py']}# more\n"
    path = made.file("docs/sub.md", "subagent", 10, before="# Told to a subagent\n")
    again = {"file_path": path, "content": lambda told: f"{told.file(2, 0, 'sub1')}\nread\n"}
    looks = (bash("cat docs/sub.md"), bash("cat docs/sub.md; exit 3"), read(path), (ToolUse("Write", again),), DONE)
    task = {"description": "d", "prompt": "look it up", "subagent_type": "general-purpose"}
    made.add(
        "subagent",
        (ToolUse("Agent", task),),
        bash("until grep -q ^read docs/sub.md; do sleep 0.1; done"),
        subagents={"look it up": looks},
    )
    made.written["docs/sub.md"] = f"{made.files['docs/sub.md']}\nread\n"


def _doubled(told: Told) -> str:
    return f"new = 2\n{told.line_after('old = 1')}"


def _appended(line: str) -> str:
    return f"cat >> deploy/.env <<'END'\n{line}\nEND"


def _servers(made: Plan) -> None:
    """What MCP servers say, and what they are given."""
    folder = made.project / "mcp"
    for name in ("text", "structured", "failing", "broken", "blocks"):
        made.file(f"mcp/{name}.txt", f"mcp-{name}", 6)
        made.add(f"mcp-{name}", (ToolUse(f"mcp__t__{name}", {}),), arguments=server(folder / f"{name}.txt"))
    made.file("mcp/kept.txt", "mcp-given", 6, before="# Kept\n")
    given = {"given": lambda told: told.line_after("# Kept")}
    words = server(folder / "kept.txt")
    made.add("mcp-given", (ToolUse("mcp__t__text", {}),), (ToolUse("mcp__t__keep", given),), arguments=words)
    made.written["mcp/kept.txt.given"] = made.files["mcp/kept.txt"].splitlines()[1]
    made.file("mcp/instructions.txt", "mcp-texts", 4)
    words = server(folder / "instructions.txt", "instructions")
    made.add("mcp-texts", DONE, arguments=words, open="server-texts")
    made.file("mcp/long.txt", "mcp-long", 6, filler=400)
    made.add("mcp-long", (ToolUse("mcp__t__text", {}),), arguments=server(folder / "long.txt"), open="long-answer", shown=1)
    continued = made.file("mcp/again.txt", "mcp-continued", 6)
    made.add("mcp-before", (ToolUse("mcp__t__failing", {}),), arguments=server(Path(continued)))
    made.add("mcp-continued", DONE, arguments=("--continue",), open="continued")


def _without_hooks(made: Plan) -> None:
    """What the client sends by itself."""
    lines = made.lines("prompt", 6)
    path = str(made.project / ".env.prompt")
    write = ToolUse("Write", {"file_path": path, "content": lambda told: told.line_after("Keep this:")})
    made.add("prompt", (write,), prompt=f"Keep this:\n{lines}")
    made.written[".env.prompt"] = lines.splitlines()[0]
    made.file("docs/mentioned.md", "mention", 6)
    made.add("mention", DONE, prompt="Explain @docs/mentioned.md please.", open="mention")
    made.file(".claude/commands/explain.md", "slash-command", 6, before="---\ndescription: explains\n---\n")
    made.add("slash-command", DONE, prompt="/explain", open="command-file")
    made.file(".claude/skills/how/SKILL.md", "skill", 6, before="---\nname: how\ndescription: how it is done\n---\n")
    made.add("skill", (ToolUse("Skill", {"skill": "how"}),), open="command-file")


def last_ways(made: Plan) -> list[Way]:
    """Ways that show in every session: they are laid out, and played, after all others."""
    made.file("docs/imported.md", "instructions", 6)
    made.file("CLAUDE.md", "instructions", 6, before="Follow these.\n\n@docs/imported.md\n\n")
    return [Way("instructions", (DONE,), open="instructions"), Way("commit", (DONE,), open="repository-state")]
