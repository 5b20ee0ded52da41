"""What our hooks cost by the real client's own account, beside a hook that does nothing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.measure import Spread
from bench.section import Options, Section, Table, Target, milli, times
from bench.worlds import make_project, serving, world
from checkrein.core import ClientError
from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse
from checkrein.prove.client import NEWEST, ClientProgram, ensure_client
from checkrein.prove.drive import Drive
from checkrein.prove.otel import OtelSink
from checkrein.prove.protection import build_helper
from checkrein.prove.world import World
from checkrein.setup.install import Transport
from checkrein.setup.settings import subscribed

CLIENTS = Path(__file__).parent.parent / ".cache/clients"
ROUNDS = 8
CALLS = 40
NOTHING = '`command: "true"`'
CHOSEN = "http"


@dataclass
class Arm:
    """One set-up of hooks in a world of its own, and the milliseconds that the client reported, by event."""

    client: ClientProgram
    world: World
    spent: dict[str, list[float]] = field(default_factory=dict)
    _runs: Iterator[int] = field(default_factory=count)

    def play(self) -> None:
        """Play the script once, in a fresh project. RuntimeError where the client did not do all of it."""
        project = make_project(self.world, self.world.home / f"project-{next(self._runs)}")
        turns = script(project)
        with ScriptedApi(Script(turns)) as api, OtelSink() as sink:
            drive = Drive(
                self.client.path, self.world.home, project, api.url, "Go on", "bypassPermissions", env=sink.environment()
            )
            ended = drive.run()
            failed = [result for result in api.results().values() if result.is_error]
            if ended.code != 0 or failed or len(api.results()) != CALLS:
                raise RuntimeError(f"the client did not play the script: {ended.code}, {failed[:1]}, {ended.stderr[:300]}")
            for event in sink.named("hook_execution_complete"):
                spent = float(str(event.attributes["total_duration_ms"]))
                self.spent.setdefault(str(event.attributes["hook_event"]), []).append(spent)

    def of(self, *events: str) -> Spread:
        """The spread over these events, or over all."""
        return Spread.of([value for event in events or self.spent for value in self.spent.get(event, [])])


def script(project: Path) -> list[tuple[ToolUse | Text, ...]]:
    """Forty calls, one to a turn, as an ordinary session has them: commands, reads, writes and edits in turn."""
    turns: list[tuple[ToolUse | Text, ...]] = []
    for number in range(CALLS // 8):
        note = str(project / f"notes-{number}.md")
        turns += [
            (ToolUse("Bash", {"command": "git status --short && ls -la src", "description": "Look"}),),
            (ToolUse("Read", {"file_path": str(project / "src/app.py")}),),
            (ToolUse("Bash", {"command": "grep -rn 'def ' src | head -20", "description": "Search"}),),
            (ToolUse("Write", {"file_path": note, "content": f"# Note {number}\n\nA line.\n"}),),
            (ToolUse("Read", {"file_path": note}),),
            (ToolUse("Edit", {"file_path": note, "old_string": "A line.", "new_string": "Another line."}),),
            (
                ToolUse(
                    "Bash",
                    {"command": f"mkdir -p build && cp notes-{number}.md build/ && wc -l build/*", "description": "Copy"},
                ),
            ),
            (ToolUse("Bash", {"command": "rm -rf build && git diff --stat", "description": "Clean"}),),
        ]
    return turns


def do_nothing(owner: World) -> World:
    """A world in which every event that we subscribe to has a hook that does nothing."""
    hook = {"hooks": [{"type": "command", "command": "true"}]}
    hooks = {event.name: [{**({"matcher": "*"} if event.tool else {}), **hook}] for event in subscribed()}
    (owner.home / ".claude").mkdir()
    (owner.home / ".claude/settings.json").write_text(json.dumps({"hooks": hooks}))
    return owner


def run(_options: Options) -> Section | None:
    """Ours, nothing, ours, nothing ...: each of our transports beside runs of its own of the other."""
    try:
        client = ClientProgram(ensure_client(NEWEST, CLIENTS), NEWEST)
    except ClientError as error:
        print(f"skipped: no client to measure with ({error})")
        return None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="checkrein-bench-")))
        helper = build_helper(folder)
        wanted = [(CHOSEN, Transport.HTTP), ("http and command", Transport.BOTH), ("command", Transport.COMMAND)]
        pairs = {}
        for name, transport in wanted:
            ours = stack.enter_context(serving(client, transport, helper)).world
            pairs[name] = (Arm(client, ours), Arm(client, do_nothing(stack.enter_context(world()))))
        for number in range(ROUNDS + 1):
            for pair in pairs.values():
                for arm in pair:
                    arm.play()
                    if not number:
                        arm.spent.clear()  # the first round only makes everything warm
    kind = "the native client" if helper else "the Python client (no compiler here)"
    return Section(
        title="Hooks in the real client",
        measured=(
            f"`total_duration_ms` of the OpenTelemetry event `hook_execution_complete`, as client {NEWEST} reports it"
            " (whole milliseconds) for each event's hooks; `command` hooks run " + kind
        ),
        compared=f"a {NOTHING} hook on the same events, in turns of one whole session",
        data=f"one script of {CALLS} tool calls (commands, reads, writes, edits),"
        f" {ROUNDS} sessions for each side, after one to warm up",
        not_shown="a person's prompts, hooks of other products on the same events, other clients, sessions with large outputs",
        tables=tuple(_table(name, *pair) for name, pair in pairs.items()),
        targets=_targets(*pairs[CHOSEN]),
    )


def _table(name: str, ours: Arm, nothing: Arm) -> Table:
    chosen = ", which `checkrein up` chooses for this client" if name == CHOSEN else ""
    groups: dict[str, tuple[str, ...]] = {event: (event,) for event in ("PreToolUse", "PostToolUse", "PostToolBatch")}
    rows = tuple(_row(label, ours.of(*events), nothing.of(*events)) for label, events in {**groups, "all events": ()}.items())
    return Table(
        f"Transport {name}{chosen}:",
        ("event", "firings", "ours p50", "ours p99", "true p50", "true p99", "p50 ratio", "p99 ratio"),
        rows,
    )


def _row(label: str, ours: Spread, nothing: Spread) -> tuple[str, ...]:
    figures = (milli(ours.p50), milli(ours.p99), milli(nothing.p50), milli(nothing.p99))
    return label, str(ours.count), *figures, times(ours.p50, nothing.p50), times(ours.p99, nothing.p99)


def _targets(ours: Arm, nothing: Arm) -> tuple[Target, ...]:
    a, b = ours.of(), nothing.of()
    return (
        Target(f"p50 over all events at most that of {NOTHING}", f"{milli(a.p50)} against {milli(b.p50)}", a.p50 <= b.p50),
        Target(f"p99 over all events at most that of {NOTHING}", f"{milli(a.p99)} against {milli(b.p99)}", a.p99 <= b.p99),
    )
