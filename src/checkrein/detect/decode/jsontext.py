"""JSON documents and lines of JSON, in bulk: every escape resolved at once, the structure left as it stands.

Outside of its strings JSON has no backslash, so nothing but strings changes, and each keeps the keys and quotes around it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

import orjson

from checkrein.detect.decode.part import Piece, Source
from checkrein.detect.decode.rewrite import ESCAPES, line_end
from checkrein.detect.offsets import CharacterCount, Encoded

_BLOCK = 65_536  # bytes (and the rest of the line) that are decoded together
_STRETCH = 1_024  # characters in which the way back is worked out at once
_ESCAPE = 6  # characters of the longest escape, ``\\u0041``
_OPENS = re.compile(rb"\s*[\[{\"]")


def documents(encoded: Encoded) -> Iterator[list[Piece]]:
    """The JSON with escapes in ``encoded``, decoded: all of it, or the lines that are. Each list is a text to scan.

    Lines beyond ASCII are kept apart from the others, since one such character makes a text two or four times as large.
    """
    data = encoded.data
    mark = data.find(b"\\")
    if mark < 0 or _OPENS.match(data) is None:
        return
    if not _is_json(data[: line_end(data, 0)]) and _is_json(data):
        yield [_piece(0, data)]
        return
    places = CharacterCount(data)
    while mark >= 0:
        start = data.rfind(b"\n", 0, mark) + 1
        end = line_end(data, max(mark, start + _BLOCK))
        texts = [_json_in(data, runs) for runs in _runs(data, start, end)]
        numbers = {at: places.before(at) for at in sorted(at for text in texts for at, _ in text)}
        yield from ([_piece(numbers[at], data[at:stop]) for at, stop in text] for text in texts if text)
        mark = data.find(b"\\", end)


def _lines(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where each line from ``start`` to ``end`` begins and ends."""
    while start <= end:
        stop = line_end(data, start)
        yield start, stop
        start = stop + 1


def _runs(data: bytes, start: int, end: int) -> Iterable[list[tuple[int, int]]]:
    """Where lines from ``start`` to ``end`` stand: those in ASCII, then the others. Lines that follow each other make a run."""
    if data[start:end].isascii():
        return ([(start, end)],)
    kinds: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for at, stop in _lines(data, start, end):
        runs = kinds[data[at:stop].isascii()]
        begin = runs.pop()[0] if runs and runs[-1][1] == at - 1 else at
        runs.append((begin, stop))
    return kinds.values()


def _json_in(data: bytes, runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """``runs`` where all their lines are JSON, else the lines of them that are JSON with escapes."""
    lines = [line for run in runs for line in _lines(data, *run)]
    view = memoryview(data)
    if all(_is_json(view[at:stop]) for at, stop in lines if at < stop):
        return runs
    return [(at, stop) for at, stop in lines if _has_escapes(data[at:stop])]


def _piece(at: int, raw: bytes) -> Piece:
    """``raw``, which is JSON and stands at ``at``, decoded."""
    if b"\\/" in raw and (piece := ESCAPES.piece(at, raw.decode())):  # the codec below knows no such escape
        return piece
    if raw.isascii():
        return Piece(at, len(raw), raw.decode("unicode_escape"), _Places(raw))
    text = raw.decode()
    return Piece(at, len(text), _decoded(text), _Places(raw))


def _decoded(raw: str) -> str:
    return raw.encode("ascii", "backslashreplace").decode("unicode_escape")


class _Places:
    """The way back for one piece, looked for only around what was found: the rest is decoded again in stretches."""

    __slots__ = ("_data", "_decoded", "_known", "_raw", "_starts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._raw = ""
        self._starts: list[int] = []
        self._decoded: list[int] = []
        self._known: dict[int, Source] = {}

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        if not self._starts:
            self._divide()
        return self._character(start)[0], self._character(end - 1)[1]

    def _divide(self) -> None:
        """Where stretches begin, raw and decoded; no escape is cut."""
        self._raw = self._data.decode()
        start = length = 0
        while start < len(self._raw):
            end = _whole_escapes(self._raw, start, min(start + _STRETCH, len(self._raw)))
            self._starts.append(start)
            self._decoded.append(length)
            length += len(_decoded(self._raw[start:end]))
            start = end

    def _character(self, index: int) -> tuple[int, int]:
        number = bisect_right(self._decoded, index) - 1
        begin = self._starts[number]
        if number not in self._known:
            last = number + 1 == len(self._starts)
            self._known[number] = ESCAPES.places(self._raw[begin:] if last else self._raw[begin : self._starts[number + 1]])
        start, end = self._known[number](index - self._decoded[number], index - self._decoded[number] + 1)
        return begin + start, begin + end


def _whole_escapes(raw: str, start: int, end: int) -> int:
    """``end``, or the end of the escape that it would cut, where ``start`` cuts none."""
    mark = raw.rfind("\\", max(start, end - _ESCAPE + 1), end)
    if mark < 0:
        return end
    run = raw[start : mark + 1]
    if (len(run) - len(run.rstrip("\\"))) % 2 == 0:
        return end
    return max(end, mark + (_ESCAPE if raw.startswith("u", mark + 1) else 2))


def _has_escapes(line: bytes) -> bool:
    """Whether it is JSON with escapes."""
    return b"\\" in line and _OPENS.match(line) is not None and _is_json(line)


def _is_json(data: bytes | memoryview) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True
