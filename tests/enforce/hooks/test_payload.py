import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.hooks.events import EVENTS
from checkrein.enforce.hooks.payload import MAX_BYTES, PayloadError, check, parse_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=4)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"x"', "not a JSON object"),
        (b"{} {}", "not JSON"),
        (b'{"a": NaN}', "strict"),
        (b'{"a": 1e999}', "strict|number"),
        (b'{"a": "\xff"}', "byte 7 is not valid UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": "\xed\xa0\x80"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "same key twice"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "deep"),
        (b" " * (MAX_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_what_is_no_strict_json_object_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(PayloadError, match=reason):
        parse_object(body)


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), JSON, max_size=5))
def test_what_the_client_can_write_is_read_back(value: dict[str, Any]) -> None:
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=200))
def test_random_bytes_give_an_object_or_a_reason(body: bytes) -> None:
    try:
        value: object = parse_object(body)
    except PayloadError as error:
        value = {"reason": str(error)}
    assert isinstance(value, dict)
    assert value.get("reason") != ""


GOOD: dict[str, Any] = {
    "hook_event_name": "PreToolUse",
    "session_id": "s",
    "cwd": "/tmp",
    "tool_name": "Bash",
    "tool_input": {"command": "ls"},
}


def test_a_real_payload_passes() -> None:
    check(GOOD, EVENTS["PreToolUse"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hook_event_name", "PostToolUse"),
        ("hook_event_name", None),
        ("session_id", 7),
        ("session_id", ""),
        ("session_id", "a\nb"),
        ("session_id", "x" * 300),
        ("cwd", "relative"),
        ("cwd", "/a\0b"),
        ("cwd", None),
        ("tool_name", ""),
        ("tool_name", ["Bash"]),
        ("tool_input", "ls"),
        ("tool_input", None),
        ("permission_mode", {}),
        ("agent_id", 1),
        ("transcript_path", []),
        ("tool_use_id", 5),
    ],
)
def test_a_field_of_the_wrong_shape_is_refused(field: str, value: object) -> None:
    with pytest.raises(PayloadError):
        check({**GOOD, field: value}, EVENTS["PreToolUse"])


def test_a_prompt_event_needs_its_prompt() -> None:
    with pytest.raises(PayloadError, match="prompt"):
        check({"hook_event_name": "UserPromptSubmit", "session_id": "s", "cwd": "/"}, EVENTS["UserPromptSubmit"])
