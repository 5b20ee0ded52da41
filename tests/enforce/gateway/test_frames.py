from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.frames import Frames

STREAM = (
    b": a comment\n\n"
    b"event: ping\ndata: {}\n\n"
    b"event: x\r\ndata: one\r\ndata:two\r\nid: 7\r\n\r\n"
    b"data: a\rdata: b\r\r"
    b"data\n\n"
    b"\n\n"
    b"event: empty\n\n"
    b"data: unfinished\n"
)
DATA = [None, b"{}", b"one\ntwo", b"a\nb", b"", None, None]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(stream), *(min(place, len(stream)) for place in places)})
    return [stream[start:end] for start, end in pairwise(ends)]


@pytest.mark.parametrize("place", range(len(STREAM)))
def test_frames_are_the_same_wherever_the_stream_is_cut(place: int) -> None:
    frames = Frames(1000)
    found = [frame for piece in cut(STREAM, [place]) for frame in frames.feed(piece)]
    assert [frame.data for frame in found if frame.data is not None] == [data for data in DATA if data is not None]
    assert b"".join(frame.raw for frame in found) + frames.rest() == STREAM


def test_frames_are_the_same_byte_by_byte() -> None:
    frames = Frames(1000)
    found = [frame for place in range(len(STREAM)) for frame in frames.feed(STREAM[place : place + 1])]
    assert [frame.data for frame in found if frame.data is not None] == [data for data in DATA if data is not None]
    assert b"".join(frame.raw for frame in found) + frames.rest() == STREAM


@given(
    st.lists(st.sampled_from([b"data: x", b"\r", b"\n", b"\r\n", b"event: e", b": c", b"data"])), st.lists(st.integers(0, 60))
)
def test_no_byte_is_lost_or_added(parts: list[bytes], places: list[int]) -> None:
    stream = b"".join(parts)
    frames = Frames(1000)
    out = b"".join(frame.raw for piece in cut(stream, places) for frame in frames.feed(piece))
    assert out + frames.rest() == stream


def test_other_data_leaves_the_rest_of_a_frame() -> None:
    (frame,) = Frames(1000).feed(b"event: x\r\nid: 7\r\ndata: one\r\ndata: two\r\n\r\n")
    assert frame.with_data(b"new") == b"event: x\nid: 7\ndata: new\n\n"


def test_a_frame_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        list(Frames(100).feed(b"data: " + b"x" * 100))
