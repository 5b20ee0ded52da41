from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import PolicyError
from checkrein.policy.document import parse_document

FRAGMENTS = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&x ",
    "*x",
    "!t ",
    "'",
    '"',
    "|",
    "<<: ",
    "---",
    "0_",
    "1:2",
    "~",
    "\t",
    "#",
]


def test_values_and_their_lines() -> None:
    document = parse_document("version: 1\n# note\nscope:\n  folders:\n    - /a\n    - ~/b\nreason: 'yes'\non: no\n", "f")
    assert document.data == {"version": 1, "scope": {"folders": ["/a", "~/b"]}, "reason": "yes", "on": False}
    assert document.line("version") == 1
    assert document.line("scope", "folders", 1) == 6
    assert document.line("scope", "folders", 9) == 4
    assert document.line("nothing") == 1


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "null\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert parse_document(text, "f").data == {}


def test_only_plain_types_are_made() -> None:
    data = parse_document("a: 2026-01-02\nb: 1.5\nc: 0_\nd: 0x10\ne: " + "9" * 100, "f").data
    assert data == {"a": "2026-01-02", "b": "1.5", "c": data["c"], "d": 16, "e": "9" * 100}
    assert isinstance(data["c"], str | int)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
def test_any_text_is_a_document_or_a_policy_error(text: str) -> None:
    with contextlib.suppress(PolicyError):
        parse_document(text, "f")
