"""Long lines that a terminal (or ``fold``) broke at its width: a token that stands in two of them is none in either."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from checkrein.detect.decode.marks import line_end
from checkrein.detect.decode.part import Part, cut
from checkrein.detect.offsets import Encoded

_NARROWEST, _WIDEST = 60, 400  # characters of a line
_AROUND = 2_000  # bytes on either side in which no line is wider
_LEAST_FULL = 2  # lines: of a single one nobody can tell whether it is full, or just longer than the others
_ENTRY = re.compile(rb"[\s\"']|[\w.-]{1,60}[\"']?[ \t]*[=:][^=]")
_OF_BASE64 = frozenset((64, 70, 72, 76))  # lines of nothing else, of these widths, are read and known as what they are
_LINE_END, _RETURN = 0x0A, 0x0D
_ENDS = (b"\n", b"\r")

Line = tuple[int, int]
"""Where it begins and ends, in bytes, without its line end."""


def unbroken(encoded: Encoded) -> Part | None:
    """The lines that are as wide as any around, each together with what follows it; None where none of them holds a long token.

    Only where many characters of a token touch the end of a line it is looked at.
    """
    data = encoded.data
    if b"\n" not in data:
        return None
    stretches: list[Line] = []
    done = 0
    for at in _breaks(encoded):
        if at < done or (lines := _lines(data, at, done)) is None:
            continue
        done = min(lines[-1][1] + 1, len(data))
        stretches += [*lines[:-1], (lines[-1][0], done)]  # its line end divides it from the next ones
    if not stretches:
        return None
    joined = cut(encoded, stretches, b"")
    return Part(joined.encoded, "wrapped", joined.source)


def _breaks(encoded: Encoded) -> Iterator[int]:
    """Ends of lines between two characters other than blanks, one of which belongs to a long token."""
    data = encoded.data
    for start, end in encoded.long_runs:
        if data[end : end + 1] not in _ENDS and data[start - 1 : start] != b"\n":
            continue  # as nearly all of them, it stands within a line
        whole = end - start in _OF_BASE64
        for at in (start - 1, end + data.startswith(b"\r", end)):
            if _is_between(data, at) and not (whole and _is_alone(data, start, end)):
                yield at


def _is_between(data: bytes, at: int) -> bool:
    """Whether there is a line end, with neither a blank nor another line end on either side."""
    if not 0 < at < len(data) - 1 or data[at] != _LINE_END:
        return False
    before = at - 1 - data.startswith(b"\r", at - 1)
    return not data[max(before, 0) : before + 1].isspace() and not data[at + 1 : at + 2].isspace()


def _is_alone(data: bytes, start: int, end: int) -> bool:
    """Whether nothing else stands on the line."""
    return (not start or data[start - 1] == _LINE_END) and not data[end : line_end(data, end)].strip()


def _lines(data: bytes, at: int, first: int) -> list[Line] | None:
    """The lines from ``first`` on that belong together around the line end ``at``; None where that is no terminal's doing."""
    line = _line(data, at)
    width = _width(data, line)
    if not _NARROWEST <= width <= _WIDEST or not _is_widest(data, line, width):
        return None
    before: list[Line] = []
    start = line[0]
    while start > first and _width(data, above := _line(data, start - 1)) == width:
        before.append(above)
        start = above[0]
    lines = [*reversed(before), line]
    while _width(data, lines[-1]) == width and (end := data.find(b"\n", lines[-1][1])) >= 0 and end + 1 < len(data):
        lines.append(_line(data, line_end(data, end + 1)))
    return lines if _belong_together(data, lines, width) else None


def _belong_together(data: bytes, lines: Sequence[Line], width: int) -> bool:
    """Whether two of them are full, the last one is not, and none but the first names something, as lines of settings do."""
    rest, end = lines[-1]
    if len(lines) <= _LEAST_FULL or _width(data, lines[-1]) == width or not data[rest:end].strip():
        return False
    return not any(_ENTRY.match(data, start, stop) for start, stop in lines[1:])


def _line(data: bytes, end: int) -> Line:
    """The line that ends before the line end ``end``."""
    start = data.rfind(b"\n", 0, end) + 1
    return start, end - (end > start and data[end - 1] == _RETURN)


def _width(data: bytes, line: Line) -> int:
    """Characters of a line."""
    return len(data[slice(*line)].decode("utf-8", "surrogatepass"))


def _is_widest(data: bytes, line: Line, width: int) -> bool:
    around = data[max(0, line[0] - _AROUND) : line[1] + _AROUND].decode("utf-8", "replace")
    return max(map(len, around.splitlines())) <= width
