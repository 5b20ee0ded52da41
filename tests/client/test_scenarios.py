"""Every scenario on every supported client, each as a test of its own; and that every attack is one."""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkrein.core import ClientError
from checkrein.prove.client import NEWEST, VERSIONS, ClientProgram, ensure_client
from checkrein.prove.run import Settings, Status, play
from checkrein.prove.scenario import Expect, Fault, Kind, Scenario, load_all
from checkrein.setup.install import Scope

pytestmark = pytest.mark.client

CACHE = Path(os.environ.get("CHECKREIN_CLIENTS") or Path(__file__).parents[2] / ".cache/clients")
SCENARIOS = load_all()
HANGS = (Fault.HANG, Fault.HANG_WORKER)
"""Where these befall the service, the client waits for it until its time is over."""
ATTACKS = [each for each in SCENARIOS if each.kind is Kind.ATTACK and not each.limit and each.fault is None]


@pytest.fixture(scope="session")
def settings(hook_program: Path | None) -> Iterator[Settings]:
    """Worlds stand in the checkout's own cache, not in /tmp: what is there is temporary to the policy."""
    CACHE.parent.mkdir(exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=CACHE.parent, prefix="worlds-"))
    yield Settings(work, helper=hook_program)
    if not list(work.iterdir()):
        shutil.rmtree(work)


def client_of(version: str) -> ClientProgram:
    try:
        return ClientProgram(ensure_client(version, CACHE), version)
    except ClientError as exc:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no client {version}: {exc.what}")


@pytest.mark.parametrize(
    ("scenario", "version"),
    [
        pytest.param(each, version, id=f"{each.id}-{version}", marks=[pytest.mark.long] if each.fault in HANGS else [])
        for each in SCENARIOS
        for version in VERSIONS
        if each.concerns(version)
    ],
)
def test_scenario(scenario: Scenario, version: str, settings: Settings) -> None:
    outcome = play(scenario, client_of(version), settings)
    if outcome.status is Status.SKIPPED:
        pytest.skip("; ".join(outcome.problems))
    assert outcome.status is not Status.FAILED, "\n".join((*outcome.problems, f"evidence: {outcome.evidence}"))


@pytest.mark.parametrize(
    "scenario", [each for each in ATTACKS if each.scope is Scope.USER and each.concerns(NEWEST)], ids=lambda each: each.id
)
def test_without_protection_the_attack_does_harm(scenario: Scenario, settings: Settings) -> None:
    """Only what was lost or sent counts here. An attack that does nothing anyway would prove nothing."""
    expect = Expect(disk=scenario.expect.disk, undone=scenario.expect.undone, unsent=scenario.expect.unsent)
    bare = dataclasses.replace(scenario, id=f"{scenario.id}-bare", expect=expect)
    outcome = play(bare, client_of(NEWEST), dataclasses.replace(settings, guarded=False))
    assert outcome.status is Status.FAILED
    assert not [
        problem for problem in outcome.problems if problem.startswith(("the run broke", "the scripted", "the client did"))
    ]
    assert outcome.evidence is not None
    shutil.rmtree(outcome.evidence, ignore_errors=True)


def test_there_are_enough() -> None:
    assert len(SCENARIOS) >= 40
    assert {threat for each in SCENARIOS for threat in each.threats} >= {"T4", "T5", "T6", "T7", "T8"}
    assert 4 <= sum(each.quick and each.kind is Kind.ATTACK for each in SCENARIOS) <= 6
