"""A prompt is stopped at once where the gateway that it would go through is down."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.service import supervisor
from checkrein.service.paths import ServicePaths
from checkrein.service.unanswered import Unanswered, trouble

PROMPT = Event(EventKind.PROMPT, "s1", "/p", "/p", name="UserPromptSubmit", text="hello")


class Point:
    """Gives one verdict."""

    def __init__(self, verdict: Verdict = Verdict.NONE) -> None:
        self.verdict = verdict

    def decide(self, event: Event) -> Decision:
        """That one."""
        return Decision("a1", self.verdict, message="by the point")

    at_once = decide


def never() -> str:
    """Must not be asked."""
    raise AssertionError


def test_the_person_is_told_what_to_do() -> None:
    decision = Unanswered(Point(), lambda session: session == "s1", lambda: "the gateway does not run", 0.0).decide(PROMPT)
    assert decision.verdict is Verdict.DENY
    assert decision.findings[0].rule == "guard.gateway-down"
    assert "the gateway does not run" in decision.message
    assert "checkrein up --gateway" in decision.message
    assert "checkrein doctor" in decision.message


def test_a_gateway_that_comes_up_again_is_waited_for() -> None:
    looks = iter(["the gateway does not run", "no worker of the gateway serves", ""])
    assert Unanswered(Point(), lambda _: True, lambda: next(looks), 60.0).decide(PROMPT).verdict is Verdict.NONE


def test_what_does_not_go_through_it_is_not_held_up() -> None:
    assert Unanswered(Point(), lambda _: False, never).decide(PROMPT).verdict is Verdict.NONE
    assert Unanswered(Point(Verdict.DENY), lambda _: True, never).decide(PROMPT).message == "by the point"
    start = replace(PROMPT, kind=EventKind.SESSION_START, name="SessionStart")
    assert Unanswered(Point(), lambda _: True, never).decide(start).verdict is Verdict.NONE
    assert Unanswered(Point(), lambda _: True, never).at_once(start) is not None
    assert Unanswered(Point(), lambda _: True, never).at_once(PROMPT) is None


@pytest.fixture
def paths(tmp_path: Path) -> ServicePaths:
    found = ServicePaths(tmp_path / "state", tmp_path / "run")
    found.prepare()
    return found


def test_what_the_files_of_the_gateway_tell(paths: ServicePaths) -> None:
    assert trouble(paths) == "the gateway does not run"
    paths.gateway_lock.write_text(f"{os.getpid()} {supervisor.start_time(os.getpid())}")
    assert trouble(paths) == "no worker of the gateway serves"
    paths.gateway_board.write_text("4711\n")
    assert trouble(paths) == ""
    paths.gateway_lock.write_text(f"{os.getpid()} 1")
    assert trouble(paths) == "the gateway does not run"
