"""Later events of a call are recorded as the agent asked for it."""

from __future__ import annotations

from dataclasses import replace

from checkrein.core import Event, EventKind
from checkrein.decide import asked as module
from checkrein.decide.asked import Asked

ASKED = {"command": "echo CKR"}
GIVEN = {"command": "echo value"}
CALL = Event(EventKind.TOOL_CALL, "s", "/p", "/p", tool="Bash", call="c1", input=ASKED)
RESULT = replace(CALL, kind=EventKind.TOOL_RESULT, input=GIVEN)


def test_by_the_id_of_the_call() -> None:
    asked = Asked()
    asked.note(CALL, GIVEN)
    assert asked.of(RESULT) == replace(RESULT, input=ASKED)
    assert asked.of(replace(RESULT, input={**GIVEN, "timeout": 5})).input == ASKED
    assert asked.of(CALL) == CALL
    assert asked.of(replace(RESULT, session="t", call="c1", input={"command": "other"})).input == {"command": "other"}


def test_by_what_it_was_given_where_there_is_no_id() -> None:
    asked = Asked()
    asked.note(CALL, GIVEN)
    assert asked.of(replace(RESULT, call="")).input == ASKED
    assert asked.of(replace(RESULT, call="", tool="Monitor")).input == GIVEN
    assert asked.of(replace(RESULT, call="", session="t")).input == GIVEN


def test_what_nobody_changed_stays() -> None:
    event = replace(RESULT, input={"command": "echo \ud800"})
    assert Asked().of(event) is event
    asked = Asked()
    asked.note(CALL, GIVEN)
    assert asked.of(replace(event, call="c2")).input == event.input


def test_it_is_bounded_and_keeps_no_value(monkeypatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 4)
    asked = Asked()
    for number in range(10):
        asked.note(replace(CALL, call=f"c{number}"), GIVEN)
    assert len(asked._asked) == 4
    assert "value" not in repr(asked._asked)
    assert asked.of(replace(RESULT, call="c9")).input == ASKED
