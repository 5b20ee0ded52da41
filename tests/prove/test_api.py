from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.prove.api import Script, ScriptedApi, Text, ToolUse, call_id, stream

TOOLS = [{"name": "Bash"}]


def post(api: ScriptedApi, body: Mapping[str, Any], path: str = "/v1/messages?beta=true") -> bytes:
    request = urllib.request.Request(api.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        data: bytes = reply.read()
        return data


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant() -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "text", "text": "x"}]}


SCRIPT = Script(
    turns=[[Text("first"), ToolUse("Bash", {"command": "ls"})], [Text("second")]],
    subagents={"do the inner work": [[ToolUse("Bash", {"command": "pwd"})]]},
)


def test_the_turn_is_told_by_the_conversation_itself() -> None:
    with ScriptedApi(SCRIPT) as api:
        first = json.loads(post(api, {"messages": [user("go")], "tools": TOOLS}))
        second = json.loads(post(api, {"messages": [user("go"), assistant(), user("more")], "tools": TOOLS}))
        again = json.loads(post(api, {"messages": [user("go")], "tools": TOOLS}))
    assert first == again
    assert first["stop_reason"] == "tool_use"
    assert [block["type"] for block in first["content"]] == ["text", "tool_use"]
    assert first["content"][1]["id"] == call_id(0, 1)
    assert second["content"] == [{"type": "text", "text": "second"}]
    assert second["stop_reason"] == "end_turn"


def test_after_the_last_turn_it_says_that_it_is_done() -> None:
    with ScriptedApi(SCRIPT) as api:
        messages = [user("go"), assistant(), user("a"), assistant(), user("b")]
        assert json.loads(post(api, {"messages": messages, "tools": TOOLS}))["stop_reason"] == "end_turn"


def test_a_subagent_gets_its_own_script() -> None:
    with ScriptedApi(SCRIPT) as api:
        inner = [user([{"type": "text", "text": "please do the inner work now"}])]
        answer = json.loads(post(api, {"messages": inner, "tools": TOOLS}))
    assert answer["content"][0]["input"] == {"command": "pwd"}
    assert answer["content"][0]["id"] == call_id(0, 0, "sub1")


def test_a_request_without_tools_gets_a_title_and_takes_no_turn() -> None:
    reached: list[int] = []
    with ScriptedApi(SCRIPT, reached.append) as api:
        answer = json.loads(post(api, {"messages": [user("<session>go</session>")]}))
    assert "title" in json.loads(answer["content"][0]["text"])
    assert reached == []


def test_before_turn_is_called_once_for_each_turn_and_its_failure_is_kept() -> None:
    reached: list[int] = []

    def before(turn: int) -> None:
        reached.append(turn)
        if turn == 1:
            raise RuntimeError("broken")

    with ScriptedApi(SCRIPT, before) as api:
        for messages in ([user("go")], [user("go")], [user("go"), assistant(), user("x")]):
            post(api, {"messages": messages, "tools": TOOLS})
    assert reached == [0, 1]
    assert isinstance(api.failure, RuntimeError)


def test_results_are_read_from_later_requests() -> None:
    result = {
        "type": "tool_result",
        "tool_use_id": call_id(0, 1),
        "content": [{"type": "text", "text": "no"}],
        "is_error": True,
    }
    with ScriptedApi(SCRIPT) as api:
        post(api, {"messages": [user("go"), assistant(), user([result])], "tools": TOOLS})
        found = api.results()[call_id(0, 1)]
    assert (found.text, found.is_error) == ("no", True)


@pytest.mark.parametrize("text", ["plain words", 'with "quotes"', "snowman ☃", "two\nlines"])
def test_sent_finds_text_in_any_spelling_of_json(text: str) -> None:
    with ScriptedApi(SCRIPT) as api:
        post(api, {"messages": [user(f"before {text} after")], "tools": TOOLS})
        assert api.sent(text)
        assert not api.sent("something else")


def test_other_addresses_are_answered() -> None:
    with ScriptedApi(SCRIPT) as api:
        assert json.loads(post(api, {}, "/v1/messages/count_tokens"))["input_tokens"] > 0
        assert json.loads(post(api, {}, "/api/anything")) == {}
        with urllib.request.urlopen(api.url + "/v1/models", timeout=10) as reply:
            assert reply.status == 200
        assert [request.path for request in api.requests] == ["/v1/messages/count_tokens", "/api/anything", "/v1/models"]


def test_a_stream_carries_the_same_message() -> None:
    with ScriptedApi(SCRIPT) as api:
        data = post(api, {"messages": [user("go")], "tools": TOOLS, "stream": True})
    events = [json.loads(line[6:]) for line in data.decode().splitlines() if line.startswith("data: ")]
    assert [event["type"] for event in events][:2] == ["message_start", "content_block_start"]
    assert events[-1]["type"] == "message_stop"
    parts = [event["delta"]["partial_json"] for event in events if event.get("delta", {}).get("type") == "input_json_delta"]
    assert json.loads("".join(parts)) == {"command": "ls"}


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.booleans()), max_size=4), st.text())
def test_any_input_survives_the_stream(given_input: dict[str, Any], text: str) -> None:
    content = [{"type": "text", "text": text}, {"type": "tool_use", "id": "t", "name": "Bash", "input": given_input}]
    frames = list(stream({"content": content, "stop_reason": "tool_use"}))
    events = [json.loads(frame.decode().split("data: ", 1)[1]) for frame in frames]
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert deltas[0]["text"] == text
    assert json.loads(deltas[1]["partial_json"]) == given_input
    assert all(frame.endswith(b"\n\n") and frame.count(b"\n") == 3 for frame in frames)
