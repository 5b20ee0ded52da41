from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.reply import restored_message
from gateway_world import placeholder_of

VALUES = {placeholder_of(value): value for value in ("s3cret-a", 's3cret-"q"\n')}
MARK, QUOTED_MARK = VALUES


def message(*content: Any) -> dict[str, Any]:
    return {"id": "m", "type": "message", "content": list(content), "usage": {"x": 1.50}}


def back(value: Any, restore: Restore = Restore.TEXT_AND_TOOLS) -> Any:
    return json.loads(restored_message(json.dumps(value).encode(), restore, VALUES.get))


def test_text_and_tool_inputs_are_restored_and_nothing_else() -> None:
    thinking = {"type": "thinking", "thinking": MARK, "signature": MARK}
    server = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": MARK}}
    use = {"type": "tool_use", "id": MARK, "name": "n", "input": {MARK: [QUOTED_MARK, 1, None, {"k": MARK}]}}
    text = {"type": "text", "text": f"<{QUOTED_MARK}>", "citations": None}
    got = back({**message(thinking, server, use, text), "x": MARK})
    assert got["content"] == [
        thinking,
        server,
        {"type": "tool_use", "id": MARK, "name": "n", "input": {"s3cret-a": ['s3cret-"q"\n', 1, None, {"k": "s3cret-a"}]}},
        {"type": "text", "text": '<s3cret-"q"\n>', "citations": None},
    ]
    assert got["x"] == MARK


def test_tool_inputs_are_left_to_the_hooks() -> None:
    use = {"type": "tool_use", "id": "t", "name": "n", "input": {"a": MARK}}
    assert back(message(use), Restore.TEXT)["content"] == [use]


def test_every_other_byte_stays() -> None:
    body = b'{ "n":1.50,"content":[ {"type":"text","text":"%s"} ],\n"big":123456789012345678901 }\n' % MARK.encode()
    assert restored_message(body, Restore.TEXT, VALUES.get) == body.replace(MARK.encode(), b"s3cret-a")


@pytest.mark.parametrize(
    "body", [b"", b"CKR_ not json", b'{"content": "CKR_"}', b'["CKR_"]', b"\xffCKR_", b'{"a":1,"a":"CKR_"}']
)
def test_what_is_no_message_stays(body: bytes) -> None:
    assert restored_message(body, Restore.TEXT, VALUES.get) == body


def test_the_line_of_a_batch() -> None:
    line = {"custom_id": MARK, "result": {"type": "succeeded", "message": message({"type": "text", "text": MARK})}}
    got = back(line)
    assert got["custom_id"] == MARK
    assert got["result"]["message"]["content"][0]["text"] == "s3cret-a"


@given(st.lists(st.tuples(st.sampled_from(["text", "other"]), st.text(max_size=9)), max_size=6))
def test_only_texts_with_placeholders_change(blocks: list[tuple[str, str]]) -> None:
    value = message(*({"type": kind, "text": f"{text}{MARK}"} for kind, text in blocks))
    got = back(value)
    expected = [f"{text}s3cret-a" if kind == "text" else f"{text}{MARK}" for kind, text in blocks]
    assert [block["text"] for block in got["content"]] == expected
