"""Stretches in which matches lie, and the matches in them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets import windows as module
from checkrein.detect.secrets.windows import Windows

PATTERNS = [rb"a[ab]{1,6}c", rb"\bab{0,3}\b", rb"(?:ab|abc)c{0,4}", rb"a{2,5}(?:b|\Z)", rb"[ab]{3}"]
WIDTH = 9


def windows(*spans: tuple[int, int]) -> Windows:
    made = Windows()
    for start, end in spans:
        made.add(start, end)
    return made


def test_stretches_that_meet_are_one() -> None:
    assert windows((-5, 3), (3, 6), (8, 9), (8, 12), (9, 10)).spans == [(0, 6), (8, 12)]
    assert windows().spans == []


@pytest.mark.parametrize("slack", [1, 2, 64])
@given(
    pattern=st.sampled_from(PATTERNS),
    data=st.lists(st.sampled_from([b"a", b"b", b"c", b" ", b"abbb"])).map(b"".join),
    wider=st.integers(0, 3),
)
def test_the_matches_are_those_of_the_whole_text(slack: int, pattern: bytes, data: bytes, wider: int) -> None:
    compiled = re.compile(pattern)
    spans = [(start, end) for start in range(len(data)) for end in range(start + 1, len(data) + 1)]
    ends = {end for start, end in spans if compiled.fullmatch(data, start, end)}
    found = windows(*((end - WIDTH, min(end + wider, len(data))) for end in sorted(ends)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_SLACK", slack)
        assert [match.span() for match in found.matches(compiled, data)] == [match.span() for match in compiled.finditer(data)]


def test_what_matches_only_where_the_search_ends_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SLACK", 2)
    assert [match.span() for match in windows((0, 2)).matches(re.compile(rb"a|b{1,4}\Z"), b"abbbbbbb")] == [(0, 1)]


def test_nothing_is_looked_for_outside() -> None:
    data = b"abc abc abc"
    assert [match.span() for match in windows((4, 7)).matches(re.compile(b"abc"), data)] == [(4, 7)]
