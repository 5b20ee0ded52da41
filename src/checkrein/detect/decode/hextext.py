"""Text in hexadecimal digits: in one run, and in the lines of a dump (``xxd``, ``hexdump``, ``od``, with most options)."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from checkrein.detect.decode.part import Part
from checkrein.detect.offsets import Encoded

RUN = re.compile(rb"(?:[0-9a-fA-F]{40,256}\r?\n)*[0-9a-fA-F]+")
"""A run of digits, wrapped as ``xxd -p`` does it or not."""

_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_TEXT = frozenset((*range(0x20, 0x7F), *b"\t\r\n"))
_LINE = re.compile(
    r"""^[0-9a-fA-F]{6,8}(?:
      (?P<columns>(?:[ ]{3}[!-~]|[ ]{2}\\[0abtnvfr]|[ ][0-7]{3}|[ ]{4}){1,64})                # od -c, od -b
    | :[ ](?P<ordered>[0-9a-fA-F]{2,64}(?:[ ][0-9a-fA-F]{2,64})*)(?:[ ]{2}.*)?               # xxd: text is behind two blanks
    | [ ]{1,2}(?P<words>[0-9a-fA-F]{2,8}(?:[ ]{1,2}[0-9a-fA-F]{2,8})*)(?:[ ]+[|>].*)?        # hexdump, od, also with text
    )[ \t\r]*$""",
    re.MULTILINE | re.VERBOSE,
)
_OCTAL_WORD, _BINARY = 6, 8  # digits
_ESCAPES = {"\\0": 0, "\\a": 7, "\\b": 8, "\\t": 9, "\\n": 10, "\\v": 11, "\\f": 12, "\\r": 13, "": 32}
_COLUMN = 4


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


def dumps(encoded: Encoded) -> Part | None:
    """The bytes that the dumps in ``encoded`` show, as text with a character for each byte."""
    lines, decoded, length = _Lines(), [], 0
    for line in _LINE.finditer(encoded.text):
        shown = _shown(line).decode("latin-1")
        lines.add(length, line)
        decoded.append(shown)
        length += len(shown)
    return Part(Encoded("".join(decoded)), "dump", lines) if length else None


def _shown(line: re.Match[str]) -> bytes:
    """The bytes that a line of a dump shows."""
    if columns := line["columns"]:
        return bytes(_byte(columns[at : at + _COLUMN].strip()) for at in range(0, len(columns), _COLUMN))
    words = (line["ordered"] or line["words"]).split()
    if line["ordered"]:
        binary = all(len(word) == _BINARY and set(word) <= {"0", "1"} for word in words)
        return bytes(int(word, 2) for word in words) if binary else _bytes("".join(words))
    if len({len(word) for word in words}) > 1:
        return b""
    if len(words[0]) == _OCTAL_WORD:
        return b"".join(int(word, 8).to_bytes(3, "little")[:2] for word in words if set(word) <= set("01234567"))
    return b"".join(_bytes(word)[::-1] for word in words)


def _bytes(digits: str) -> bytes:
    """Half a byte at the end is left out."""
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _byte(column: str) -> int:
    """What a column of ``od -c`` or ``od -b`` shows: a character, its escape, or three octal digits."""
    if len(column) == 1:
        return ord(column)
    return _ESCAPES[column] if column in _ESCAPES else int(column, 8) & 0xFF
