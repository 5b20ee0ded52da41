"""Plays scenarios: one world, one service and one client each, and one outcome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from checkrein.core import CheckreinError
from checkrein.ledger import Entry, LedgerReader
from checkrein.locations import undo_dir
from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse, Turn
from checkrein.prove.client import ClientProgram
from checkrein.prove.drive import SYSTEM_PATH, Drive
from checkrein.prove.judge import Evidence, disk_problems, problems, watched
from checkrein.prove.protection import Protection, protected
from checkrein.prove.scenario import Kind, Scenario
from checkrein.prove.world import Origin, World, build, state_of
from checkrein.setup.install import Scope
from checkrein.undo import SnapshotStore

_IN_NAMESPACE = 'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc && exec "$@"'


class Status(StrEnum):
    """What a run showed."""

    STOPPED = "stopped"  # an attack, as it should be
    PASSED = "passed"  # harmless work, as it should be
    OPEN = "open"  # an attack that is known to get through, and did
    FAILED = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario on one client. ``problems`` says what was not as expected, or why it was skipped."""

    scenario: Scenario
    client: str
    status: Status
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    evidence: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How to play. ``work`` is the folder for worlds, outside /tmp: what stands there is temporary to the policy.

    ``keep`` keeps every world; those of failures are always kept. ``guarded`` off plays without protection, which shows that
    an attack would succeed. ``helper`` is a native hook program for all worlds.
    """

    work: Path
    keep: bool = False
    guarded: bool = True
    origin: Origin = field(default_factory=Origin)
    helper: Path | None = None


def play_all(
    scenarios: Iterable[Scenario],
    clients: Sequence[ClientProgram],
    settings: Settings,
    jobs: int = 1,
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Play every scenario on every client, ``jobs`` at a time. ``done`` is told of each outcome. The order is that given."""

    def one(task: tuple[Scenario, ClientProgram]) -> Outcome:
        outcome = play(*task, settings)
        done(outcome)
        return outcome

    tasks = [(scenario, client) for scenario in scenarios for client in clients]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        return list(pool.map(one, tasks))


def play(scenario: Scenario, client: ClientProgram, settings: Settings) -> Outcome:
    """Play one scenario on one client. What fails on the way is an outcome too."""
    reason = _unplayable(scenario, client)
    if reason:
        return Outcome(scenario, client.version, Status.SKIPPED, (reason,))
    start = time.monotonic()
    root = settings.work / f"{scenario.id}-{client.version}"
    shutil.rmtree(root, ignore_errors=True)
    world: World | None = None
    try:
        world = build(scenario, root, settings.origin)
        found = tuple(_play(scenario, client, settings, world))
    except CheckreinError as exc:
        found = (f"the run broke down: {exc}",)
    status = Status.FAILED if found else _good(scenario)
    kept = settings.keep or bool(found)
    if world is not None:
        world.remove(keep_evidence=kept)
    return Outcome(
        scenario, client.version, status, found, time.monotonic() - start, root if kept and world is not None else None
    )


def _good(scenario: Scenario) -> Status:
    if scenario.limit:
        return Status.OPEN
    return Status.STOPPED if scenario.kind is Kind.ATTACK else Status.PASSED


def _unplayable(scenario: Scenario, client: ClientProgram) -> str:
    if not scenario.concerns(client.version):
        return "is not about this client"
    if scenario.scope is Scope.MANAGED and not can_mount():
        return "needs a mount namespace of its own, which this system does not give"
    return ""


@cache
def can_mount() -> bool:
    """Whether a private overlay on /etc can be made here."""
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as upper:
        return subprocess.run([*_namespace(Path(upper)), "true"], capture_output=True, check=False).returncode == 0


def _namespace(upper: Path) -> list[str]:
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *rights, "sh", "-c", _IN_NAMESPACE, str(upper)]


def _play(scenario: Scenario, client: ClientProgram, settings: Settings, world: World) -> Iterator[str]:
    if not settings.guarded:
        yield from _session(scenario, client, world, None)
        return
    with protected(world, client, scenario.scope, scenario.transport, settings.helper) as protection:
        yield from _session(scenario, client, world, protection)


def _session(scenario: Scenario, client: ClientProgram, world: World, protection: Protection | None) -> Iterator[str]:
    before = {path: state_of(world.path(path)) for path in watched(scenario.expect)}

    def before_turn(turn: int) -> None:
        if protection is not None and scenario.fault is not None and turn == scenario.fault_turn:
            protection.inflict(scenario.fault)

    with ScriptedApi(_filled(scenario.script, world), before_turn) as api:
        run = Drive(
            program=client.path,
            home=world.home,
            project=world.project,
            api_url=api.url,
            prompt=world.fill(scenario.prompt),
            mode=scenario.mode,
            arguments=[world.fill(word) for word in scenario.arguments],
            path=f"{world.home}/bin:{SYSTEM_PATH}",
            wrapper=_namespace(world.managed) if scenario.scope is Scope.MANAGED else (),
        ).run()
        entries = _record(protection)
        evidence = Evidence(run, api, entries, before)
        _write_down(world, evidence)
        yield from problems(scenario, world, evidence)
    if scenario.expect.undone:
        yield from _undo(world)
        yield from disk_problems(scenario.expect.undone, world, before)


def _filled(script: Script, world: World) -> Script:
    def turns(given: Sequence[Turn]) -> list[Turn]:
        return [[_block(part, world) for part in turn] for turn in given]

    return Script(turns(script.turns), {world.fill(prompt): turns(inner) for prompt, inner in script.subagents.items()})


def _block(part: Text | ToolUse, world: World) -> Text | ToolUse:
    return Text(world.fill(part.text)) if isinstance(part, Text) else ToolUse(part.name, world.fill_all(part.input))


def _record(protection: Protection | None) -> list[Entry]:
    if protection is None:
        return []
    with LedgerReader.open(protection.ledger) as reader:
        return list(reader.entries())


def _undo(world: World) -> Iterator[str]:
    """Restore the newest snapshot, as ``checkrein undo`` does."""
    store = SnapshotStore(undo_dir(world.environment()))
    snapshots = store.all(root=world.project)
    if not snapshots:
        yield "nothing can be undone: there is no snapshot"
        return
    store.restore(snapshots[-1].id)


def _write_down(world: World, evidence: Evidence) -> None:
    """Keep what a person needs to see why a run failed."""
    folder = world.root / "evidence"
    folder.mkdir()
    (folder / "client.json").write_text(evidence.run.stdout)
    (folder / "client.stderr").write_text(evidence.run.stderr)
    with (folder / "requests.jsonl").open("wb") as file:
        for request in evidence.api.requests:
            file.write(request.body + b"\n")
    lines = (f"{e.name} {e.tool} {e.call} {e.verdict} {e.rules} {e.micros} us  {e.summary}\n" for e in evidence.entries)
    (folder / "ledger.txt").write_text("".join(lines))
    results = {name: {"error": r.is_error, "text": r.text} for name, r in evidence.api.results().items()}
    (folder / "results.json").write_text(json.dumps(results, indent=2))
