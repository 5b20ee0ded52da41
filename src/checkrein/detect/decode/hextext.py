"""Text in hexadecimal digits: in one run, and in the lines of a dump (``xxd``, ``hexdump -C``, ``od -A x -t x1z``)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from checkrein.detect.decode.part import Piece
from checkrein.detect.offsets import Encoded

RUN = re.compile(rb"(?:[0-9a-fA-F]{40,256}\r?\n)*[0-9a-fA-F]+")
"""A run of digits, wrapped as ``xxd -p`` does it or not."""

_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_TEXT = frozenset((*range(0x20, 0x7F), *b"\t\r\n"))
_OFFSET = b"000000"  # what the first line of a dump begins with
_ZEROS = b"0000"  # is looked for several times faster
_LINE = re.compile(
    r"^[0-9a-fA-F]{6,8}[: ] ?(?P<bytes>(?: {0,2}(?:[0-9a-fA-F]{2}){1,8}(?![0-9a-fA-F])){1,16})(?:  .*|[ \t]*)$",
    re.MULTILINE,
)


def text_of(digits: bytes) -> str | None:
    """The ASCII text that a run of digits spells; None where it spells something else. Half a byte at its end is left out."""
    bare = digits.translate(None, b"\r\n")
    data = bytes.fromhex(bare[: len(bare) // 2 * 2].decode("ascii"))
    return data.decode("ascii") if _TEXT.issuperset(data) else None


def begins(head: bytes) -> bool:
    """Whether ``head``, the beginning of a run, may be such digits."""
    return _DIGITS.issuperset(head) and _TEXT.issuperset(bytes.fromhex(head[: len(head) // 2 * 2].decode("ascii")))


@dataclass(slots=True)
class _Lines:
    """The way back from a dump: whole lines, since each of them shows its bytes twice."""

    starts: list[int] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, line: re.Match[str]) -> None:
        """A line whose bytes begin at ``start`` in the decoded text."""
        self.starts.append(start)
        self.places.append(line.span())

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        first, last = (bisect_right(self.starts, at) - 1 for at in (start, end - 1))
        return self.places[first][0], self.places[last][1]


def dumps(encoded: Encoded) -> Iterator[Piece]:
    """The bytes that the dumps in ``encoded`` show, as text with a character for each byte."""
    text, data = encoded.text, encoded.data
    if _ZEROS not in data or (not data.startswith(_OFFSET) and b"\n" + _OFFSET not in data):
        return
    lines, decoded, length = _Lines(), [], 0
    for line in _LINE.finditer(text):
        shown = bytes.fromhex(line["bytes"]).decode("latin-1")
        lines.add(length, line)
        decoded.append(shown)
        length += len(shown)
    if length:
        yield Piece(0, len(text), "".join(decoded), lines)
