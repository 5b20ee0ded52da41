import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import Decision, Verdict
from checkrein.enforce.hooks import answer
from checkrein.enforce.hooks.events import EVENTS, Stop, unknown


def encoded(verdict: Verdict, event: str = "PreToolUse", *, interactive: bool | None = None, **fields: Any) -> dict[str, Any]:
    decision = Decision(id="ab12", verdict=verdict, **{"message": "because", **fields})
    result: dict[str, Any] = json.loads(answer.encode(decision, EVENTS[event], interactive=interactive))
    return result


@pytest.mark.parametrize("name", EVENTS)
def test_no_objection_says_nothing(name: str) -> None:
    message = "" if name in answer.RESULTS else "because"
    assert encoded(Verdict.NONE, name, message=message) == {}


@pytest.mark.parametrize("name", EVENTS)
def test_only_a_result_is_given_anew(name: str) -> None:
    output = encoded(Verdict.NONE, name, message="", updated_output={"stdout": "new"}).get("hookSpecificOutput")
    wanted = {"hookEventName": "PostToolUse", "updatedToolOutput": {"stdout": "new"}}
    assert output == (wanted if name == "PostToolUse" else None)


@pytest.mark.parametrize("name", answer.RESULTS)
def test_the_model_is_told_with_a_result(name: str) -> None:
    assert encoded(Verdict.NONE, name)["hookSpecificOutput"] == {"hookEventName": name, "additionalContext": "because"}


def test_a_refused_result_is_blocked_and_given_anew() -> None:
    result = encoded(Verdict.DENY, "PostToolUse", updated_output="withheld")
    assert result["decision"] == "block"
    assert result["hookSpecificOutput"] == {"hookEventName": "PostToolUse", "updatedToolOutput": "withheld"}


def test_tool_call_verdicts() -> None:
    for verdict, word in ((Verdict.APPROVE, "allow"), (Verdict.ASK, "ask"), (Verdict.DENY, "deny")):
        output = encoded(verdict)["hookSpecificOutput"]
        assert output == {"hookEventName": "PreToolUse", "permissionDecision": word, "permissionDecisionReason": "because"}


def test_ask_where_nobody_can_answer_is_a_refusal_that_says_how_to_permit_it() -> None:
    output = encoded(Verdict.ASK, interactive=False)["hookSpecificOutput"]
    assert output["permissionDecision"] == "deny"
    assert "checkrein allow ab12 --once" in output["permissionDecisionReason"]
    assert encoded(Verdict.ASK, interactive=True)["hookSpecificOutput"]["permissionDecision"] == "ask"


def test_ask_about_a_prompt_blocks_it() -> None:
    result = encoded(Verdict.ASK, "UserPromptSubmit", interactive=True)
    assert result["decision"] == "block"
    assert "checkrein allow ab12" in result["reason"]


@pytest.mark.parametrize("name", EVENTS)
def test_denial_takes_the_form_that_the_event_honours(name: str) -> None:
    result = encoded(Verdict.DENY, name)
    specific = result.get("hookSpecificOutput", {})
    shown = {
        Stop.PERMISSION: specific.get("permissionDecision") == "deny",
        Stop.REQUEST: specific.get("decision", {}).get("behavior") == "deny",
        Stop.BLOCK: result.get("decision") == "block" and result.get("reason") == "because",
        Stop.DECLINE: specific.get("action") == "decline",
        Stop.NEVER: result == {},
    }
    assert shown[EVENTS[name].stop]


def test_rewrite_carries_the_whole_input_and_leaves_the_prompt_to_the_client() -> None:
    output = encoded(Verdict.NONE, updated_input={"command": "ls -l\n\x1b"})["hookSpecificOutput"]
    assert output == {"hookEventName": "PreToolUse", "updatedInput": {"command": "ls -l\n\x1b"}, "additionalContext": "because"}
    assert "updatedInput" not in encoded(Verdict.DENY, updated_input={"command": "ls"})["hookSpecificOutput"]


def test_rewrite_that_is_no_json_is_an_error() -> None:
    with pytest.raises(TypeError):
        encoded(Verdict.NONE, updated_input={"command": object()})


def test_notice_goes_to_the_person() -> None:
    assert encoded(Verdict.NONE, notice="kept a copy")["systemMessage"] == "kept a copy"


def test_denial_without_words_still_says_who() -> None:
    assert "ab12" in encoded(Verdict.DENY, message="")["hookSpecificOutput"]["permissionDecisionReason"]


@given(st.text(max_size=300), st.integers(100, 200))
def test_told_text_is_printable_and_within_the_limit(text: str, limit: int) -> None:
    cleaned = answer.fit(text, limit)
    assert all(char.isprintable() or char == "\n" for char in cleaned)
    assert len(cleaned.encode("utf-16-le")) // 2 <= limit


def test_cut_text_says_how_much_is_missing() -> None:
    cut = answer.fit("x" * 20_000)
    assert len(cut) <= answer.MAX_STRING
    assert cut.endswith("[cut here: 10000 more characters]")


def test_hostile_characters_are_shown_as_such() -> None:
    assert answer.fit("a\x1b[31mb\u202ec\ud800\n") == "a\\x1b[31mb\\u{202e}c\\u{d800}\n"


def test_refusal_of_an_unknown_event_blocks_and_tells_the_person() -> None:
    result = json.loads(answer.refuse(unknown("Later"), "why"))
    assert result == {"systemMessage": "checkrein: why", "decision": "block", "reason": "why"}
