"""JSON documents and lines of JSON, in bulk: every escape resolved at once, the structure left as it stands.

Outside of its strings JSON has no backslash, so nothing but strings changes, and each keeps the keys and quotes around it.
"""

from __future__ import annotations

import re
from codecs import escape_decode
from collections import deque
from collections.abc import Iterable, Iterator

import orjson

from checkrein.detect.decode.marks import BACKSLASH, CODE_POINT, SLASH, line_end, longer
from checkrein.detect.decode.part import Part
from checkrein.detect.decode.rewrite import ESCAPES, length_unescaped, unescaped
from checkrein.detect.offsets import Encoded

_BLOCK = 131_072  # bytes (and the rest of the line) that are decoded together
_UNKNOWN = frozenset((SLASH, CODE_POINT))  # escapes that the codec below does not know; few texts have one
_OPENS = re.compile(rb"\s*[\[{\"]")


def documents(data: bytes) -> Iterator[list[tuple[int, int]]]:
    """Where in UTF-8 JSON with escapes stands, from byte to byte: all of it, or lines. Each list is a text to read.

    Lines beside these have no escapes, or are no JSON.
    """
    mark = data.find(BACKSLASH)
    if mark < 0 or _OPENS.match(data) is None:
        return
    if not _are_json((data[: line_end(data, 0)],)) and _are_json((data,)):
        yield [(0, len(data))]
        return
    while mark >= 0:
        start = data.rfind(b"\n", 0, mark) + 1
        end = line_end(data, max(mark, start + _BLOCK))
        if _OPENS.match(data, start) and _are_lines(data[start:end]):
            yield [(start, end)]
        elif lines := list(_with_escapes(data, start, end)):
            yield lines
        mark = data.find(BACKSLASH, end)


def read(raw: Part) -> Part:
    """What JSON decodes to."""
    return Part(Encoded.of_utf8(_decoded(raw.encoded.data)), "json", ESCAPES.places(raw.encoded, _length)).within(raw)


def _with_escapes(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines from ``start`` to ``end`` that are JSON with escapes."""
    mark = data.find(BACKSLASH, start, end)
    while mark >= 0:
        at = data.rfind(b"\n", start, mark) + 1 or start
        stop = line_end(data, mark)
        if _OPENS.match(data, at, stop) and _are_json((data[at:stop],)):
            yield at, stop
        mark = data.find(BACKSLASH, stop, end)


def _are_lines(block: bytes) -> bool:
    """Whether a block is lines of JSON: one list, which is parsed faster, or one by one where some of them are empty."""
    return _are_json((b"[%b]" % block.strip().replace(b"\n", b","),)) or _are_json(block.split(b"\n"))


def _are_json(texts: Iterable[bytes]) -> bool:
    """Whether each of ``texts`` is JSON, or empty."""
    try:
        deque(map(orjson.loads, filter(None, texts)), maxlen=0)
    except orjson.JSONDecodeError:
        return False
    return True


def _decoded(data: bytes) -> bytes:
    """JSON in UTF-8 with its escapes resolved; each half of a surrogate pair by itself."""
    if not _UNKNOWN.isdisjoint(longer(data)):
        return b"\n".join(map(_decoded_line, data.split(b"\n")))
    return escape_decode(data)[0]


def _decoded_line(line: bytes) -> bytes:
    if SLASH in line:
        return unescaped(line)
    if CODE_POINT in line:
        text = line.decode().encode("ascii", "backslashreplace").decode("unicode_escape")
        return text.encode("utf-8", "surrogatepass")
    return escape_decode(line)[0]


def _length(text: str) -> int:
    """How many characters JSON decodes to; an escape stands for one."""
    if "\\u" in text:
        return length_unescaped(text)
    return len(text) - text.count("\\") + text.count("\\\\")  # every other backslash of those in a row is escaped itself
