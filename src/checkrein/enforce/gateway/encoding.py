"""Compressed bodies: taken apart within bounds, or refused. What cannot be read is never passed on unread."""

from __future__ import annotations

import zlib

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PIECE = 1024 * 1024


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


def decoded(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """``body`` without its encoding."""
    decoder = Decoder(encoding, max_bytes)
    result = decoder.feed(body)
    decoder.end()
    return result
