from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.textfile import encoding_of, is_text

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


OLDER = {
    "latin-1": "caf\u00e9",
    "cp1252": "\u20ac 5",
    "koi8-r": "\u043f\u0430\u0440",
    "euc-kr": "\ud55c\uae00",
    "shift-jis": "\u6771\u4eac",
    "gb18030": "\u5317\u4eac",
}


@pytest.mark.parametrize("encoding", OLDER)
def test_a_text_of_before_unicode_is_one(encoding: str) -> None:
    assert is_text(f"\x1b[1m{OLDER[encoding]}\x1b[0m\r\n\t\f".encode(encoding))


@pytest.mark.parametrize("pack", [zlib.compress, bz2.compress, lzma.compress, lambda data: gzip.compress(data)[:40]])
def test_what_is_compressed_is_no_text(pack: Callable[[bytes], bytes]) -> None:
    assert not is_text(pack(bytes(range(32, 127)) * 3))


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")))
def test_utf_8_is_text_whatever_stands_in_it(text: str) -> None:
    assert is_text(text.encode())
