"""Files read in pieces that can be searched by themselves."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import ScanError
from checkrein.sweep import texts


@given(st.lists(st.binary(max_size=40)), st.integers(1, 30))
def test_pieces_are_whole_lines_and_all_of_it(lines: list[bytes], size: int) -> None:
    data = b"\n".join(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "PIECE", size)
        found = list(texts.pieces(io.BytesIO(data), "s.jsonl"))
    assert b"".join(found) == data
    assert all(piece.endswith(b"\n") for piece in found[:-1])


def test_another_file_is_one_piece_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(texts.pieces(io.BytesIO(b"a\nb\n"), "t.txt")) == [b"a\nb\n"]
    assert list(texts.pieces(io.BytesIO(b""), "t.txt")) == []
    monkeypatch.setattr(texts, "WHOLE", 3)
    with pytest.raises(ScanError, match="too large"):
        list(texts.pieces(io.BytesIO(b"a\nb\n"), "t.txt"))


@given(st.binary())
def test_any_bytes_come_back(data: bytes) -> None:
    assert texts.encoded(texts.decoded(data)) == data
