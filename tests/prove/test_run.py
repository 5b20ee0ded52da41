"""Runs with a stand-in for the client: a program that behaves as one told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from checkrein.prove import run
from checkrein.prove.client import ClientProgram
from checkrein.prove.run import Outcome, Settings, Status, play, play_all
from checkrein.prove.scenario import Scenario
from checkrein.setup.install import Scope


@pytest.fixture
def client(tmp_path: Path) -> Callable[[str], ClientProgram]:
    def make(text: str) -> ClientProgram:
        program = tmp_path / "client"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return ClientProgram(program, "2.1.330")

    return make


@pytest.fixture
def scenario(case: Callable[..., Scenario]) -> Scenario:
    return case("  disk: {a.txt: unchanged}")


def test_a_run_as_it_should_be_leaves_nothing(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    outcome = play(scenario, client("echo '{}'"), Settings(tmp_path / "work", guarded=False))
    assert (outcome.status, outcome.problems, outcome.evidence) == (Status.STOPPED, (), None)
    assert list((tmp_path / "work").iterdir()) == []


def test_a_failure_is_told_and_its_evidence_stays(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    outcome = play(scenario, client("echo gone > a.txt; echo said >&2"), Settings(tmp_path / "work", guarded=False))
    assert outcome.status is Status.FAILED
    assert "a.txt should be unchanged" in outcome.problems[0]
    assert outcome.evidence is not None
    assert (outcome.evidence / "evidence/client.stderr").read_text() == "said\n"


def test_evidence_can_be_kept(scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path) -> None:
    outcome = play(scenario, client("true"), Settings(tmp_path / "work", guarded=False, keep=True))
    assert outcome.status is Status.STOPPED
    assert outcome.evidence is not None
    assert (outcome.evidence / "evidence/requests.jsonl").exists()


def test_a_known_limit_is_open_and_one_that_closes_fails(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    known = replace(scenario, limit="It is so because of a reason.")
    settings = Settings(tmp_path / "work", guarded=False)
    assert play(known, client("true"), settings).status is Status.OPEN
    assert play(known, client("rm a.txt"), settings).status is Status.FAILED


def test_what_does_not_concern_the_client_is_skipped(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    outcome = play(replace(scenario, since="3.0.0"), client("true"), Settings(tmp_path / "work"))
    assert outcome.status is Status.SKIPPED


def test_without_a_namespace_managed_scenarios_are_skipped(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "can_mount", lambda: False)
    outcome = play(replace(scenario, scope=Scope.MANAGED), client("true"), Settings(tmp_path / "work"))
    assert outcome.status is Status.SKIPPED
    assert "namespace" in outcome.problems[0]


def test_a_run_that_breaks_down_is_a_failure(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    outcome = play(replace(scenario, commit=("none",)), client("true"), Settings(tmp_path / "work", guarded=False))
    assert outcome.status is Status.FAILED
    assert outcome.problems[0].startswith("the run broke down")


def test_many_run_side_by_side_in_their_order(
    scenario: Scenario, client: Callable[[str], ClientProgram], tmp_path: Path
) -> None:
    scenarios = [replace(scenario, id=f"case-{n}") for n in range(6)]
    told: list[Outcome] = []
    outcomes = play_all(scenarios, [client("true")], Settings(tmp_path / "work", guarded=False), 3, told.append)
    assert [outcome.scenario.id for outcome in outcomes] == [each.id for each in scenarios]
    assert len(told) == 6
