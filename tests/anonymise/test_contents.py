"""What is text, in which encoding, and that its bytes come back."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.anonymise.contents import Text, elsewhere, hidden, read, shown

_SAMPLE = "Bluefin und Müller\r\n\tsagen \x1b[1mja\x1b[0m\n"


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>Bluefin</w:t>")
    return made.getvalue()


def _tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("bluefin"))
    return made.getvalue()


_PDF = b"%PDF-1.4\n1 0 obj <</Length 20 /Filter /FlateDecode>> stream\n" + zlib.compress(b"Bluefin") + b"\nendstream\n"
_NOISE = random.Random(7).randbytes(4096)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (_zip(), "an archive"),
        (_tar(), "an archive"),
        (gzip.compress(b"insert into bluefin", mtime=0), "compressed"),
        (bz2.compress(b"Bluefin"), "compressed"),
        (lzma.compress(b"Bluefin"), "compressed"),
        (_PDF, "a PDF"),
        (b"%PDF-1.4\n<~87cURD]~>\n", "a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
        (Path(sys.executable).resolve().read_bytes()[:4096], "a program"),
        (_NOISE, "no text"),
        (_NOISE.replace(b"\0", b"\x01"), "no text"),
        (b"SQLite format 3\0" + bytes(84), "a database"),
        (b"text" * 1000 + b"\0", "no text"),
        ("привет, Bluefin".encode("cp1251"), "no text in an encoding that is known"),
    ],
    ids=[
        "zip",
        "tar",
        "gz",
        "bz2",
        "xz",
        "pdf",
        "pdf85",
        "png",
        "jpeg",
        "elf",
        "noise",
        "noise1",
        "sqlite",
        "late-nul",
        "cp1251",
    ],
)
def test_what_is_no_text(data: bytes, what: str) -> None:
    assert read(data) == what


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_texts(encoding: str) -> None:
    data = _SAMPLE.encode(encoding)
    text = read(data)
    assert isinstance(text, Text)
    assert shown(text.text).removeprefix("\ufeff") == _SAMPLE
    assert text.encoded(text.text) == data
    changed = text.encoded(text.text.replace("Bluefin", "Birch"))
    assert changed == _SAMPLE.replace("Bluefin", "Birch").encode(encoding)


def test_an_empty_file_is_text() -> None:
    assert read(b"") == Text("", "utf-8")


@given(st.binary())
def test_bytes_come_back(data: bytes) -> None:
    text = read(data)
    assert isinstance(text, str) or text.encoded(text.text) == data


def test_what_is_hidden_is_shown() -> None:
    assert shown(hidden("Müller")) == "Müller"
    assert hidden("Müller").encode("utf-8", "surrogateescape") == "Müller".encode("latin-1")


def test_names_in_encodings_that_cannot_be_told() -> None:
    assert "Иванов".encode("cp1251") in elsewhere("Иванов")
    assert "иванов".encode("koi8-r") in elsewhere("Иванов")
    assert elsewhere("Bluefin") == frozenset()
    assert "Müller".encode("latin-1") not in elsewhere("Müller")
