from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.encoding import Decoder, EncodingError, TooLargeError, decoded, is_identity, layers, unpacked

MAKE = {"gzip": gzip.compress, " X-GZIP": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("name", MAKE)
@given(data=st.binary(max_size=2000), places=st.lists(st.integers(0, 2000), max_size=5))
def test_what_was_encoded_comes_back_in_any_pieces(name: str, data: bytes, places: list[int]) -> None:
    packed = MAKE[name](data)
    ends = sorted({0, len(packed), *(min(place, len(packed)) for place in places)})
    decoder = Decoder(name, 2000)
    out = b"".join(decoder.feed(packed[one:two]) for one, two in pairwise(ends))
    decoder.end()
    assert out == data


def test_a_large_body_comes_back_whole() -> None:
    data = bytes(range(256)) * 20_000
    assert decoded(gzip.compress(data, mtime=0), "gzip", len(data)) == data


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(TooLargeError):
        decoded(gzip.compress(b"\0" * 50_000_000, mtime=0), "gzip", 1_000_000)


@pytest.mark.parametrize("name", ["br", "zstd", "gzip, gzip", "compress", "nonsense"])
def test_other_encodings_are_refused(name: str) -> None:
    with pytest.raises(EncodingError, match="only gzip"):
        decoded(b"x", name, 10)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"plain text", "not what"),
        (gzip.compress(b"x" * 100, mtime=0)[:-1], "broke off"),
        (gzip.compress(b"x", mtime=0) + b"y", "follows"),
        (gzip.compress(b"x", mtime=0) + gzip.compress(b"y", mtime=0), "follows"),
        (b"", "broke off"),
    ],
)
def test_data_that_is_not_so_encoded_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(EncodingError, match=says):
        decoded(data, "gzip", 1000)


@pytest.mark.parametrize(("name", "expected"), [("", True), (" Identity ", True), ("gzip", False), ("identity, gzip", False)])
def test_identity(name: str, expected: bool) -> None:
    assert is_identity(name) is expected


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
@given(data=st.binary(min_size=1, max_size=20_000), cut=st.integers(0, 30), more=st.binary(max_size=9))
def test_a_file_is_unpacked_as_far_as_it_is_sound(pack: Callable[[bytes], bytes], data: bytes, cut: int, more: bytes) -> None:
    packed = pack(data)
    assert unpacked(packed, len(data)) == data
    assert data.startswith(unpacked(packed[: len(packed) - cut], len(data)))
    assert unpacked(packed + b"x" + more, len(data)) == data
    with pytest.raises(TooLargeError):
        unpacked(packed, len(data) - 1)


def test_files_of_gzip_one_behind_the_other_are_one() -> None:
    assert unpacked(gzip.compress(b"one ") + gzip.compress(b"two"), 7) == b"one two"


def test_all_layers_are_unpacked_within_one_bound() -> None:
    inner = zlib.compress(b"a word")
    outer = gzip.compress(inner, mtime=0)
    assert list(layers(outer, len(inner) + 6)) == [outer, inner, b"a word"]
    with pytest.raises(TooLargeError, match="too large"):
        list(layers(outer, len(inner) + 5))


def test_what_is_compressed_without_end_is_refused() -> None:
    data = b"a word"
    for _ in range(9):
        data = gzip.compress(data, mtime=0)
    assert list(layers(gzip.decompress(gzip.decompress(data)), 10_000))[-1] == b"a word"
    with pytest.raises(TooLargeError, match="too often"):
        list(layers(data, 10_000))


@pytest.mark.parametrize("window", range(9, 16))
@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_zlib_is_known_by_its_head_with_any_window(window: int, level: int) -> None:
    packer = zlib.compressobj(level, wbits=window)
    assert unpacked(packer.compress(b"a word") + packer.flush(), 6) == b"a word"


def test_the_last_of_a_broken_file_is_not_lost() -> None:
    packed = gzip.compress(b"a word at the end")
    assert unpacked(packed[:-8] + bytes(8), 100) == b"a word at the end"


@pytest.mark.parametrize("data", [b"", b"plain", b"x^2", b"PK\x03\x04"])
def test_what_is_not_compressed_is_not_unpacked(data: bytes) -> None:
    assert unpacked(data, 100) == b""
