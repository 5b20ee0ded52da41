"""JSON that is changed in place: read strictly, and rewritten string by string while every other byte stays as it came.

A value is never spelled anew from what was parsed: numbers, blanks, the order of keys and escapes stay, so that an unchanged
part of a conversation has the same bytes in every request (the provider's prompt cache compares them).

What two readers could read differently is refused, since what is redacted here has to be what the provider reads: a key that
stands twice in an object, ``NaN`` and ``Infinity``, a number too long to be one, and half a surrogate pair in a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_SPACES = frozenset(" \t\r\n")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"')
"""A string token, in a text of which it is known that it is JSON."""
_STRING_OR_NUMBER = re.compile(rf"{_STRING.pattern}|-?[0-9][0-9.eE+-]*")


class BodyError(ValueError):
    """Bytes that are not JSON of which there is only one reading. The text says which rule they break, never what they hold."""


def text_of(body: bytes) -> str:
    """``body`` as text. Raises BodyError where it is not UTF-8, or begins with a byte order mark."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BodyError(f"byte {error.start} is not UTF-8") from error
    if text.startswith("\ufeff"):
        raise BodyError("it begins with a byte order mark")
    return text


class Wire:
    """A text with the UTF-8 that it came in, so that parts of it need not be encoded anew."""

    __slots__ = ("_bytes", "text")

    def __init__(self, text: str, body: bytes) -> None:
        self.text = text
        self._bytes = memoryview(body) if text.isascii() else None

    def span(self, start: int, end: int | None = None) -> bytes | memoryview:
        """``text[start:end]`` in UTF-8; to the end of the text where ``end`` is None."""
        return self.text[start:end].encode() if self._bytes is None else self._bytes[start:end]


def blank(text: str, at: int) -> int:
    """Where the white space at ``at`` ends."""
    while text[at : at + 1] in _SPACES:
        at += 1
    return at


def value_at(text: str, at: int) -> tuple[Json, int]:
    """The value that begins at ``at`` (no white space before it), and where it ends. Raises BodyError."""
    try:
        value: Json
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise BodyError(f"{error.msg} at character {error.pos}") from error
    except RecursionError as error:
        raise BodyError("it is nested too deeply") from error
    except BodyError:
        raise
    except ValueError as error:
        raise BodyError("it holds a number with too many digits") from error
    return value, end


def whole(text: str) -> Json:
    """The value that ``text`` is, with nothing behind it. Raises BodyError."""
    value, end = value_at(text, blank(text, 0))
    if blank(text, end) != len(text):
        raise BodyError(f"something follows the value at character {end}")
    return value


def after(text: str, at: int, marks: str) -> tuple[str, int]:
    """The next character behind white space, which has to be one of ``marks``, and where what follows it begins."""
    at = blank(text, at)
    found = text[at : at + 1]
    if not found or found not in marks:
        raise BodyError(f"{' or '.join(marks)} is missing at character {at}")
    return found, blank(text, at + 1)


def key_at(text: str, at: int) -> tuple[str, int, int]:
    """The key that begins at ``at``, where it ends, and where its value begins. Raises BodyError."""
    if text[at : at + 1] != '"':
        raise BodyError(f"a key is missing at character {at}")
    key, end = value_at(text, at)
    _, value = after(text, end, ":")
    return str(key), end, value


def strings_in(value: Json) -> int:
    """How many string tokens, keys included, the text of ``value`` holds."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(strings_in, value.values()))
    if isinstance(value, list):
        return sum(map(strings_in, value))
    return 0


def spliced(text: str, edits: Mapping[int, str]) -> str:
    """``text`` (one JSON value) with its string tokens of these numbers, counted from 0 in their order, replaced."""
    pieces: list[str] = []
    last = 0
    left = len(edits)
    for number, token in enumerate(_STRING.finditer(text)):
        if number in edits:
            pieces += (text[last : token.start()], quoted(edits[number]))
            last = token.end()
            left -= 1
            if not left:
                break
    return "".join((*pieces, text[last:]))


def renumbered(text: str, numbers: Mapping[int | float, str]) -> str:
    """``text`` (one JSON value) with strings in place of its numbers of these values."""

    def put(token: re.Match[str]) -> str:
        if token[0].startswith('"'):
            return token[0]
        new = numbers.get(json.loads(token[0]))
        return token[0] if new is None else quoted(new)

    return _STRING_OR_NUMBER.sub(put, text) if numbers else text


def quoted(text: str) -> str:
    """``text`` as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


def escaped(text: str) -> str:
    """``text`` as it stands between the quotes of a JSON string."""
    return quoted(text)[1:-1]


def encoded(text: str) -> bytes:
    """``text`` in UTF-8. Raises BodyError where it holds half a surrogate pair: one reader drops it, another replaces it."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BodyError("a text in it holds half a surrogate pair") from error


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BodyError("a key stands twice in one object")
    return result


def _constant(name: str) -> NoReturn:
    raise BodyError(f"it holds {name}, which JSON does not know")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
