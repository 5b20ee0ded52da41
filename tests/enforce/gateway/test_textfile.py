from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.textfile import encoding_of

TEXT = "NAME=value\r\n\tgrüße, 東京\n" * 3
ENCODINGS = ["utf-8", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [TEXT, "a=b", TEXT * 400])
def test_a_text_has_its_encoding(text: str, encoding: str) -> None:
    assert encoding_of(text.encode(encoding)) == encoding


def test_a_mark_tells_the_encoding_of_either_byte_order() -> None:
    assert encoding_of(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")) == "utf-16"
    assert encoding_of(codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be")) == "utf-32"


@pytest.mark.parametrize(
    "data",
    [
        b"caf\xe9",
        b"\x00\x01\x02\x03",
        b"a\0b",
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le") + b"\0",
        b"SQLite format 3\0" + bytes(100),
        b"\x1f\x8b\x08\0" + bytes(range(256)),
        "東京".encode("utf-16-le") + b"\0\0",
    ],
)
def test_what_is_no_text_has_none(data: bytes) -> None:
    assert encoding_of(data) is None


@given(st.binary(max_size=200))
def test_whatever_is_named_decodes(data: bytes) -> None:
    encoding = encoding_of(data)
    assert encoding is None or isinstance(data.decode(encoding), str)
