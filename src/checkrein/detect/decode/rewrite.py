"""Forms in which single sequences stand for characters: backslash escapes, ``%41``, terminal control sequences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from checkrein.detect.decode.part import Piece, Source
from checkrein.detect.offsets import CharacterCount, Encoded


@dataclass(frozen=True)
class Rewrite:
    """One form. ``mark`` stands in every sequence; ``sequence`` matches one, and ``decoded`` gives the text it stands for."""

    form: str
    mark: bytes
    sequence: re.Pattern[str]
    decoded: Callable[[re.Match[str]], str]

    def piece(self, at: int, raw: str) -> Piece | None:
        """``raw``, which stands at ``at``, decoded; None where that changes nothing."""
        decoded, count = self.sequence.subn(self.decoded, raw)
        return Piece(at, len(raw), decoded, self.places(raw)) if count and decoded else None

    def places(self, raw: str) -> Source:
        """The way back from ``raw`` decoded to ``raw``."""
        return _Places(raw, self)

    def pieces(self, encoded: Encoded) -> Iterator[Piece]:
        """The lines of ``encoded`` that hold such sequences, decoded; lines that follow each other make one piece."""
        data = encoded.data
        sequence = re.compile(self.sequence.pattern.encode())
        places = CharacterCount(data)
        for start, end in lines_with(self.mark, data):
            if sequence.search(data, start, end) and (
                piece := self.piece(places.before(start), data[start:end].decode("utf-8", "surrogatepass"))
            ):
                yield piece


class _Places:
    """The way back for one piece. It is worked out when something was found in it, which is seldom."""

    __slots__ = ("_decoded", "_found", "_looked", "_raw", "_rewrite")

    def __init__(self, raw: str, rewrite: Rewrite) -> None:
        self._raw = raw
        self._rewrite = rewrite
        self._found: list[tuple[int, int, int, int]] = []
        self._decoded: list[int] = []
        self._looked = False

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        if not self._looked:
            self._look()
        return self._character(start)[0], self._character(end - 1)[1]

    def _look(self) -> None:
        """Where each sequence and what it stands for begin and end; the decoded text before it is shorter by ``shrunk``."""
        shrunk = 0
        for match in self._rewrite.sequence.finditer(self._raw):
            at, length = match.start() - shrunk, len(self._rewrite.decoded(match))
            self._found.append((at, at + length, match.start(), match.end()))
            shrunk += match.end() - match.start() - length
        self._decoded = [at for at, *_ in self._found]
        self._looked = True

    def _character(self, index: int) -> tuple[int, int]:
        """Where the decoded character ``index`` stands in the raw text."""
        number = bisect_right(self._decoded, index) - 1
        if number < 0:
            return index, index + 1
        _, end, raw_start, raw_end = self._found[number]
        if index < end:
            return raw_start, raw_end
        return raw_end + index - end, raw_end + index - end + 1


def lines_with(mark: bytes, data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the runs of lines in which ``mark`` stands. A line that ends with a backslash brings the next one."""
    at = data.find(mark)
    begin = finish = -1
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        end = line_end(data, at)
        while data.endswith((b"\\", b"\\\r"), start, end) and end < len(data):
            end = line_end(data, end + 1)
        if start != finish + 1 or begin < 0:
            if begin >= 0:
                yield begin, finish
            begin = start
        finish = end
        at = data.find(mark, end)
    if begin >= 0:
        yield begin, finish


def line_end(data: bytes, at: int) -> int:
    """Where the line ends in which ``at`` stands."""
    end = data.find(b"\n", at)
    return len(data) if end < 0 else end


_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}


def _unescaped(match: re.Match[str]) -> str:
    body = match[0][1:]
    if body[0] in "uUx" and len(body) > 1:
        number = int(body[1:].strip("{}"), 16)
        return chr(number) if number <= 0x10FFFF else match[0]
    if body[0] in "01234567":
        return chr(int(body, 8))
    if body[0] in "\r\n":
        return ""
    return _NAMED.get(body, body)


def _unquoted(match: re.Match[str]) -> str:
    return unquote(match[0], errors="replace")


ESCAPES = Rewrite(
    "escapes",
    b"\\",
    re.compile(
        r"\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|[0-3]?[0-7]{1,2}|\r?\n[ \t]*"
        r"|[nrtbfvae]|[^A-Za-z0-9\r\n])"
    ),
    _unescaped,
)
"""Backslash escapes as JSON, YAML's double quotes, .env files, shells and most programming languages write them, in whole
literals and in fragments of them. What no language reads as an escape (``\\d``) stays."""

_MORE = "%[89ABab][0-9A-Fa-f]"
PERCENT = Rewrite(
    "url",
    b"%",
    re.compile(f"%(?:[0-7][0-9A-Fa-f]|[CDcd][0-9A-Fa-f]{_MORE}|[Ee][0-9A-Fa-f](?:{_MORE}){{2}}|[Ff][0-7](?:{_MORE}){{3}})"),
    _unquoted,
)
"""URL-encoding (RFC 3986) of UTF-8, a character at a time."""

TERMINAL = Rewrite(
    "terminal",
    b"\x1b",
    re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))"),
    lambda _: "",
)
"""Control sequences (ECMA-48: CSI, OSC) that colour a program's output and may stand within a value."""

ENTITIES = Rewrite(
    "markup",
    b"&",
    re.compile(r"&(?:quot|amp|lt|gt|apos|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    lambda match: unescape(match[0]),
)
"""Character references as HTML and XML write them, of the characters that have to be written so, and of any by number."""

NULS = Rewrite("wide", b"\0", re.compile("\0+"), lambda _: "")
"""UTF-16 that was read as bytes: a zero beside each character of ASCII."""

INVISIBLE = Rewrite("invisible", b"\xe2\x80", re.compile("[\u200b-\u200f]+"), lambda _: "")
"""Characters without a width (U+200B to U+200F), which web pages and chat programs put into long words."""
