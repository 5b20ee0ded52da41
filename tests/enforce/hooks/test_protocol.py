import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import Decision, Event, EventKind, LedgerError, Verdict
from checkrein.enforce.hooks.events import EVENTS, Stop
from checkrein.enforce.hooks.protocol import HookProtocol, interactive_from

PAYLOAD: dict[str, Any] = {
    "session_id": "s1",
    "prompt_id": "p1",
    "transcript_path": "/home/u/.claude/projects/-srv-app/s1.jsonl",
    "cwd": "/srv/app",
    "permission_mode": "acceptEdits",
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "ls"},
    "tool_use_id": "t1",
    "agent_id": "a1",
}


class Point:
    def __init__(self, outcome: Any = None) -> None:
        self.outcome = outcome or Decision(id="d1", verdict=Verdict.NONE)
        self.seen: list[Event] = []

    def decide(self, event: Event) -> Decision:
        self.seen.append(event)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        result: Decision = self.outcome
        return result

    def at_once(self, _event: Event) -> Decision | None:
        return None  # all of its decisions go to a thread


class Record:
    def __init__(self, error: Exception | None = None) -> None:
        self.entries: list[tuple[Event, Decision, int]] = []
        self.error = error

    def append(self, event: Event, decision: Decision, micros: int) -> None:
        if self.error:
            raise self.error
        self.entries.append((event, decision, micros))


def ask(body: bytes, name: str = "PreToolUse", point: Point | None = None, record: Record | None = None) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(HookProtocol(point or Point(), record or Record()).handle(name, body))
    return result


def denied(result: dict[str, Any]) -> bool:
    return result.get("hookSpecificOutput", {}).get("permissionDecision") == "deny"


def body_for(name: str, **fields: Any) -> bytes:
    return json.dumps({**PAYLOAD, "prompt": "hi", "hook_event_name": name, **fields}).encode()


def test_tool_call_becomes_an_event() -> None:
    point, record = Point(), Record()
    assert ask(body_for("PreToolUse"), point=point, record=record) == {}
    event = point.seen[0]
    assert (event.kind, event.session, event.cwd, event.project) == (EventKind.TOOL_CALL, "s1", "/srv/app", "/srv/app")
    assert (event.tool, event.call, event.agent, event.permission_mode) == ("Bash", "t1", "a1", "acceptEdits")
    assert event.input == {"command": "ls"}
    assert record.entries[0][0] is event


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_is_read_recorded_and_answered(name: str) -> None:
    record = Record()
    assert ask(body_for(name), name, record=record) == {}
    assert record.entries[0][0].kind is EVENTS[name].kind
    assert record.entries[0][0].name == name


@pytest.mark.parametrize("name", EVENTS)
def test_every_event_that_can_be_stopped_is_stopped_when_the_decision_fails(name: str) -> None:
    result = ask(body_for(name), name, Point(RuntimeError("hidden content")))
    assert "hidden content" not in json.dumps(result)
    assert "test_protocol.decide" in result["systemMessage"]
    assert (len(result) > 1) == (EVENTS[name].stop is not Stop.NEVER)


def test_results_and_texts_reach_the_event() -> None:
    point = Point()
    ask(body_for("PostToolUse", tool_response={"stdout": "x"}), "PostToolUse", point)
    ask(body_for("PostToolUseFailure", error="boom"), "PostToolUseFailure", point)
    ask(body_for("UserPromptSubmit"), "UserPromptSubmit", point)
    ask(body_for("ConfigChange", source="user_settings", file_path="/x"), "ConfigChange", point)
    assert [event.result for event in point.seen[:2]] == [{"stdout": "x"}, "boom"]
    assert [event.text for event in point.seen[2:]] == ["hi", "/x"]
    assert point.seen[3].input["source"] == "user_settings"


@pytest.mark.parametrize("outcome", [SystemExit(0), KeyboardInterrupt(), MemoryError(), RecursionError(), "yes", 7, ["x"]])
def test_a_broken_decision_point_is_a_recorded_denial(outcome: Any) -> None:
    record = Record()
    assert denied(ask(body_for("PreToolUse"), point=Point(outcome), record=record))
    assert record.entries[0][1].findings[0].rule == "guard.decision-failed"


def test_a_decision_that_cannot_be_answered_is_a_recorded_denial() -> None:
    record = Record()
    point = Point(Decision(id="d", verdict=Verdict.NONE, updated_input={"x": object()}))
    assert denied(ask(body_for("PreToolUse"), point=point, record=record))
    assert record.entries[0][1].findings[0].rule == "guard.answer-failed"


@pytest.mark.parametrize("error", [OSError("disk"), LedgerError("the disk is full")])
def test_what_is_not_recorded_is_denied(error: Exception) -> None:
    result = ask(body_for("PreToolUse"), record=Record(error))
    assert denied(result)
    assert "record could not be written" in result["systemMessage"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"\xff\xfe", b"[]", b'{"a":1,"a":2}', b"[" * 200_000, b" " * (17 << 20)])
def test_unreadable_bodies_are_denied_and_recorded_without_their_content(body: bytes) -> None:
    record, point = Record(), Point()
    assert denied(ask(body, point=point, record=record))
    assert point.seen == []
    assert f"{len(body)} bytes" in record.entries[0][0].text


def test_unknown_event_is_blocked_and_recorded() -> None:
    record = Record()
    result = ask(body_for("Later"), "Later", record=record)
    assert result["decision"] == "block"
    assert "not known" in result["reason"]
    assert record.entries


def test_a_mismatch_of_address_and_body_is_denied_in_the_form_that_stops() -> None:
    assert denied(ask(body_for("PreToolUse"), "Stop"))
    assert denied(ask(body_for("Stop"), "PreToolUse"))
    assert denied(ask(body_for("PreToolUse"), "Nonsense"))


def test_entrypoints() -> None:
    assert interactive_from("cli") is True
    assert interactive_from("sdk-cli") is False
    assert interactive_from("") is None
    assert interactive_from("$CLAUDE_CODE_ENTRYPOINT") is None


def test_a_note_is_recorded_and_never_raises() -> None:
    record = Record()
    HookProtocol(Point(), record).note("guard.client-folder", "it opened")
    assert record.entries[0][0].text == "it opened"
    HookProtocol(Point(), Record(OSError())).note("guard.client-folder", "it opened")


APPROVER = Decision(id="d", verdict=Verdict.APPROVE)


@given(st.sampled_from(sorted(EVENTS)), st.binary(max_size=300))
def test_random_bytes_never_pass_and_never_raise(name: str, body: bytes) -> None:
    point = Point(APPROVER)
    result = ask(body, name, point)
    assert point.seen == []
    assert EVENTS[name].stop is Stop.NEVER or len(result) > 1


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800")
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3))


@given(st.sampled_from(sorted(PAYLOAD)), VALUE)
def test_a_mutated_field_is_read_as_it_stands_or_denied(field: str, value: Any) -> None:
    point = Point(APPROVER)
    result = ask(json.dumps({**PAYLOAD, field: value}).encode(), point=point)
    if point.seen:
        event = point.seen[0]
        assert all(isinstance(text, str) for text in (event.session, event.cwd, event.tool, event.call, event.permission_mode))
        assert isinstance(event.input, dict)
        assert event.cwd.startswith("/")
    else:
        assert denied(result)


@given(st.data())
def test_a_damaged_payload_never_passes_unread(data: st.DataObject) -> None:
    body = bytearray(json.dumps(PAYLOAD).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.sampled_from(("cut", "flip", "drop"))):
            case "cut":
                del body[at + 1 :]
            case "flip":
                body[at] = data.draw(st.integers(0, 255))
            case _:
                del body[at]
                body = body or bytearray(b"x")
    point = Point(APPROVER)
    result = ask(bytes(body), point=point)
    assert bool(point.seen) != denied(result)
