"""Redaction in hooks, from the payload to the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import Decision, Event, LedgerError, Verdict
from checkrein.enforce.hooks.protocol import HookProtocol
from checkrein.enforce.hooks.redaction import HookRedaction, counted
from checkrein.ledger.masking import summarize
from plain_redactor import LABEL, OneRedaction, PlainRedactor, placeholder

VALUE = "hush-abc123"
STANDIN = placeholder(VALUE)


class Point:
    """Has no objection, unless told otherwise."""

    def __init__(self, verdict: Verdict = Verdict.NONE) -> None:
        self.verdict = verdict

    def decide(self, _event: Event) -> Decision:
        return Decision("d1", self.verdict)

    at_once = decide


class Record:
    def __init__(self, *, failing: bool = False) -> None:
        self.entries: list[tuple[Event, Decision]] = []
        self.failing = failing

    def append(self, event: Event, decision: Decision, _micros: int) -> None:
        if self.failing:
            raise LedgerError("the disk is full")
        self.entries.append((event, decision))


class Hooks:
    """The adapter with a redaction; ``ask`` gives the answer to one event."""

    def __init__(
        self, redaction: OneRedaction | None = None, verdict: Verdict = Verdict.NONE, record: Record | None = None
    ) -> None:
        self.redaction = redaction or OneRedaction()
        self.record = record or Record()
        self.protocol = HookProtocol(Point(verdict), self.record, HookRedaction(self.redaction))

    def ask(self, name: str, **fields: Any) -> dict[str, Any]:
        body = {
            "session_id": "s",
            "cwd": "/srv/app",
            "hook_event_name": name,
            "prompt": "",
            "tool_name": "Bash",
            "tool_input": {},
        }
        answer: dict[str, Any] = json.loads(self.protocol.handle(name, json.dumps({**body, **fields}).encode()))
        return answer

    def output(self, response: Any, **fields: Any) -> Any:
        """What the model gets in place of ``response``; the response where nothing is said."""
        answer = self.ask("PostToolUse", tool_response=response, **fields)
        return answer.get("hookSpecificOutput", {}).get("updatedToolOutput", response)

    def rules(self) -> list[str]:
        return [finding.rule for _, decision in self.record.entries for finding in decision.findings]


class TestOutputs:
    def test_values_are_replaced_in_the_same_shape(self) -> None:
        hooks = Hooks()
        response = {"stdout": f"a {VALUE} b", "stderr": "", "interrupted": False, "isImage": False}
        assert hooks.output(response) == {**response, "stdout": f"a {STANDIN} b"}

    def test_an_output_without_values_is_not_mentioned(self) -> None:
        assert Hooks().ask("PostToolUse", tool_response={"stdout": "fine"}) == {}

    def test_more_than_the_client_keeps_of_other_texts_goes_through_whole(self) -> None:
        text = "x" * 50_000
        assert Hooks().output({"stdout": f"{text}{VALUE}"}) == {"stdout": f"{text}{STANDIN}"}

    def test_the_record_says_what_was_replaced_and_never_the_value(self) -> None:
        hooks = Hooks()
        hooks.output({"stdout": f"{VALUE} {VALUE}"})
        _, decision = hooks.record.entries[0]
        assert hooks.rules() == ["privacy.redacted"]
        assert decision.findings[0].what == f"2 {LABEL} in the output of Bash replaced by placeholders"
        assert VALUE not in repr(decision)
        assert decision.verdict is Verdict.NONE

    @pytest.mark.parametrize(
        ("tool", "given", "source"),
        [
            ("Bash", {"command": "x"}, "command"),
            ("Read", {"file_path": "/srv/app/a.py"}, "/srv/app/a.py"),
            ("NotebookEdit", {"notebook_path": "/srv/n.ipynb"}, "/srv/n.ipynb"),
            ("Read", {"file_path": "a.py"}, "command"),
            ("mcp__files__read_it", {}, "mcp:files"),
            ("WebFetch", {"url": "https://example.com"}, "command"),
        ],
    )
    def test_the_redactor_learns_where_a_text_is_from(self, tool: str, given: dict[str, Any], source: str) -> None:
        hooks = Hooks()
        hooks.output("some text", tool_name=tool, tool_input=given)
        assert hooks.redaction.redactor is not None
        assert hooks.redaction.redactor.seen == [("some text", source)]

    def test_how_to_use_placeholders_is_told_once_to_each_agent(self) -> None:
        hooks = Hooks()

        def told(**fields: Any) -> bool:
            answer = hooks.ask("PostToolUse", tool_response=VALUE, **fields)
            return "old_string" in answer["hookSpecificOutput"].get("additionalContext", "")

        assert [told(), told(), told(agent_id="a"), told(agent_id="a"), told(session_id="t")] == [
            True,
            False,
            True,
            False,
            True,
        ]

    def test_with_a_gateway_outputs_are_replaced_and_nothing_is_told(self) -> None:
        answer = Hooks(OneRedaction(gateway=True)).ask("PostToolUse", tool_response=VALUE)
        assert answer["hookSpecificOutput"] == {"hookEventName": "PostToolUse", "updatedToolOutput": STANDIN}

    def test_where_policy_switches_redaction_off_nothing_is_looked_at(self) -> None:
        assert Hooks(OneRedaction(None)).output(VALUE) == VALUE

    def test_the_file_of_a_large_output_is_redacted_too(self, tmp_path: Path) -> None:
        file = tmp_path / "tool-results" / "big.txt"
        file.parent.mkdir()
        file.write_text(f"{VALUE}\n")
        response = {"stdout": "only the beginning", "persistedOutputPath": str(file)}
        hooks = Hooks()
        assert hooks.output(response) == response
        assert file.read_text() == f"{STANDIN}\n"
        assert hooks.rules() == ["privacy.redacted"]

    def test_a_file_that_cannot_be_redacted_withholds_the_output(self, tmp_path: Path) -> None:
        output = Hooks().output({"stdout": "some text", "persistedOutputPath": str(tmp_path / "other")})
        assert "some text" not in json.dumps(output)


class TestTrouble:
    @pytest.mark.parametrize("response", [{"stdout": VALUE, "stderr": VALUE}, [{"type": "text", "text": VALUE}], VALUE])
    def test_what_cannot_be_redacted_is_withheld(self, response: Any) -> None:
        hooks = Hooks(OneRedaction(PlainRedactor(failing=True)))
        answer = hooks.ask("PostToolUse", tool_response=response)
        assert VALUE not in json.dumps(answer)
        assert "the vault is locked" in json.dumps(answer["hookSpecificOutput"]["updatedToolOutput"])
        assert answer["decision"] == "block"
        assert hooks.rules() == ["privacy.failed"]

    def test_an_error_of_any_kind_says_nothing_of_the_text(self) -> None:
        class Broken:
            def of(self, _project: str, _session: str = "") -> None:
                raise ValueError(VALUE)

        protocol = HookProtocol(Point(), Record(), HookRedaction(Broken()))
        body = {"session_id": "s", "cwd": "/", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {}}
        answer = protocol.handle("PostToolUse", json.dumps({**body, "tool_response": VALUE}).encode())
        assert VALUE.encode() not in answer
        assert b"ValueError" in answer

    @pytest.mark.parametrize("name", ["UserPromptSubmit", "PostToolBatch"])
    def test_what_cannot_be_looked_at_is_stopped(self, name: str) -> None:
        hooks = Hooks(OneRedaction(PlainRedactor(failing=True)))
        answer = hooks.ask(name, prompt="some words", tool_calls=[{"tool_response": "some words"}])
        assert answer["decision"] == "block"

    def test_a_refused_result_is_withheld_whoever_refused_it(self) -> None:
        assert VALUE not in json.dumps(Hooks(verdict=Verdict.DENY).ask("PostToolUse", tool_response={"stdout": VALUE}))

    def test_what_cannot_be_recorded_is_withheld(self) -> None:
        answer = Hooks(record=Record(failing=True)).ask("PostToolUse", tool_response={"stdout": VALUE})
        assert VALUE not in json.dumps(answer)
        assert set(answer["hookSpecificOutput"]["updatedToolOutput"]) == {"stdout"}

    def test_a_result_takes_a_thread_and_a_call_does_not(self) -> None:
        protocol = Hooks().protocol
        body = {"session_id": "s", "cwd": "/", "tool_name": "Bash", "tool_input": {}, "tool_response": ""}
        after = protocol.read("PostToolUse", json.dumps({**body, "hook_event_name": "PostToolUse"}).encode())
        before = protocol.read("PreToolUse", json.dumps({**body, "hook_event_name": "PreToolUse"}).encode())
        assert protocol.judge_at_once(after) is None
        assert protocol.judge_at_once(before) is not None


class TestPrompts:
    @pytest.mark.parametrize("name", ["UserPromptSubmit", "UserPromptExpansion"])
    def test_a_prompt_with_a_value_is_stopped_and_its_line_named(self, name: str) -> None:
        hooks = Hooks()
        answer = hooks.ask(name, prompt=f"please use\nthis: {VALUE}\n")
        assert answer["decision"] == "block"
        assert f"{LABEL} in line 2" in answer["reason"]
        assert VALUE not in json.dumps(answer)
        assert hooks.rules() == ["privacy.prompt"]

    @pytest.mark.parametrize("prompt", ["say hello", f"use {STANDIN}", ""])
    def test_others_pass(self, prompt: str) -> None:
        assert Hooks().ask("UserPromptSubmit", prompt=prompt) == {}

    def test_personal_data_alone_passes_and_is_on_record(self) -> None:
        hooks = Hooks()
        assert hooks.ask("UserPromptSubmit", prompt="write to person-anna") == {}
        assert hooks.rules() == ["privacy.unreplaced"]
        assert "person-anna" not in repr(hooks.record.entries[0][1])

    def test_beside_a_value_only_that_is_named(self) -> None:
        reason = Hooks().ask("UserPromptSubmit", prompt=f"person-anna\n{VALUE}")["reason"]
        assert f"1 {LABEL} ({LABEL} in line 2)" in reason
        assert "PERSON" not in reason

    def test_with_a_gateway_it_passes(self) -> None:
        assert Hooks(OneRedaction(gateway=True)).ask("UserPromptSubmit", prompt=VALUE) == {}

    def test_a_refusal_for_another_reason_stays_as_it_is(self) -> None:
        hooks = Hooks(verdict=Verdict.DENY)
        assert hooks.ask("UserPromptSubmit", prompt=VALUE)["decision"] == "block"
        assert hooks.rules() == []


class TestBatches:
    def batch(self, *responses: Any) -> list[dict[str, Any]]:
        return [{"tool_name": f"T{number}", "tool_response": response} for number, response in enumerate(responses)]

    def test_what_is_still_in_the_clear_stops_the_request(self) -> None:
        hooks = Hooks()
        answer = hooks.ask("PostToolBatch", tool_calls=self.batch("fine", f"Exit code 3\n{VALUE}", [{"text": VALUE}]))
        assert answer["decision"] == "block"
        assert f"2 {LABEL} would reach the model in the result of T1, T2" in answer["reason"]
        assert VALUE not in json.dumps(answer)
        assert hooks.rules() == ["privacy.output"]

    @pytest.mark.parametrize("response", ["fine", STANDIN, [{"type": "text", "text": "fine"}], None])
    def test_the_rest_goes_on(self, response: Any) -> None:
        assert Hooks().ask("PostToolBatch", tool_calls=self.batch(response)) == {}

    def test_personal_data_alone_goes_on_and_is_on_record(self) -> None:
        hooks = Hooks()
        assert hooks.ask("PostToolBatch", tool_calls=self.batch("by person-anna")) == {}
        assert hooks.rules() == ["privacy.unreplaced"]

    def test_with_a_gateway_all_goes_on(self) -> None:
        assert Hooks(OneRedaction(gateway=True)).ask("PostToolBatch", tool_calls=self.batch(VALUE)) == {}

    @pytest.mark.parametrize("calls", [None, [], [None], "x", [VALUE]])
    def test_other_shapes_do_not_break_it(self, calls: Any) -> None:
        answer = Hooks().ask("PostToolBatch", tool_calls=calls)
        assert bool(answer) == (calls == [VALUE])


class TestWarming:
    @pytest.mark.parametrize("redaction", [OneRedaction(), OneRedaction(None), OneRedaction(PlainRedactor(failing=True))])
    def test_it_never_fails(self, redaction: OneRedaction) -> None:
        HookRedaction(redaction).warm("/home/u")
        assert redaction.projects == ["/home/u"]


class TestPieces:
    def piece(self, hooks: Hooks, data: bytes, session: bytes = b"s", cwd: bytes = b"/srv/app") -> bytes:
        return hooks.protocol.output(b"\0".join((session, cwd, data)))

    def test_a_piece_comes_back_with_placeholders(self) -> None:
        assert self.piece(Hooks(), f"x\0 {VALUE}\n".encode()) == f"=x\0 {STANDIN}\n".encode()

    def test_bytes_that_are_no_text_stay(self) -> None:
        assert self.piece(Hooks(), b"\xff" + VALUE.encode()) == b"=\xff" + STANDIN.encode()

    @pytest.mark.parametrize("redaction", [OneRedaction(None), OneRedaction(wrap=False)])
    def test_where_it_is_not_wanted_it_passes(self, redaction: OneRedaction) -> None:
        assert self.piece(Hooks(redaction), VALUE.encode()) == b"!"

    def test_without_redaction_it_passes(self) -> None:
        assert HookProtocol(Point(), Record()).output(b"s\0/\0x") == b"!"

    def test_trouble_is_said(self) -> None:
        assert self.piece(Hooks(OneRedaction(PlainRedactor(failing=True))), VALUE.encode()) == b"-the vault is locked"

    @pytest.mark.parametrize("body", [b"", b"s\0", b"no fields"])
    def test_a_body_without_its_fields_is_refused(self, body: bytes) -> None:
        assert Hooks().protocol.output(body).startswith(b"-")

    def test_the_project_is_that_of_the_session(self) -> None:
        hooks = Hooks()
        hooks.ask("PreToolUse", cwd="/srv/app")
        self.piece(hooks, b"x", cwd=b"/srv/app/deep")
        self.piece(hooks, b"x", session=b"another", cwd=b"/srv/app/deep")
        assert hooks.redaction.projects == ["/srv/app", "/srv/app/deep"]

    @pytest.mark.parametrize("name", ["PostToolUse", "PostToolUseFailure"])
    def test_what_was_replaced_is_on_record_with_the_next_result(self, name: str) -> None:
        hooks = Hooks()
        for _ in range(3):
            self.piece(hooks, VALUE.encode())
        self.piece(hooks, VALUE.encode(), session=b"another")
        answer = hooks.ask(name, tool_response={"stdout": STANDIN}, error=STANDIN)
        assert hooks.rules() == ["privacy.redacted"]
        assert hooks.record.entries[0][1].findings[0].what == f"3 {LABEL} in the output of a command replaced by placeholders"
        assert "updatedToolOutput" not in answer["hookSpecificOutput"]
        assert "old_string" in answer["hookSpecificOutput"]["additionalContext"]
        assert hooks.ask(name, tool_response={"stdout": "fine"}, error="fine") == {}
        assert len(hooks.rules()) == 1

    def test_what_failed_or_was_said_in_a_batch_is_recorded_by_its_size_alone(self) -> None:
        hooks = Hooks(OneRedaction(None))
        hooks.ask("PostToolUseFailure", error=VALUE)
        hooks.ask("PostToolBatch", tool_calls=[{"tool_response": VALUE}])
        assert [event.result for event, _ in hooks.record.entries] == [VALUE, [{"tool_response": VALUE}]]
        assert VALUE not in "".join(summarize(event, str) for event, _ in hooks.record.entries)


def test_counts_are_said_in_words() -> None:
    assert counted({"B": 2, "A": 1}) == "1 A and 2 B"
    assert counted({"C": 1, "B": 2, "A": 1}) == "1 A, 2 B and 1 C"
    assert counted({"A": 3}) == "3 A"


class TestReads:
    """Parts of files that the client would send to be counted."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "long.txt"
        file.write_text(f"line with {VALUE} and more\n" * 2000)
        return file

    def test_a_long_part_with_values_is_shortened_and_the_model_told(self, file: Path) -> None:
        hooks = Hooks()
        output = hooks.ask("PreToolUse", tool_name="Read", tool_input={"file_path": str(file)})["hookSpecificOutput"]
        lines = output["updatedInput"]["limit"]
        assert output["updatedInput"] == {"file_path": str(file), "offset": 1, "limit": lines}
        assert f"Go on with offset {lines + 1}" in output["additionalContext"]
        assert "permissionDecision" not in output
        assert hooks.rules() == ["privacy.shortened"]

    def test_what_cannot_be_shortened_is_stopped(self, file: Path) -> None:
        file.write_text("x" * 30_000 + VALUE)
        hooks = Hooks()
        output = hooks.ask("PreToolUse", tool_name="Read", tool_input={"file_path": str(file)})["hookSpecificOutput"]
        assert output["permissionDecision"] == "deny"
        assert VALUE not in json.dumps(output)
        assert hooks.rules() == ["privacy.counted"]

    def test_with_a_gateway_it_is_read_as_it_is(self, file: Path) -> None:
        assert Hooks(OneRedaction(gateway=True)).ask("PreToolUse", tool_name="Read", tool_input={"file_path": str(file)}) == {}

    def test_trouble_stops_it(self, file: Path) -> None:
        hooks = Hooks(OneRedaction(PlainRedactor(failing=True)))
        output = hooks.ask("PreToolUse", tool_name="Read", tool_input={"file_path": str(file)})["hookSpecificOutput"]
        assert output["permissionDecision"] == "deny"
