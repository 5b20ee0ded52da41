"""Literals: where they end, and what they hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.secrets.generic.literals import LONGEST, Form, bare, numbers, quoted


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('"abc" + d', "abc"),
        ("'abc'", "abc"),
        ("`abc`", "abc"),
        ('b"abc"', "abc"),
        ('@"abc"', "abc"),
        ('"""abc"""', "abc"),
        (r"\"abc\"", "abc"),
        (r"\\\"abc\\\"", "abc"),
        ("&quot;abc&quot;", "abc"),
        ("%22abc%22", "abc"),
        (r'"a\"b"', r"a\"b"),
        (r'"ab\\"', r"ab\\"),
        ('"ab" "cd"', "abcd"),
        ('"ab" + "cd"', "abcd"),
        ('"ab" +\n    "cd"', "abcd"),
        ("'ab' .\n 'cd'", "abcd"),
        ('" abc "', "abc"),
        ('"cut off', "cut"),
    ],
)
def test_strings(text: str, content: str) -> None:
    literal = quoted(text, 0)
    assert literal is not None
    assert literal.content == content


@pytest.mark.parametrize("text", ["abc", "", "(abc)", '"two\nlines"'])
def test_what_is_no_string(text: str) -> None:
    assert quoted(text, 0) is None


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_characters="\"'\\\n\r\0`", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
        lambda text: text == text.strip()
    )
)
def test_the_span_is_that_of_the_content(content: str) -> None:
    text = f'x = "{content}"; y'
    literal = quoted(text, 4)
    assert literal is not None
    assert text[literal.start : literal.end] == literal.content == content


def test_a_string_over_several_lines_is_base64_or_none() -> None:
    body = "A1b2C3d4E5f6G7h8"
    literal = quoted(f'"{body}\n   {body}=="', 0)
    assert literal is not None
    assert literal.content == f"{body}\n   {body}=="


def test_an_endless_string_is_cut_off_by_its_length() -> None:
    assert quoted('"' + "a" * (LONGEST + 10) + '"', 0) == bare('"' + "a" * (LONGEST + 10), 1)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("abc def", "abc"),
        ("abc,def", "abc"),
        ("abc;", "abc"),
        ("abc)", "abc"),
        ("a(b)c)", "a(b)c"),
        ("abc.", "abc"),
        (r"abc\nDEF=1", "abc"),
        ('abc"', "abc"),
    ],
)
def test_bare_words(text: str, content: str) -> None:
    literal = bare(text, 0)
    assert literal is not None
    assert (literal.form, literal.content) == (Form.BARE, content)


@pytest.mark.parametrize("text", ["", " abc", '"abc"', "..."])
def test_what_is_no_bare_word(text: str) -> None:
    assert bare(text, 0) is None


def test_bare_words_in_braces_and_queries_end_there() -> None:
    in_braces, in_query = bare("abc}", 0, closed_by="}"), bare("abc%26d=e", 0, query=True)
    assert in_braces is not None
    assert in_query is not None
    assert (in_braces.content, in_query.content) == ("abc", "abc")


@pytest.mark.parametrize(
    "text", ["{1, 2, 3, 4, 5, 6, 7, 8}", "[]byte{0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8}", "(1,2,3,4,5,6,7,8)"]
)
def test_lists_of_bytes(text: str) -> None:
    literal = numbers(text, 0)
    assert literal is not None
    assert text[literal.start : literal.end].strip("0123456789x, ") == ""


@pytest.mark.parametrize("text", ["{1, 2, 3}", "{}", "12345678", "{a, b, c, d, e, f, g, h}"])
def test_what_is_no_list_of_bytes(text: str) -> None:
    assert numbers(text, 0) is None
