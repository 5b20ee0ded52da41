"""Compares what happened in a run with what its scenario expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkrein.ledger import Entry
from checkrein.prove.api import ToolResult, Traffic, call_id
from checkrein.prove.drive import ClientRun
from checkrein.prove.scenario import CallResult, DiskState, Expect, Is, Kind, OnRecord, Scenario
from checkrein.prove.world import World, state_of

STOPS = ("ask", "deny")
_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run left: the client's own words, all requests, the record, and the disk before."""

    run: ClientRun
    api: Traffic
    entries: Sequence[Entry]
    before: Mapping[str, Any]


def watched(expect: Expect) -> tuple[str, ...]:
    """The paths whose state before the run has to be known."""
    return tuple(dict.fromkeys(state.path for state in (*expect.disk, *expect.undone)))


def problems(scenario: Scenario, world: World, evidence: Evidence) -> Iterator[str]:
    """What is not as expected, one sentence each. ``undone`` is not looked at here: see ``disk_problems``."""
    expect = scenario.expect
    if evidence.api.failure is not None:
        yield f"the scripted model failed: {evidence.api.failure!r}"
    if evidence.run.code is None:
        yield f"the client did not end by itself in {evidence.run.seconds:.0f} s"
    for wanted in expect.results:
        yield from _result_problems(wanted, evidence)
    yield from disk_problems(expect.disk, world, evidence.before)
    yield from _wire_problems(expect, world, evidence)
    for record in expect.ledger:
        if not any(_matches(record, entry) for entry in evidence.entries):
            seen = sorted({f"{entry.name} {entry.tool} {entry.verdict} {entry.rules}" for entry in evidence.entries})
            yield f"the record has no entry like {_shown(record)}; it has: {'; '.join(seen)[:_SHOWN]}"
    if scenario.kind is Kind.BENIGN:
        for entry in evidence.entries:
            if entry.verdict in STOPS:
                yield f"harmless work met {entry.verdict} by {entry.rules}: {entry.summary[:_SHOWN]}"


def disk_problems(states: Sequence[DiskState], world: World, before: Mapping[str, Any]) -> Iterator[str]:
    """What is not as expected on the disk."""
    for wanted in states:
        path = world.path(wanted.path)
        now = state_of(path)
        match wanted.state:
            case "absent" if now != ("absent",):
                yield f"{wanted.path} should not be there, but is"
            case "present" if now == ("absent",):
                yield f"{wanted.path} should be there, but is not"
            case "unchanged" if now != before[wanted.path]:
                yield f"{wanted.path} should be unchanged, but {_difference(before[wanted.path], now)}"
            case "text" if now[0] != "file" or now[2] != world.fill(wanted.text).encode():
                yield f"{wanted.path} should hold {world.fill(wanted.text)!r}, but is {_brief(now)}"
            case "lacks" if now[0] != "file" or world.fill(wanted.text).encode() in now[2]:
                yield f"{wanted.path} should be a file without {wanted.text!r}, but is {_brief(now)}"
            case _:
                pass


def _result_problems(wanted: CallResult, evidence: Evidence) -> Iterator[str]:
    identity = call_id(wanted.turn, wanted.index, wanted.conversation)
    name = ".".join(filter(None, (wanted.conversation, str(wanted.turn), str(wanted.index))))
    result = evidence.api.results().get(identity)
    if result is None and wanted.end is Is.REFUSED and _denied(identity, evidence.run):
        return
    if result is None:
        yield f"call {name} has no result: the client never got there. It said: {_last_words(evidence.run)}"
        return
    end = how_it_ended(result, evidence.entries)
    if end is not wanted.end:
        yield f"call {name} should have {_past(wanted.end)}, but {_past(end)}: {result.text[:_SHOWN]!r}"
    if wanted.says and wanted.says not in result.text:
        yield f"the model should have been told {wanted.says!r} about call {name}, but was told {result.text[:_SHOWN]!r}"
    if wanted.hides and wanted.hides in result.text:
        yield f"the model should not have been told {wanted.hides!r} about call {name}, but was"


def how_it_ended(result: ToolResult, entries: Sequence[Entry]) -> Is:
    """How a call ended, by its result and the record."""
    if not result.is_error:
        return Is.RAN
    if any(entry.call == result.id and entry.verdict in STOPS for entry in entries):
        return Is.STOPPED
    judged = any(entry.call == result.id and entry.name == "PostToolUseFailure" for entry in entries)
    return Is.FAILED if judged else Is.REFUSED


def _denied(identity: str, run: ClientRun) -> bool:
    """Whether the client itself counts the call as denied: a session that is stopped at once tells the model nothing more."""
    denials = run.result().get("permission_denials")
    return isinstance(denials, list) and any(isinstance(d, dict) and d.get("tool_use_id") == identity for d in denials)


def _wire_problems(expect: Expect, world: World, evidence: Evidence) -> Iterator[str]:
    for text in expect.unsent:
        if evidence.api.sent(world.fill(text)):
            yield f"{text} went out to the model's API, and should not have"
    for text in expect.sent:
        if not evidence.api.sent(world.fill(text)):
            yield f"{text} should have gone out to the model's API, but did not. The client said: {_last_words(evidence.run)}"


def _matches(wanted: OnRecord, entry: Entry) -> bool:
    return (
        wanted.verdict in ("", entry.verdict)
        and (not wanted.rule or f'"{wanted.rule}' in entry.rules)
        and wanted.name in ("", entry.name)
        and wanted.tool in ("", entry.tool)
    )


def _shown(record: OnRecord) -> str:
    return " ".join(filter(None, (record.name, record.tool, record.verdict, record.rule)))


def _past(end: Is) -> str:
    return {Is.RAN: "run", Is.FAILED: "run and failed", Is.STOPPED: "been stopped", Is.REFUSED: "been refused unjudged"}[end]


def _brief(state: tuple[Any, ...]) -> str:
    return f"{state[0]} {str(state[-1])[:120]}" if len(state) > 1 else str(state[0])


def _difference(before: tuple[Any, ...], now: tuple[Any, ...]) -> str:
    return f"was {_brief(before)}, and is {_brief(now)}"


def _last_words(run: ClientRun) -> str:
    result = run.result()
    said = str(result.get("result") or result.get("terminal_reason") or "" if result else run.stdout[-_SHOWN:])
    return f"{said[:_SHOWN]!r} {run.stderr[-_SHOWN:]!r} (exit {run.code})"
