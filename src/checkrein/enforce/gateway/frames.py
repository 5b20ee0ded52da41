"""Server-sent events as bytes (WHATWG HTML, "Server-sent events"): cut into frames, each with its very own bytes.

Lines end with LF, CRLF or CR, and a blank line ends a frame. A CR that is the last byte so far may be half a CRLF: its frame is
given out at once, and a LF that follows goes out with what comes next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_LINE = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Frame:
    """``raw`` is all of it with the blank line."""

    raw: bytes

    @property
    def data(self) -> bytes | None:
        """Its data lines joined with LF; None where it has none."""
        lines = [line for line in _LINE.split(self.raw) if _is_data(line)]
        if not lines:
            return None
        return b"\n".join(line[5:].removeprefix(b" ") for line in lines)

    def with_data(self, data: bytes) -> bytes:
        """The same frame with other data, in one line. Everything else in it stays."""
        lines = [line for line in _LINE.split(self.raw.strip(b"\r\n")) if not _is_data(line)]
        return b"\n".join((*lines, b"data: " + data, b"", b""))


class Frames:
    """Cuts a stream that arrives in pieces of any size. ``max_bytes`` bounds a frame: a longer one raises ValueError."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, piece: bytes) -> list[Frame]:
        """The frames that are whole now."""
        if self._buffer:
            self._buffer += piece
            if not _END.search(self._buffer, self._searched):
                self._hold()
                return []
            piece = bytes(self._buffer)
            self._buffer.clear()
        frames: list[Frame] = []
        start = 0
        for found in _END.finditer(piece, self._searched):
            end = found.end()
            frames.append(Frame(piece[start:end]))
            start = end
        self._buffer += piece[start:]
        self._hold()
        return frames

    def _hold(self) -> None:
        """Wait for the end of what is in the buffer."""
        self._searched = max(0, len(self._buffer) - 4)
        if len(self._buffer) > self._max_bytes:
            raise ValueError("an event is too long")

    def rest(self) -> bytes:
        """What came behind the last whole frame. A reader does not act on it."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest


def _is_data(line: bytes) -> bool:
    return line == b"data" or line.startswith(b"data:")
