"""The signs of other forms, looked for in one pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.decode import marks

MARKS = [
    *(marks.BACKSLASH, marks.PERCENT, marks.ESCAPE, marks.AMPERSAND, marks.ZERO),
    *(marks.HUNK, marks.ZEROS, marks.SLASH, marks.CODE_POINT),
]
BITS = [*MARKS, *marks.INVISIBLE, b"000000", b"000", b"\xe2\x80\x94", b"plain", b"\n", "é".encode()]


@given(st.lists(st.sampled_from(BITS)), st.sampled_from([0, 300, 70_000]))
def test_marks_are_found_in_any_text(bits: list[bytes], more: int) -> None:
    data = b"".join(bits[::2]) + b"." * more + b"".join(bits[1::2])
    found = {mark for mark in (*MARKS, *marks.INVISIBLE) if mark in b"\n" + data}
    assert marks.held(data) == found
    assert set(marks.longer(data)) == set(marks.portable(data)) == {mark for mark in found if len(mark) > 1 and mark in data}


@pytest.mark.parametrize("text", ["", "plain", "toolu_0123456789abcdef", "/srv/project/a.py:12", "0010001", "a\n00"])
def test_a_plain_text_has_none(text: str) -> None:
    assert marks.held(text.encode()) == set()


@given(st.lists(st.sampled_from(BITS)), st.sampled_from([(marks.PERCENT,), marks.INVISIBLE]))
def test_the_first_mark_of_each_line_is_found(bits: list[bytes], wanted: tuple[bytes, ...]) -> None:
    data = b"".join([*bits, b"%\n", *wanted, *bits])
    first: dict[int, int] = {}
    for at in range(len(data)):
        if data.startswith(wanted, at):
            first.setdefault(data.count(b"\n", 0, at), at)
    assert list(marks.places(wanted, data)) == list(marks.portable_places(wanted, data)) == list(first.values())
