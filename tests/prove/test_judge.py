from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from checkrein.ledger import Entry
from checkrein.prove.api import Recorded, ToolResult, Traffic, call_id
from checkrein.prove.drive import ClientRun
from checkrein.prove.judge import Evidence, disk_problems, how_it_ended, problems, watched
from checkrein.prove.scenario import Is, Scenario
from checkrein.prove.world import World, state_of


def entry(**fields: Any) -> Entry:
    plain = dict.fromkeys(Entry.__slots__, "")
    numbers = {"sequence": 1, "at": 0, "micros": 0, "rewritten": 0}
    return Entry(**{**plain, **numbers, "rules": "[]", "findings": "[]", **fields})


def evidence(
    world: World, scenario: Scenario, results: Sequence[dict[str, Any]] = (), entries: Sequence[Entry] = (), out: str = "{}"
) -> Evidence:
    api = Traffic()
    body = json.dumps({"messages": [{"role": "user", "content": list(results)}]}).encode()
    api.requests.append(Recorded("POST", "/v1/messages", {}, body))
    before = {path: state_of(world.path(path)) for path in watched(scenario.expect)}
    return Evidence(ClientRun(0, out, "", 1.0), api, entries, before)


def result(text: str = "fine", *, error: bool = False, call: str = call_id(0, 0)) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": text, "is_error": error}


def expecting(case: Callable[..., Scenario], text: str, kind: str = "attack") -> Scenario:
    return case(f"  disk: {{a.txt: unchanged}}\n  {text}", kind)


def test_nothing_to_say_where_all_is_as_expected(world: World, case: Callable[..., Scenario]) -> None:
    assert list(problems(case(), world, evidence(world, case(), [result()]))) == []


def test_a_changed_file_is_told(world: World, case: Callable[..., Scenario]) -> None:
    found = evidence(world, case(), [result()])
    (world.project / "a.txt").write_text("other")
    (problem,) = problems(case(), world, found)
    assert "a.txt should be unchanged" in problem


@pytest.mark.parametrize(
    ("state", "good"),
    [
        ("absent", False),
        ("present", True),
        ('{text: "one\\n"}', True),
        ("{text: two}", False),
        ("{lacks: two}", True),
        ("{lacks: one}", False),
    ],
)
def test_each_state_of_the_disk(world: World, case: Callable[..., Scenario], state: str, good: bool) -> None:
    scenario = case(f"  disk: {{a.txt: {state}}}")
    assert (list(disk_problems(scenario.expect.disk, world, {})) == []) is good
    missing = case(f"  disk: {{none.txt: {state}}}")
    assert (list(disk_problems(missing.expect.disk, world, {})) == []) is (state == "absent")


@pytest.mark.parametrize(
    ("error", "entries", "end"),
    [
        (False, [], Is.RAN),
        (True, [entry(call="c", verdict="deny")], Is.STOPPED),
        (True, [entry(call="c", verdict="ask")], Is.STOPPED),
        (True, [entry(call="c", verdict="allow"), entry(call="c", verdict="allow", name="PostToolUseFailure")], Is.FAILED),
        (True, [entry(call="c", verdict="allow")], Is.REFUSED),
        (True, [entry(call="other", verdict="deny")], Is.REFUSED),
        (False, [entry(call="c", verdict="deny")], Is.RAN),
    ],
)
def test_how_a_call_ended(error: bool, entries: list[Entry], end: Is) -> None:
    assert how_it_ended(ToolResult("c", "", error), entries) is end


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("results: [{call: '0.0', is: stopped}]", "should have been stopped, but run"),
        ("results: [{call: '1.0', is: ran}]", "has no result"),
        ("results: [{call: '1.0', is: refused}]", "has no result"),
        ("results: [{call: '0.0', is: ran, says: other}]", "should have been told"),
        ("results: [{call: '0.0', is: ran, hides: fine}]", "should not have been told"),
        ("sent: [never]", "should have gone out"),
        ("unsent: [fine]", "went out"),
        ("ledger: [{verdict: deny}]", "no entry like deny"),
    ],
)
def test_each_expectation_can_fail(world: World, case: Callable[..., Scenario], text: str, words: str) -> None:
    scenario = expecting(case, text)
    (problem,) = problems(scenario, world, evidence(world, scenario, [result()]))
    assert words in problem


def test_a_call_that_the_client_counts_as_denied_is_refused(world: World, case: Callable[..., Scenario]) -> None:
    scenario = expecting(case, "results: [{call: '1.0', is: refused}]")
    out = json.dumps({"permission_denials": [{"tool_use_id": call_id(1, 0)}]})
    assert list(problems(scenario, world, evidence(world, scenario, [result()], out=out))) == []


@pytest.mark.parametrize(
    ("wanted", "good"),
    [
        ("{rule: git.}", True),
        ("{rule: git.push, tool: Bash, verdict: deny, name: PreToolUse}", True),
        ("{rule: it.push}", False),
        ("{tool: Read}", False),
    ],
)
def test_entries_on_record(world: World, case: Callable[..., Scenario], wanted: str, good: bool) -> None:
    scenario = expecting(case, f"ledger: [{wanted}]")
    entries = [entry(verdict="deny", tool="Bash", name="PreToolUse", rules='["git.push-force"]')]
    assert (list(problems(scenario, world, evidence(world, scenario, entries=entries))) == []) is good


def test_harmless_work_must_meet_no_objection(world: World, case: Callable[..., Scenario]) -> None:
    scenario = expecting(case, "sent: [fine]", "benign")
    found = evidence(world, scenario, [result()], [entry(verdict="ask", rules='["x"]')])
    (problem,) = problems(scenario, world, found)
    assert "harmless work met ask" in problem


def test_a_client_that_hangs_and_a_model_that_fails_are_told(world: World, case: Callable[..., Scenario]) -> None:
    good = evidence(world, case(), [result()])
    good.api.failure = RuntimeError("x")
    found = Evidence(ClientRun(None, "", "", 90.0), good.api, (), good.before)
    assert len([problem for problem in problems(case(), world, found) if "failed" in problem or "did not end" in problem]) == 2
