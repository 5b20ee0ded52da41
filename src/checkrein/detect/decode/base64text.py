"""Base64 (RFC 4648, both alphabets, on one line or wrapped) that holds text, as it is or in gzip; and hexadecimal digits."""

from __future__ import annotations

import re
import string
import zlib
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass

from checkrein.detect.decode import hextext
from checkrein.detect.decode.part import Part, Piece, joined
from checkrein.detect.offsets import Encoded
from checkrein.detect.runs import LONG

_BEGINS = (string.ascii_uppercase + "abcdef" + "wxyz" + string.digits).encode()
"""What base64 of UTF-8 begins with: the first six bits of ASCII, or of a character's first byte beyond it."""
_GZIP, _GZIP_TOKEN = b"\x1f\x8b\x08", b"H4sI"
_GROUPS = re.compile(rb"(?:[A-Za-z0-9][A-Za-z0-9+/_-]{3}){8}|" + _GZIP_TOKEN)
"""Groups that may hold text: no character of UTF-8 has a byte that begins as the four signs do. Most of UUIDs and paths do."""
_TOKEN = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_BLOCK = re.compile(rb"(?:[A-Za-z0-9+/_-]{60,76}\r?\n)+[A-Za-z0-9+/_-]{1,76}={0,2}(?![A-Za-z0-9+/_-])")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_GZIP_WINDOW = 31
_MOST_INFLATED = 64  # times its length: text shrinks to a twentieth at best


@dataclass(frozen=True, slots=True)
class _WholeToken:
    """What stands in a token has no characters of its own there: three of them share four. It is all of the token."""

    length: int

    def __call__(self, start: int, end: int) -> tuple[int, int]:  # noqa: ARG002 - wherever it stands
        return 0, self.length


def read(encoded: Encoded) -> Part | None:
    """The tokens in ``encoded`` that hold text, decoded; None where there are none."""
    pieces = list(_pieces(encoded))
    return joined(encoded, pieces, "base64") if pieces else None


def _pieces(encoded: Encoded) -> Iterator[Piece]:
    """Shorter runs are not looked into: identifiers would be, and values that are known are found anyway."""
    data = encoded.data
    alone = 0  # up to here lines are tokens by themselves, since together they hold no text
    done = 0
    for run_start, run_end in encoded.long_runs:
        at = max(run_start, done)
        if run_end - at < LONG:
            continue
        done = run_end
        head = _GROUPS.match(data, at)
        if head and hextext.begins(head[0]) and (run := hextext.RUN.match(data, at)):
            if decoded := hextext.text_of(run[0]):
                yield Piece(at, decoded, _WholeToken(len(run[0])))
                done = run.end()
        elif head and data[at] in _BEGINS and _is_text(head[0]):
            block = _BLOCK.match(data, at) if at >= alone else None
            for token in filter(None, (block, _TOKEN.match(data, at))):
                if decoded := _text_of(token[0]):
                    yield Piece(at, decoded, _WholeToken(len(token[0])))
                    done = token.end()
                    break
            else:
                alone = block.end() if block else alone


def _text_of(token: bytes) -> str | None:
    """The text that a token holds; None where it holds something else. An incomplete last group is left out: it was cut off."""
    data = token.translate(_STANDARD, b"\r\n=")
    groups = len(data) // 4 * 4
    rest = data[groups:]
    decoded = a2b_base64(data[:groups] + (rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""))
    try:
        return (_inflated(decoded) if decoded.startswith(_GZIP) else decoded).decode("utf-8")
    except (UnicodeDecodeError, zlib.error):
        return None


def _inflated(data: bytes) -> bytes:
    """What was compressed with gzip, as far as it is there. Raises zlib.error."""
    return zlib.decompressobj(_GZIP_WINDOW).decompress(data, _MOST_INFLATED * len(data))


def _is_text(head: bytes) -> bool:
    """Whether whole groups of base64 decode to UTF-8, but for a character that is cut off at their end, or to gzip."""
    if head.startswith(_GZIP_TOKEN):
        return True
    data = a2b_base64(head.translate(_STANDARD))
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True
