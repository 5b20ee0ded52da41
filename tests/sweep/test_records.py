"""Lines of a transcript stay what the client can read, whatever was replaced in them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from checkrein.sweep.records import repaired, repaired_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


def gone(text: str) -> str:
    return text.replace("secret", "X")


def test_a_replacement_that_breaks_a_line_is_done_string_by_string() -> None:
    before = json.dumps({"a": "the secret", "b": ["secret"], "secret": 1}) + "\n"
    after = repaired_lines(before, before.replace('secret", "b"', "X"), gone)
    assert json.loads(after) == {"a": "the X", "b": ["X"], "X": 1}


def test_a_line_that_was_no_json_may_stay_none() -> None:
    assert repaired_lines('{"a": "secret', '{"a": "X', gone) == '{"a": "X'


def test_lines_that_became_fewer_are_redacted_one_by_one() -> None:
    before = '{"a":"secret"}\n{"b":"secret"}\n'
    assert repaired_lines(before, '{"a":"X"}\n', gone) == '{"a":"X"}\n{"b":"X"}\n'


@given(JSON, st.data())
def test_json_stays_json(record: object, data: st.DataObject) -> None:
    before = json.dumps(record)
    start = data.draw(st.integers(0, len(before)))
    end = data.draw(st.integers(start, len(before)))
    after = repaired_lines(before, before[:start] + "X" + before[end:], gone)
    json.loads(after)


def test_a_document_of_several_lines_stays_one() -> None:
    before = json.dumps({"a": "secret", "b": "secret"}, indent=2)
    assert json.loads(repaired(before, before.replace('secret",\n  "b"', "X"), gone)) == {"a": "X", "b": "X"}
    assert repaired("no JSON secret", "no JSON X", gone) == "no JSON X"
