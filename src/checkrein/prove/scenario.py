"""``Scenario``: one attack or one harmless piece of work as data, read strictly from YAML, errors with file and line.

Texts may hold ``${home}``, ``${project}``, ``${python}``, ``${fixtures}``, ``${port}``, ``${supervisor}`` (a process id),
``${canary}`` (a fresh random word, the stand-in for a secret) and ``${token}`` (what has the shape of a credential); see
``world.World.fill``. Nothing else is replaced, so that shell variables stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from checkrein.core import PolicyError, Threat, UsageError
from checkrein.policy.document import Document, parse_document
from checkrein.prove.api import Script, Text, ToolUse, Turn
from checkrein.setup.install import Scope, Transport

SUFFIX = ".yaml"


class Kind(StrEnum):
    """An attack must be stopped; what is benign must pass untouched."""

    ATTACK = "attack"
    BENIGN = "benign"


class Fault(StrEnum):
    """What happens to the service in the middle of a session."""

    KILL = "kill"  # supervisor and worker end: nobody listens any more
    KILL_WORKER = "kill-worker"  # the supervisor has to put a new one in place
    HANG = "hang"  # supervisor and worker are stopped: connections are taken, nobody answers
    HANG_WORKER = "hang-worker"  # the supervisor has to notice, and put a new one in place
    IMPOSTOR = "impostor"  # another program takes port and socket and has no objection to anything
    TLS_IMPOSTOR = "tls-impostor"  # the same, by TLS, with a certificate of its own
    BROKEN_ANSWERS = "broken-answers"  # the same, with answers that are cut off
    ERROR_ANSWERS = "error-answers"  # the same, with status 500
    DISARM = "disarm"  # another program writes settings that switch all hooks off; the service itself is well


class Is(StrEnum):
    """How a tool call ended, as the model is told.

    ``STOPPED`` by a decision that is on record, ``REFUSED`` by the client itself or because no decision could be had.
    """

    RAN = "ran"
    FAILED = "failed"
    STOPPED = "stopped"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class File:
    """A file before the run: ``text`` with ``mode``, or a symbolic link to ``link``, or another name of ``hardlink``."""

    text: str = ""
    mode: int = 0o644
    link: str = ""
    hardlink: str = ""


@dataclass(frozen=True, slots=True)
class DiskState:
    """What must be at a path: ``state`` is absent, present, unchanged, text or lacks; the last two compare with ``text``."""

    path: str
    state: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What must have become of one tool call. ``conversation`` is empty for the main one. Texts are checked where given."""

    conversation: str
    turn: int
    index: int
    end: Is
    says: str = ""
    hides: str = ""


@dataclass(frozen=True, slots=True)
class OnRecord:
    """An entry that must be in the ledger; empty fields match anything, ``rule`` is a rule id or its beginning."""

    verdict: str = ""
    rule: str = ""
    name: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be true after the run. ``undone`` is checked after the newest snapshot was restored."""

    results: tuple[CallResult, ...] = ()
    disk: tuple[DiskState, ...] = ()
    undone: tuple[DiskState, ...] = ()
    sent: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    ledger: tuple[OnRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. ``limit`` says why an attack gets through, where it is known to; ``source`` is the file it stands in."""

    id: str
    title: str
    threats: tuple[Threat, ...]
    kind: Kind
    script: Script
    expect: Expect
    source: str
    twin: str = ""
    limit: str = ""
    quick: bool = False
    since: str = ""
    before: str = ""
    scope: Scope = Scope.USER
    transport: Transport | None = None
    mode: str = "bypassPermissions"
    arguments: tuple[str, ...] = ()
    prompt: str = "Carry on."
    commit: tuple[str, ...] | None = None  # None: all
    project: Mapping[str, File] = field(default_factory=dict)
    home: Mapping[str, File] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    policy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fault: Fault | None = None
    fault_turn: int = 0

    def concerns(self, version: str) -> bool:
        """Whether the scenario is about clients of ``version``."""
        number = _version(version)
        return (not self.since or number >= _version(self.since)) and (not self.before or number < _version(self.before))


def load_all(folder: Path | None = None) -> tuple[Scenario, ...]:
    """The built-in scenarios, or those in ``folder``, in the order of their file names. UsageError as in ``load``."""
    place = folder or Path(str(resources.files(__package__) / "scenarios"))
    scenarios = tuple(load(path.read_text("utf-8"), str(path)) for path in sorted(place.glob(f"*{SUFFIX}")))
    _check_twins(scenarios)
    return scenarios


def load(text: str, name: str) -> Scenario:
    """The scenario in ``text``. UsageError with ``FILE:LINE`` where it is not one, or claims something that nothing checks."""
    try:
        document = parse_document(text, name)
    except PolicyError as exc:
        raise UsageError(exc.what, fix=exc.fix) from exc
    error = best_match(_schema().iter_errors(document.data))
    if error is not None:
        at = tuple(error.absolute_path)
        raise UsageError(f"{name}:{document.line(*at)}: {'.'.join(map(str, at)) or 'the scenario'}: {error.message[:300]}")
    scenario = _scenario(document.data, name)
    _check(scenario, document)
    return scenario


@cache
def _schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads((resources.files(__package__) / "scenario.schema.json").read_text("utf-8")))


def _scenario(data: Mapping[str, Any], name: str) -> Scenario:
    files, fault, commit = data.get("files", {}), data.get("fault", {}), data.get("commit", "all")
    transport = data.get("transport", "auto")
    return Scenario(
        id=data["id"],
        title=data["title"],
        threats=tuple(Threat(word) for word in data["threats"]),
        kind=Kind(data["kind"]),
        script=Script(_turns(data["turns"]), {prompt: _turns(turns) for prompt, turns in data.get("subagents", {}).items()}),
        expect=_expect(data["expect"]),
        source=name,
        twin=data.get("twin", ""),
        limit=data.get("limit", ""),
        quick=data.get("quick", False),
        since=data.get("since", ""),
        before=data.get("before", ""),
        scope=Scope(data.get("scope", "user")),
        transport=None if transport == "auto" else Transport(transport),
        mode=data.get("mode", "bypassPermissions"),
        arguments=tuple(data.get("arguments", ())),
        prompt=data.get("prompt", "Carry on."),
        commit=None if commit == "all" else tuple(commit),
        project=_files(files.get("project", {})),
        home=_files(files.get("home", {})),
        settings=data.get("settings", {}),
        policy=data.get("policy", {}),
        fault=Fault(fault["do"]) if fault else None,
        fault_turn=fault.get("turn", 0),
    )


def _turns(turns: Iterable[Iterable[Mapping[str, Any]]]) -> tuple[Turn, ...]:
    return tuple(tuple(_block(block) for block in turn) for turn in turns)


def _block(block: Mapping[str, Any]) -> Text | ToolUse:
    if "say" in block:
        return Text(block["say"])
    if "bash" in block:
        return ToolUse("Bash", {"command": block["bash"], "description": "a step"})
    return ToolUse(block["tool"], block["input"])


def _files(files: Mapping[str, Any]) -> dict[str, File]:
    return {path: File(text=value) if isinstance(value, str) else _file(value) for path, value in files.items()}


def _file(value: Mapping[str, str]) -> File:
    return File(value.get("text", ""), int(value.get("mode", "0644"), 8), value.get("link", ""), value.get("hardlink", ""))


def _expect(data: Mapping[str, Any]) -> Expect:
    return Expect(
        results=tuple(_result(entry) for entry in data.get("results", ())),
        disk=_disk(data.get("disk", {})),
        undone=_disk(data.get("undone", {})),
        sent=tuple(data.get("sent", ())),
        unsent=tuple(data.get("unsent", ())),
        ledger=tuple(OnRecord(**entry) for entry in data.get("ledger", ())),
    )


def _result(entry: Mapping[str, str]) -> CallResult:
    words = entry["call"].split(".")
    conversation = words[0] if len(words) == 3 else ""
    return CallResult(
        conversation, int(words[-2]), int(words[-1]), Is(entry["is"]), entry.get("says", ""), entry.get("hides", "")
    )


def _disk(data: Mapping[str, Any]) -> tuple[DiskState, ...]:
    return tuple(
        DiskState(path, value) if isinstance(value, str) else DiskState(path, *next(iter(value.items())))
        for path, value in data.items()
    )


def _check(scenario: Scenario, document: Document) -> None:
    """What a schema cannot say."""

    def wrong(what: str, *at: str) -> UsageError:
        return UsageError(f"{scenario.source}:{document.line(*at)}: {what}")

    if Path(scenario.source).name != scenario.id + SUFFIX:
        raise wrong(f"the file has to be named {scenario.id}{SUFFIX}", "id")
    expect = scenario.expect
    if scenario.kind is Kind.ATTACK and not (expect.disk or expect.unsent or expect.sent or expect.undone):
        raise wrong("an attack needs a look at the disk or at what was sent: what the model is told proves nothing", "expect")
    if scenario.kind is Kind.BENIGN and not expect.results and not expect.sent:
        raise wrong("harmless work needs a look at its results: that nothing was stopped proves nothing", "expect")
    if scenario.kind is Kind.ATTACK and not scenario.twin:
        raise wrong("an attack names its harmless twin", "kind")
    if scenario.limit and scenario.kind is Kind.BENIGN:
        raise wrong("only an attack can be beyond the limits", "limit")
    for result in expect.results:
        number = int(result.conversation.removeprefix("sub") or 0)
        turns = list(scenario.script.subagents.values())[number - 1 : number] if number else [scenario.script.turns]
        if not turns or result.turn >= len(turns[0]) or result.index >= len(turns[0][result.turn]):
            raise wrong(f"there is no call {result.conversation} {result.turn}.{result.index}", "expect", "results")


def _check_twins(scenarios: tuple[Scenario, ...]) -> None:
    known = {scenario.id: scenario for scenario in scenarios}
    for scenario in scenarios:
        if scenario.twin and (scenario.twin not in known or known[scenario.twin].kind is not Kind.BENIGN):
            raise UsageError(f"{scenario.source}: its twin {scenario.twin!r} is no harmless scenario")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
