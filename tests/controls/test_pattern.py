"""Patterns against texts, without backtracking."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.controls.pattern import LONGEST, MAX_GROUPS, may_match


@pytest.mark.parametrize(
    "pattern",
    ["check.ein", ".*rein", "^checkrein$", "[c]heckrein", "a|checkrein", "c[^x]eckrein", "(a|check)+rein", "CHECK", "e{2}"],
)
def test_what_matches(pattern: str) -> None:
    assert may_match(pattern, "checkrein" if pattern != "e{2}" else "ee")


@pytest.mark.parametrize("pattern", ["vite", "(vite|webpack)", "[^c]heck", "check\\.ein", "reins", "((.+)+)+!", "c{2}x"])
def test_what_does_not(pattern: str) -> None:
    assert not may_match(pattern, "checkrein")


@pytest.mark.parametrize("pattern", ["(" * 5000, "(.*" * 400, "a" * (LONGEST + 1), "(" * (MAX_GROUPS + 1)])
def test_what_is_beyond_measure_may_match(pattern: str) -> None:
    assert may_match(pattern, "x")


def test_a_pattern_that_takes_a_backtracker_for_ever() -> None:
    assert not may_match("(((a*)*)*)*!", "a" * 2000)


@given(st.text("abc.*+?()[]|^$\\-{1}x", max_size=10), st.text("abcx", max_size=8))
@settings(max_examples=400)
def test_nothing_is_missed(pattern: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = re.search(pattern, text)
        except re.error:
            return
    assert may_match(pattern, text) or not found


@pytest.mark.parametrize(("pattern", "text"), [(".{?|}1", "a"), ("a{}", "a{}"), ("a{,}b", "a{,}b"), ("ab{2,}c", "abbbc")])
def test_a_brace_without_a_count_stands_for_itself(pattern: str, text: str) -> None:
    assert may_match(pattern, text)
