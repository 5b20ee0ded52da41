"""The text-keeping JSON editor: it parses what JSON is and nothing else, and changes no byte that it need not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.setup.jsontext import MAX_DEPTH, JsonError, find, line_of, parse, rewrite, same

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)
KEYS = st.sampled_from(["a", "b", "hooks", "permissions", "ü", 'q"uote'])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)
STYLES = st.sampled_from([{"indent": 2}, {"indent": 4}, {"indent": "\t"}, {}, {"separators": (",", ":")}])
ENDS = st.sampled_from(["", "\n", "\r\n\r\n", "  "])
STARTS = st.sampled_from(["", "\ufeff", "\n "])


@given(OBJECTS, STYLES, STARTS, ENDS)
def test_parses_what_json_parses(value: object, style: dict[str, object], start: str, end: str) -> None:
    text = start + json.dumps(value, **style) + end  # type: ignore[arg-type]
    assert same(parse(text).value, value)


@given(OBJECTS, OBJECTS, STYLES, STARTS, ENDS)
def test_a_rewritten_text_has_the_new_value(
    old: dict[str, object], new: dict[str, object], style: dict[str, object], start: str, end: str
) -> None:
    text = start + json.dumps(old, **style) + end  # type: ignore[arg-type]
    rewritten = rewrite(text, new)
    assert same(parse(rewritten).value, new)
    assert rewritten.startswith(start)
    assert rewritten.endswith(end)


@given(OBJECTS, STYLES, ENDS)
def test_nothing_changes_where_the_value_stays(value: object, style: dict[str, object], end: str) -> None:
    text = json.dumps(value, **style) + end  # type: ignore[arg-type]
    assert rewrite(text, value) == text


@given(st.text(alphabet='{}[]",:\\ \n0123456789truefalsn/*-.eE', max_size=30))
def test_agrees_with_the_standard_parser_on_what_is_broken(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refuse)
        well = True
    except ValueError:
        well = False
    try:
        parse(text)
        ours = True
    except JsonError as error:
        ours = "twice" in error.message  # duplicate keys are JSON, and refused here
    assert ours == well


def _refuse(name: str) -> None:
    raise ValueError(name)


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ('{\n  "a": 1,\n}', 2, 9, "a comma stands before the closing bracket", "remove the comma"),
        ('{\n  // why\n  "a": 1\n}', 2, 3, "JSON has no comments", "remove the comment"),
        ('{"a": 1 "b": 2}', 1, 9, "expected ',' or '}'", "is a comma missing on the line before?"),
        ('{"a": 1, "a": 2}', 1, 10, 'the key "a" stands twice in one object', "keep one of the two"),
        (
            '{"a": nope}',
            1,
            7,
            "expecting value",
            "write strings in double quotes, and only true, false, null or numbers without",
        ),
        ('{"a": 1} x', 1, 10, "more text after the end of the JSON value", "remove what follows the closing bracket"),
        ('{"a": NaN}', 1, 7, "NaN is not JSON", "write a number"),
        ('{"a"', 1, 5, "expected ':' after a key", ""),
        ('{"a": [1', 1, 9, "expected ',' or ']'", "is a comma missing on the line before?"),
        ("{a: 1}", 1, 2, "expected a key in double quotes", ""),
        ("", 1, 1, "the text ends where a value is expected", "an empty settings file is written {}"),
        ("[" * (MAX_DEPTH + 2), 1, MAX_DEPTH + 2, f"nested more than {MAX_DEPTH} levels deep", ""),
    ],
)
def test_says_where_it_is_broken(text: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column, error.message, error.hint) == (line, column, message, hint)


def test_keeps_order_indentation_and_odd_spacing() -> None:
    text = '{\r\n    "z" :  1,\r\n\r\n    "hooks": {"Stop": [ ]},\r\n    "a": [1,2,   3]\r\n}\r\n'
    changed = rewrite(text, {"a": [1, 2, 3, 4], "z": 1, "hooks": {"Stop": [], "New": [{"x": 1}]}, "n": {"k": []}})
    assert changed == (
        '{\r\n    "z" :  1,\r\n\r\n    "hooks": {"Stop": [ ], "New": [{"x": 1}]},\r\n    "a": [1,2,   3, 4],'
        '\r\n    "n": {\r\n        "k": []\r\n    }\r\n}\r\n'
    )
    assert rewrite(changed, {"z": 1, "hooks": {"Stop": []}, "a": [1, 2, 3]}) == text


def test_takes_out_what_stands_first_or_in_the_middle() -> None:
    text = '[\n  "a",\n  "b",\n  "c"\n]'
    assert rewrite(text, ["b", "c"]) == '[\n  "b",\n  "c"\n]'
    assert rewrite(text, ["a", "c"]) == '[\n  "a",\n  "c"\n]'
    assert rewrite(text, []) == "[]"


def test_numbers_and_booleans_are_not_the_same() -> None:
    assert not same({"a": 1}, {"a": True})
    assert rewrite('{"a": true}', {"a": 1}) == '{"a": 1}'


def test_finds_a_value_and_its_line() -> None:
    text = '{\n "a": [\n  0,\n  {"b": 7}\n ]\n}'
    node = find(parse(text), "a", "1", "b")
    assert node is not None
    assert (node.value, line_of(text, node)) == (7, 4)
    assert find(parse(text), "a", "9") is None
    assert find(parse(text), "a", "0", "x") is None
