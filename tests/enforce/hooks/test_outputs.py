"""What of a tool's response is text. That the client takes what is made of it: tests/client/test_outputs.py."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.hooks import outputs

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
PDF = base64.b64encode(b"%PDF-1.7\n" + bytes(40)).decode()

RESPONSES: dict[str, Any] = {
    "bash": {"stdout": "T", "stderr": "T", "interrupted": False, "isImage": False, "noOutputExpected": False},
    "bash-image": {"stdout": f"data:image/png;base64,{PNG}", "stderr": "", "interrupted": False, "isImage": True},
    "read": {"type": "text", "file": {"filePath": "T", "content": "T", "numLines": 3, "startLine": 1, "totalLines": 3}},
    "read-image": {"type": "image", "file": {"base64": PNG, "type": "image/png", "originalSize": 70}},
    "read-pdf": {"type": "pdf", "file": {"filePath": "T", "base64": PDF, "originalSize": 268}},
    "read-notebook": {
        "type": "notebook",
        "file": {
            "filePath": "T",
            "cells": [
                {
                    "cellType": "code",
                    "source": "T",
                    "cell_id": "T",
                    "outputs": [
                        {"output_type": "stream", "text": "T"},
                        {"image": {"image_data": PNG, "media_type": "image/png"}},
                    ],
                }
            ],
        },
    },
    "grep": {"mode": "content", "numFiles": 0, "filenames": ["T"], "content": "T", "numLines": 3},
    "edit": {
        "filePath": "T",
        "oldString": "T",
        "newString": "T",
        "originalFile": "T",
        "structuredPatch": [{"oldStart": 1, "lines": ["T", "T"]}],
        "userModified": False,
    },
    "write": {"type": "update", "filePath": "T", "content": "T", "structuredPatch": [], "originalFile": None},
    "notebook-edit": {"new_source": "T", "old_source": "T", "cell_type": "code", "edit_mode": "replace", "error": ""},
    "task": {"task": {"id": "T", "subject": "T", "status": "pending", "blocks": []}},
    "task-update": {"success": True, "taskId": "T", "statusChange": {"from": "pending", "to": "completed"}},
    "agent": {"status": "completed", "prompt": "T", "content": [{"type": "text", "text": "T"}], "totalTokens": 20},
    "web-search": {"query": "T", "results": [{"content": [{"title": "T", "url": "T"}]}, "T"], "durationSeconds": 0.05},
    "mcp-blocks": [
        {"type": "text", "text": "T"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    ],
    "mcp-structured": "T",
    "mcp-resource": {"contents": [{"uri": "T", "mimeType": "T", "text": "T"}]},
    "unknown": {"anything": {"deep": ["T", ["T"], {"type": "T", "mode": "T", "status": "T", "data": "T", "base64": "T"}]}},
}


def marked(value: Any) -> int:
    """How often ``T`` stands in it."""
    if isinstance(value, str):
        return int(value == "T")
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(marked, items))


@pytest.mark.parametrize("name", RESPONSES)
def test_every_text_is_rewritten_and_nothing_else(name: str) -> None:
    response = RESPONSES[name]
    found = list(outputs.texts(response))
    assert found == ["T"] * marked(response)
    assert outputs.rewritten(response, lambda _: "new") == swapped(response)
    assert marked(response) == len(found)  # it was copied, not changed


def swapped(value: Any) -> Any:
    if isinstance(value, list):
        return [swapped(item) for item in value]
    if isinstance(value, dict):
        return {key: swapped(item) for key, item in value.items()}
    return "new" if value == "T" else value


@pytest.mark.parametrize("name", RESPONSES)
def test_what_is_withheld_keeps_the_shape_and_loses_all_text(name: str) -> None:
    kept = outputs.withheld(RESPONSES[name], "withheld")
    assert marked(kept) == 0
    assert list(outputs.texts(kept)) == ["withheld"] * bool(marked(RESPONSES[name]))
    assert shape(kept) == shape(RESPONSES[name])


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return list(map(shape, value)) if isinstance(value, list) else type(value)


@pytest.mark.parametrize(
    "response",
    [
        {"type": "my own words"},
        {"base64": base64.b64encode(b"just some text that is long enough").decode()},
        {"base64": "not base64 at all!"},
        {"data": "%PDF-"},
        {"stdout": "data:image/png;base64,aGVsbG8gd29ybGQgaGVsbG8=", "isImage": True},
        {"stdout": f"data:image/png;base64,{PNG}", "isImage": False},
        {"stdout": "plain", "isImage": True},
    ],
)
def test_what_only_looks_like_the_clients_words_or_a_file_is_text(response: dict[str, Any]) -> None:
    assert len(list(outputs.texts(response))) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(outputs.WORDS)), inner),
    max_leaves=30,
)


@given(json_values)
def test_any_value_keeps_its_shape(value: Any) -> None:
    assert outputs.rewritten(value, lambda text: text) == value
    assert shape(outputs.rewritten(value, lambda text: f"{text}!")) == shape(value)
    assert shape(outputs.withheld(value, "gone")) == shape(value)
