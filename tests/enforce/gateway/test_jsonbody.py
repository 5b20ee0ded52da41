from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.jsonbody import (
    BodyError,
    Wire,
    encoded,
    escaped,
    quoted,
    spliced,
    strings_in,
    text_of,
    value_at,
    whole,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a":1,"a":2}', "twice"),
        ('{"a":1,"\\u0061":2}', "twice"),
        ('{"x":{"a":1,"a":1}}', "twice"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "-Infinity"),
        ('["a\nb"]', "control character"),
        ("[1,]", "Expecting value"),
        ("[01]", "delimiter"),
        ("{} {}", "follows"),
        ("", "Expecting value"),
        ("[" * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "too many digits"),
        ("{'a':1}", "property name"),
    ],
)
def test_what_is_no_json_or_could_be_read_in_two_ways_is_refused(text: str, says: str) -> None:
    with pytest.raises(BodyError, match=says):
        whole(text)


def test_an_error_holds_nothing_of_the_body() -> None:
    with pytest.raises(BodyError) as caught:
        whole('{"password": hunter2}')
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("body", [b"\xff{}", b'"\xed\xa0\x80"', b"\xef\xbb\xbf{}"])
def test_bytes_that_are_not_plain_utf8_are_refused(body: bytes) -> None:
    with pytest.raises(BodyError):
        text_of(body)


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\U0001f600\ud83d"])
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    with pytest.raises(BodyError, match="surrogate"):
        encoded(text)
    encoded("whole: \U0001f600")


def test_a_value_ends_where_it_ends() -> None:
    assert value_at('xx{"a":[1,2]},{}', 2) == ({"a": [1, 2]}, 13)


@given(VALUES, st.data())
def test_splicing_changes_those_strings_alone(value: Any, data: st.DataObject) -> None:
    indent = data.draw(st.sampled_from([None, 1]))
    text = json.dumps(value, indent=indent, ensure_ascii=data.draw(st.booleans()))
    count = strings_in(value)
    numbers = data.draw(st.sets(st.integers(0, max(0, count - 1)), max_size=3)) if count else set()
    new = spliced(text, dict.fromkeys(numbers, 'new "text"\n'))
    assert spliced(text, {}) == text
    assert json.loads(new, object_pairs_hook=list) == replaced(json.loads(text, object_pairs_hook=list), value, numbers)


def replaced(pairs: Any, value: Any, numbers: set[int]) -> Any:
    """As ``spliced`` by another way: over what was parsed, objects as lists of pairs."""
    token = -1

    def walk(item: Any, kind: Any) -> Any:
        nonlocal token
        if isinstance(item, str):
            token += 1
            return 'new "text"\n' if token in numbers else item
        if isinstance(kind, dict):
            return [(walk(key, ""), walk(part, kind[key])) for key, part in item]
        if isinstance(item, list):
            return [walk(part, each) for part, each in zip(item, kind, strict=True)]
        return item

    return walk(pairs, value)


@given(TEXT)
def test_a_text_is_quoted_so_that_it_comes_back(text: str) -> None:
    assert json.loads(quoted(text)) == text
    assert json.loads(f'"{escaped(text)}"') == text


@pytest.mark.parametrize("text", ["plain text", "mit Umlaut: \u00e4\u00f6 und \U0001f600 mehr"])
def test_parts_of_a_text_in_the_encoding_that_it_came_in(text: str) -> None:
    source = Wire(text, text.encode())
    for start in range(len(text)):
        assert bytes(source.span(start)) == text[start:].encode()
        assert bytes(source.span(start, start + 3)) == text[start : start + 3].encode()
