"""Forms in which single sequences stand for characters: backslash escapes, ``%41``, terminal control sequences."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import escape_decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from urllib.parse import unquote

from checkrein.detect.decode import marks
from checkrein.detect.decode.part import Part, Source, cut
from checkrein.detect.offsets import Encoded


@dataclass(frozen=True)
class Rewrite:
    """One form. ``sequence`` matches what stands for characters, and ``decoded`` gives the text that it stands for.

    One of ``marks`` stands in every sequence. ``between`` stands between lines that do not follow each other: no sequence goes
    over it, and it is decoded to a line end.
    """

    form: str
    marks: Sequence[bytes]
    sequence: re.Pattern[str]
    decoded: Callable[[re.Match[str]], str]
    between: bytes = b"\n"

    @cached_property
    def _encoded(self) -> re.Pattern[bytes]:
        """Matches in UTF-8 wherever ``sequence`` does in the text."""
        return re.compile(self.sequence.pattern.encode())

    def read(self, encoded: Encoded) -> Part | None:
        """The lines of ``encoded`` that hold such sequences, decoded; None where there are none."""
        data = encoded.data
        search = self._encoded.search
        lines = [(start, end) for start, end in _lines_with(self.marks, data) if search(data, start, end)]
        return self.whole(cut(encoded, lines, self.between)) if lines else None

    def whole(self, raw: Part) -> Part | None:
        """All of ``raw``, decoded; None where that changes nothing."""
        decoded = self._decoded(raw.encoded)
        if not decoded.data or decoded.data == raw.encoded.data:
            return None
        return Part(decoded, self.form, self.places(raw.encoded)).within(raw)

    def _decoded(self, encoded: Encoded) -> Encoded:
        return Encoded(self.sequence.sub(self.decoded, encoded.text))

    def places(self, raw: Encoded) -> Source:
        """The way back from ``raw`` decoded to ``raw``."""
        return _Places(raw, self)


class _Places:
    """The way back from what was decoded. It is worked out when something was found there, which is seldom, and up to that."""

    __slots__ = ("_begins", "_decoded", "_found", "_raw", "_rewrite", "_sequences", "_shrunk")

    _sequences: Iterator[re.Match[str]]
    """Those not looked at yet."""
    _begins: list[int]
    """Where what each sequence stands for begins in the decoded text."""
    _found: list[tuple[int, int, int]]
    """Of each sequence where what it stands for ends there, and where it begins and ends itself."""

    def __init__(self, raw: Encoded, rewrite: Rewrite) -> None:
        self._raw = raw
        self._rewrite = rewrite
        self._shrunk = -1  # by so much the decoded text is shorter, up to the last sequence that was looked at

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        if self._shrunk < 0:
            self._begins, self._found, self._shrunk = [], [], 0
            self._sequences = self._rewrite.sequence.finditer(self._raw.text)
        if not self._begins or self._begins[-1] < end:
            self._look(end)
        return self._character(start)[0], self._character(end - 1)[1]

    def _look(self, end: int) -> None:
        """Look at sequences until one stands for what begins at or behind ``end``."""
        for match in self._sequences:
            start, stop = match.span()
            at, length = start - self._shrunk, len(self._rewrite.decoded(match))
            self._begins.append(at)
            self._found.append((at + length, start, stop))
            self._shrunk += stop - start - length
            if at >= end:
                return

    def _character(self, index: int) -> tuple[int, int]:
        """Where the decoded character ``index`` stands in the raw text."""
        number = bisect_right(self._begins, index) - 1
        if number < 0:
            return index, index + 1
        end, raw_start, raw_end = self._found[number]
        if index < end:
            return raw_start, raw_end
        return raw_end + index - end, raw_end + index - end + 1


def _lines_with(signs: Sequence[bytes], data: bytes) -> Iterator[tuple[int, int]]:
    """The runs of lines in which one of ``signs`` stands. One that ends with a backslash brings the next one."""
    begin = finish = -1
    for at in marks.places(signs, data):
        if at < finish:
            continue
        start = data.rfind(b"\n", 0, at) + 1
        end = marks.line_end(data, at)
        while data.endswith((b"\\", b"\\\r"), start, end) and end < len(data):
            end = marks.line_end(data, end + 1)
        if start != finish + 1 or begin < 0:
            if begin >= 0:
                yield begin, finish
            begin = start
        finish = end
    if begin >= 0:
        yield begin, finish


_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_SIMPLE = {f"\\{name}": character for name, character in _NAMED.items()} | {f"\\{sign}": sign for sign in "\\\"'/"}
"""The escapes that are in nearly every text with escapes."""


def _unescaped(match: re.Match[str]) -> str:
    return _character(match[0])


def _character(escape: str) -> str:
    if (simple := _SIMPLE.get(escape)) is not None:
        return simple
    body = escape[1:]
    if body[0] in "uUx" and len(body) > 1:
        number = int(body[1:].strip("{}"), 16)
        return chr(number) if number <= 0x10FFFF else escape
    if body[0] in "01234567":
        return chr(int(body, 8))
    if body[0] in "\r\n":
        return ""
    return body


def _unquoted(match: re.Match[str]) -> str:
    return unquote(match[0], errors="replace")


_LONGER = r"u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|[0-3]?[0-7]{1,2}|\r?\n[ \t]*"
_SIGN = r"[\0-\t\v\f\x0e-!#-&(-/:-@\[\]-`{-\x7f]|[\xc0-\xff][\x80-\xbf]*"
_RARE = re.compile(rf"\\(?:({_LONGER}|e|{_SIGN})|[^nrtbfva\"']|\Z)".encode())
"""A backslash before what Python's codec for bytes does not read as we do, where no two stand together."""
_STRETCH = 2_048  # characters in which the way back is worked out at once
_SINGLE = b"\xff"
"""A backslash that begins no escape. No UTF-8 has this byte."""


class _Escapes(Rewrite):
    """Escapes, of which nearly all are those that Python's codec for bytes knows, at more than ten times the speed."""

    def _decoded(self, encoded: Encoded) -> Encoded:
        return Encoded.of_utf8(unescaped(encoded.data))

    def places(self, raw: Encoded, length: Callable[[str], int] | None = None) -> Source:
        """The way back, where many escapes lie before what was found. ``length``: how many characters a text decodes to."""
        return _FarPlaces(raw, self, length or length_unescaped)

    def places_near(self, raw: str) -> Source:
        """The way back in a short stretch."""
        return _Places(Encoded(raw), self)


def unescaped(data: bytes) -> bytes:
    """UTF-8 without its backslash escapes. Surrogates by escapes stand in it each for itself."""
    common = _RARE.sub(_resolved, data.replace(b"\\\\", _SINGLE))
    return escape_decode(common)[0].replace(_SINGLE, b"\\")


def length_unescaped(text: str) -> int:
    """How many characters are left without backslash escapes."""
    return len(Encoded.of_utf8(unescaped(text.encode("utf-8", "surrogatepass"))).text)


def _resolved(match: re.Match[bytes]) -> bytes:
    if match[1] is None:
        return _SINGLE + match[0][1:]
    escape = match[0].decode("utf-8", "surrogatepass")
    return _character(escape).encode("utf-8", "surrogatepass").replace(b"\\", _SINGLE)


class _FarPlaces:
    """The way back from what was decoded, looked for only around what was found: the rest is decoded again in stretches."""

    __slots__ = ("_at", "_decoded", "_known", "_length", "_length_of", "_raw", "_rewrite", "_starts")

    def __init__(self, raw: Encoded, rewrite: _Escapes, length: Callable[[str], int]) -> None:
        self._raw = raw
        self._rewrite = rewrite
        self._length_of = length
        self._starts: list[int] = []  # of stretches, in characters
        self._decoded: list[int] = []  # the same once decoded
        self._at = 0  # where the last one ends
        self._length = 0  # characters to which they decode together
        self._known: dict[int, Source] = {}

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        return self._character(start)[0], self._character(end - 1)[1]

    def _character(self, index: int) -> tuple[int, int]:
        text = self._raw.text
        while index >= self._length and self._at < len(text):
            self._divide(text)
        number = bisect_right(self._decoded, index) - 1
        begin = self._starts[number]
        if number not in self._known:
            self._known[number] = self._rewrite.places_near(text[begin : self._end(text, begin)])
        start, end = self._known[number](index - self._decoded[number], index - self._decoded[number] + 1)
        return begin + start, begin + end

    def _divide(self, text: str) -> None:
        """Add a stretch."""
        self._starts.append(self._at)
        self._decoded.append(self._length)
        end = self._end(text, self._at)
        self._length += self._length_of(text[self._at : end])
        self._at = end

    def _end(self, text: str, start: int) -> int:
        """Where the stretch ends that begins at ``start``: no escape is cut."""
        end = min(start + _STRETCH, len(text))
        mark = text.rfind("\\", start, end)
        run = text[start : mark + 1]
        if (len(run) - len(run.rstrip("\\"))) % 2 == 0:
            return end
        escape = self._rewrite.sequence.match(text, mark)
        return max(end, escape.end()) if escape else end


ESCAPES = _Escapes(
    "escapes",
    (marks.BACKSLASH,),
    re.compile(rf"\\(?:{_LONGER}|[nrtbfvae]|[^A-Za-z0-9\r\n])"),
    _unescaped,
)
"""Backslash escapes as JSON, YAML's double quotes, .env files, shells and most programming languages write them, in whole
literals and in fragments of them. What no language reads as an escape (``\\d``) stays."""

_MORE = "%[89ABab][0-9A-Fa-f]"
PERCENT = Rewrite(
    "url",
    (marks.PERCENT,),
    re.compile(f"%(?:[0-7][0-9A-Fa-f]|[CDcd][0-9A-Fa-f]{_MORE}|[Ee][0-9A-Fa-f](?:{_MORE}){{2}}|[Ff][0-7](?:{_MORE}){{3}})"),
    _unquoted,
)
"""URL-encoding (RFC 3986) of UTF-8, a character at a time."""

TERMINAL = Rewrite(
    "terminal",
    (marks.ESCAPE,),
    re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|_\x1b\\)"),
    lambda _: "",
    b"\n\x1b_\x1b\\",
)
"""Control sequences (ECMA-48: CSI, OSC, an empty APC) that colour a program's output and may stand within a value.

An OSC may go over line ends, but not over the APC that is put between lines that do not follow each other.
"""

ENTITIES = Rewrite(
    "markup",
    (marks.AMPERSAND,),
    re.compile(r"&(?:quot|amp|lt|gt|apos|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"),
    lambda match: unescape(match[0]),
)
"""Character references as HTML and XML write them, of the characters that have to be written so, and of any by number."""

NULS = Rewrite("wide", (marks.ZERO,), re.compile("\0+"), lambda _: "")
"""UTF-16 that was read as bytes: a zero beside each character of ASCII."""

INVISIBLE = Rewrite(
    "invisible", marks.INVISIBLE, re.compile(f"(?:{'|'.join(mark.decode() for mark in marks.INVISIBLE)})+"), lambda _: ""
)
"""Characters that are not seen, which web pages and chat programs put into long words."""
