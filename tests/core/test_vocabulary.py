"""Severities, actions, threats, effects and decisions."""

from __future__ import annotations

import pytest

from checkrein.core import Action, Decision, Effect, EffectKind, Event, EventKind, Example, Severity, Threat, Verdict
from checkrein.core.effect import UNKNOWN


def test_severities_have_an_order() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3, 4]
    assert Severity("critical").rank > Severity("info").rank


def test_actions_have_an_order_and_a_name() -> None:
    assert sorted(Action) == [Action.ALLOW, Action.SNAPSHOT, Action.ASK, Action.DENY]
    assert [str(action) for action in Action] == ["allow", "snapshot", "ask", "deny"]
    assert all(Action.parse(str(action)) is action for action in Action)
    with pytest.raises(KeyError):
        Action.parse("never")


def test_threats() -> None:
    assert [threat.value for threat in Threat] == [f"T{number}" for number in range(1, 9)]
    assert Threat.PROMPT_INJECTION.label == "prompt injection"


@pytest.mark.parametrize(("target", "known"), [("/a", True), ("", True), (f"/a/{UNKNOWN}", False), (UNKNOWN, False)])
def test_an_effect_on_what_is_not_known(target: str, known: bool) -> None:
    assert Effect(EffectKind.DELETE, target, "rm").known is known


@pytest.mark.parametrize(("verdict", "stops"), list(zip(Verdict, [False, False, True, True], strict=True)))
def test_which_decisions_stop(verdict: Verdict, stops: bool) -> None:
    assert Decision("d", verdict).stops is stops


def test_values_cannot_be_changed() -> None:
    event = Event(EventKind.PROMPT, "s", "/", "/")
    for value, name in (
        (event, "text"),
        (Decision("d", Verdict.NONE), "verdict"),
        (Effect(EffectKind.READ, "/", "cat"), "target"),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, "x")


def test_the_title_of_an_example() -> None:
    assert Example("Bash", {"command": "ls"}, {}).title == "ls"
    assert Example("Read", {"file_path": "a"}, {}).title == "Read {'file_path': 'a'}"
