"""A file of text, read in pieces that can be searched by themselves, and put back byte for byte where nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from checkrein.core import ScanError

PIECE = 8_000_000
"""Bytes of a JSONL file that are searched at once. Nothing in one line goes on in the next."""
WHOLE = 256_000_000
"""Bytes of any other file, which is searched as a whole: a private key may stand anywhere in it."""
_SNIFFED = 8_192


def is_lines(path: str) -> bool:
    """Whether each line of the file stands alone."""
    return path.endswith(".jsonl")


def is_binary(data: bytes) -> bool:
    """Whether a file that begins with ``data`` is no text."""
    return b"\0" in data[:_SNIFFED]


def pieces(file: BinaryIO, path: str) -> Iterator[bytes]:
    """The rest of ``file``: whole lines of a JSONL file (the last may be cut off), all of another one.

    ScanError where that is more than can be searched at once. OSError.
    """
    if is_lines(path):
        while piece := file.read(PIECE):
            yield piece + (file.readline(WHOLE) if not piece.endswith(b"\n") else b"")
        return
    piece = file.read(WHOLE + 1)
    if len(piece) > WHOLE:
        raise ScanError("a file is too large to be searched", why=f"it has more than {WHOLE} bytes", fix="remove it")
    if piece:
        yield piece


def decoded(data: bytes) -> str:
    """As text; what is no UTF-8 comes back as it was (``encoded``)."""
    return data.decode("utf-8", "surrogateescape")


def encoded(text: str) -> bytes:
    """What was decoded."""
    return text.encode("utf-8", "surrogateescape")
