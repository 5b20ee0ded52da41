from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import orjson
import pytest
from bench.calls import Case

from bench import calls, large_commands, service_load

LS = Case("Bash", {"command": "ls"})


def test_the_rules_examples_are_there_with_their_labels() -> None:
    cases = calls.own_cases()
    assert {case.stops for case in cases} == {True, False}
    assert len(cases) > 500


@pytest.mark.parametrize("name", ["cases.jsonl", "cases.jsonl.gz"])
def test_commands_of_a_file_are_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data = b'{"id": 1, "command": "ls"}\n{"command": "pwd"}\n'
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert [case.input["command"] for case in calls.commands_of(path)] == ["ls", "pwd"]


def test_a_line_without_a_command_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"path": "x"}\n')
    with pytest.raises(ValueError, match="not every line"):
        calls.commands_of(path)


@pytest.mark.parametrize(("decision", "stops"), [("deny", True), ("ask", True), ("allow", False)])
def test_a_verdict_is_read_from_the_answer(decision: str, stops: bool) -> None:
    assert calls.denies(orjson.dumps({"hookSpecificOutput": {"permissionDecision": decision}})) is stops


def test_an_empty_answer_stops_nothing() -> None:
    assert not calls.denies(b"{}")


def test_events_mix_calls_and_their_results(tmp_path: Path) -> None:
    made = list(itertools.islice(service_load.events([LS], tmp_path), 8))
    assert [name for name, _ in made] == ["PreToolUse", "PreToolUse", "PreToolUse", "PostToolUse"] * 2
    assert all(orjson.loads(body)["hook_event_name"] == name for name, body in made)


@pytest.mark.parametrize(
    ("harmless", "denied", "expected"),
    [(False, True, (4, 0, 0)), (False, False, (4, 2, 0)), (True, True, (4, 0, 2)), (False, None, (2, 2, 0))],
)
def test_a_burst_counts_what_was_lost_and_what_went_wrong(
    harmless: bool, denied: bool | None, expected: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_load, "AT_ONCE", 4)
    burst = service_load._burst(lambda case, _number: denied if case is service_load.DENIED else harmless)
    assert (burst.answered, burst.allowed_by_mistake, burst.stopped_by_mistake) == expected


@pytest.mark.parametrize("name", large_commands.SHAPES)
def test_a_shape_has_about_the_size_that_was_asked_for(name: str) -> None:
    assert 8_000 <= len(large_commands.SHAPES[name](20_000)) <= 22_000
