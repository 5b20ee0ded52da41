"""Texts without their line ends, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.unwrapped import Unwrapped, in_one_piece

PIECES = st.lists(st.sampled_from([b"\n", b"\r\n", b"\r", b"a", b"B1", "\u00e4".encode(), b" "])).map(b"".join)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", b""),
        (b"ab", b"ab"),
        (b"ab\ncd\n", b"abcd"),
        (b"ab\r\ncd", b"abcd"),
        (b"ab\rcd", b"ab\rcd"),
        (b"a\r\nb\nc", b"abc"),
        (b"\n\r\n\n", b""),
        (b"a\r\r\n\nb", b"a\rb"),
    ],
)
def test_line_ends_are_left_out(data: bytes, text: bytes) -> None:
    assert in_one_piece(data) == Unwrapped(data).text == text
    assert Unwrapped(data).data == data


@given(PIECES, st.data())
def test_a_stretch_is_found_again_where_it_stood(data: bytes, choice: st.DataObject) -> None:
    unwrapped = Unwrapped(data)
    assert unwrapped.lower == unwrapped.text.lower()
    if not unwrapped.text:
        return
    start = choice.draw(st.integers(0, len(unwrapped.text) - 1))
    end = choice.draw(st.integers(start + 1, len(unwrapped.text)))
    first, last = unwrapped.original(start, end)
    assert in_one_piece(data[first:last]) == unwrapped.text[start:end]
    assert (data[first], data[last - 1]) == (unwrapped.text[start], unwrapped.text[end - 1])


def test_the_line_ends_beside_a_stretch_are_no_part_of_it() -> None:
    unwrapped = Unwrapped(b"one\r\ntwo\nthree")
    assert unwrapped.original(0, 3) == (0, 3)
    assert unwrapped.original(3, 6) == (5, 8)
    assert unwrapped.original(2, 7) == (2, 10)
    assert unwrapped.original(6, 11) == (9, 14)
