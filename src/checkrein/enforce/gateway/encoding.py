"""Compressed bodies: taken apart within bounds, or refused. What cannot be read is never passed on unread."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PIECE = 1024 * 1024
_STEP = 4096  # compressed bytes of a file that are read at once: they become a thousand times as many at most
_GZIP = b"\x1f\x8b\x08"
_DEFLATE = 8
_LAYERS = 8  # a file can be made that becomes itself


class EncodingError(ValueError):
    """An encoding that is not known, or bytes that do not have it."""


class TooLargeError(EncodingError):
    """What comes out has more bytes than are allowed."""


def is_identity(encoding: str) -> bool:
    """Whether the value of a Content-Encoding header says that nothing is encoded."""
    return encoding.strip().lower() in ("", "identity")


class Decoder:
    """Decodes a body that arrives in pieces. Raises EncodingError, and TooLargeError beyond ``max_bytes``."""

    def __init__(self, encoding: str, max_bytes: int) -> None:
        window = _WINDOW.get(encoding.strip().lower())
        if window is None:
            raise EncodingError("only gzip and deflate can be read")
        self._stream = zlib.decompressobj(window)
        self._left = max_bytes

    def feed(self, piece: bytes) -> bytes:
        """What ``piece`` adds."""
        out: list[bytes] = []
        more = bool(piece)
        while more:
            if self._stream.eof:
                raise EncodingError("something follows the compressed data")
            limit = min(_PIECE, self._left + 1)
            try:
                part = self._stream.decompress(piece, limit)
            except zlib.error as error:
                raise EncodingError("it is not what its encoding says") from error
            self._left -= len(part)
            if self._left < 0:
                raise TooLargeError("it becomes too large")
            out.append(part)
            piece = self._stream.unconsumed_tail or self._stream.unused_data
            more = bool(piece) or (len(part) == limit and not self._stream.eof)
        return b"".join(out)

    def end(self) -> None:
        """Raises EncodingError where the data broke off."""
        if not self._stream.eof:
            raise EncodingError("its compressed data broke off")


def layers(data: bytes, max_bytes: int) -> Iterator[bytes]:
    """``data``, what is compressed in it, what is compressed in that, and so on. Raises TooLargeError beyond ``max_bytes`` in
    all, and where it is compressed too often.
    """
    yield data
    for _ in range(_LAYERS):
        data = unpacked(data, max_bytes)
        if not data:
            return
        yield data
        max_bytes -= len(data)
    raise TooLargeError("it is compressed too often")


def unpacked(data: bytes, max_bytes: int) -> bytes:
    """What a file holds that is gzip or zlib, by what it begins with; nothing where it is neither.

    Of one that is broken, what comes before that. Raises TooLargeError.
    """
    window = _WINDOW["gzip"] if data.startswith(_GZIP) else _WINDOW["deflate"] if _is_zlib(data) else 0
    out: list[bytes] = []
    at = size = 0
    while window and at < len(data):  # files of gzip may stand one behind the other
        stream = zlib.decompressobj(window)
        while at < len(data) and not stream.eof:
            piece, before = data[at : at + _STEP], stream.copy()
            try:
                out.append(stream.decompress(piece))
            except zlib.error:
                return b"".join((*out, *_sound(before, piece)))
            at += len(piece) - len(stream.unused_data)
            size += len(out[-1])
            if size > max_bytes:
                raise TooLargeError("it becomes too large")
    return b"".join(out)


def _is_zlib(data: bytes) -> bool:
    """Whether it begins as RFC 1950 has it: method and window, and flags that make both a multiple of 31."""
    return len(data) > 1 and data[0] & 0x0F == _DEFLATE and data[0] >> 4 < 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _sound(stream: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    """What comes out of a piece before the place where it is broken."""
    with suppress(zlib.error):
        for at in range(len(piece)):
            yield stream.decompress(piece[at : at + 1])


def decoded(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """``body`` without its encoding."""
    decoder = Decoder(encoding, max_bytes)
    result = decoder.feed(body)
    decoder.end()
    return result
