"""The forms in which programs pass on a value: escaped, encoded, turned around, or a character at a time.

A text is searched without its line ends and in lower case (``unwrapped``), so the plain form is found in capitals, wrapped
at any width, and with a line for each character as well.

A form is known by the number of its way, and made where it is needed: thousands of values in all their forms would take tens of
megabytes. What is looked for is a short window of each.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from checkrein.detect.secrets.generic.rarity import shape
from checkrein.detect.secrets.unwrapped import in_one_piece

WINDOW = 12
"""Bytes of a form that are looked for; the rest is compared where they stand."""

_SHORT = 12  # below this length, or without a digit or sign, a value counts only as it is written
_WORDED = 0.6  # the share of its letters in words from which letters alone are taken for words
_ENCODED = 8  # characters of a base64 form, at least
_SPELLED = 6  # characters in a row that are alike in what is written a character at a time
_SOUGHT = 4  # of these, how many are looked for
_LONGEST_SPELLED = 512  # characters of a value
_BETWEEN = 8  # bytes that may stand between two characters
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")

# The ways, by their numbers: as it stands, in JSON, in JSON with characters beyond ASCII, turned around, by rot13; quoted for
# URLs; in hex; in base64 at each of the three places in a group, plain and for URLs; spelled in letters, and in numbers.
_REVERSED, _ROT13 = 3, 4
_QUOTED = 5
_HEX = 8
_BASE64 = 9
_SPELLING = 15
_LETTERS = (b" ", b"   ", b"', '", b'", "')  # sed 's/./& /g', od -c, lists of Python and JSON
_NUMBERS = (
    *((b"%02x", between) for between in (b" ", b":")),
    (b"0x%02x", b", "),
    (b"%03o", b" "),
    (b"%d", b", "),
)
"""How bytes are written, and what stands between them."""
WAYS = _SPELLING + len(_LETTERS) + len(_NUMBERS)
"""How many ways there are."""

_WRITTEN = {written: tuple(written % byte for byte in range(256)) for written, _ in _NUMBERS}
_RARE = re.compile(rb"[0-9jqxz]")
_PLAIN_IN_URLS = re.compile(r"[\w.~-]*", re.ASCII)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_TURNED = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", b"NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm"
)


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a value may stand: ``text`` in UTF-8, without line ends, and ``lower``, the same in lower case.

    ``whole``: only as a whole word. ``exact``: only as it is, capitals and all, on one line. ``cased``: capitals count.
    ``before`` and ``after``: how many bytes beside it hold some of its bits.
    """

    text: bytes
    lower: bytes
    whole: bool = False
    exact: bool = False
    cased: bool = False
    before: int = 0
    after: int = 0

    def span(self, text: bytes, at: int) -> tuple[int, int] | None:
        """Where it stands in ``text`` (as ``unwrapped`` gives it), if its window stands ``at`` there."""
        start = at - _window(self.lower)
        return (start, start + len(self.lower)) if start >= 0 and text.startswith(self.lower, start) else None


@dataclass(frozen=True, slots=True)
class Spelled:
    """A value a sign at a time, with ``between`` between the first of them and anything like it between others.

    ``first``: the sign with which its window begins.
    """

    signs: tuple[bytes, ...]
    between: bytes
    first: int = 0

    def span(self, text: bytes, at: int) -> tuple[int, int] | None:
        """Where it stands in ``text`` (as ``unwrapped`` gives it), if its window stands ``at`` there."""
        start = end = at - sum(len(sign) + len(self.between) for sign in self.signs[: self.first])
        if start < 0 or not text.startswith(self.between.join(self.signs[:_SPELLED]), start):
            return None
        for sign in self.signs:
            last = min(end + _BETWEEN, len(text) - 1)
            while not text.startswith(sign, end):
                if end >= last or text[end] in _ALNUM:
                    return None
                end += 1
            end += len(sign)
        return start, end


def windows(value: str) -> Iterator[tuple[int, bytes]]:
    """What is looked for: for each way in which ``value`` (of six characters or more) may stand, a part of that form."""
    data = _utf8(value)
    for way, text in _texts(value, data):
        lower = text.lower()
        at = _window(lower)
        yield way, lower[at : at + WINDOW]
    if len(data) > _LONGEST_SPELLED:
        return
    letters = _letters(value[: _SPELLED + value.count("\n") + value.count("\r")])
    first = _first(letters)
    for way, between in enumerate(_LETTERS, _SPELLING):
        yield way, between.join(letters[first : first + _SOUGHT])
    for way, (written, between) in enumerate(_NUMBERS, _SPELLING + len(_LETTERS)):
        yield way, between.join(_numbers(written, data[:_SOUGHT]))


def form(value: str, way: int) -> Form | Spelled:
    """The form of ``value`` that ``windows`` gave this number."""
    data = _utf8(value)
    if way >= _SPELLING + len(_LETTERS):
        written, between = _NUMBERS[way - _SPELLING - len(_LETTERS)]
        return Spelled(_numbers(written, data), between)
    if way >= _SPELLING:
        letters = _letters(value)
        return Spelled(letters, _LETTERS[way - _SPELLING], _first(letters))
    text = dict(_texts(value, data))[way]
    lower = text.lower()
    if way >= _BASE64:
        shift = (way - _BASE64) // 2
        return Form(text, lower, cased=True, before=int(shift > 0), after=int((shift + len(data)) % 3 > 0))
    if way == _HEX:
        return Form(text, lower, whole=True)
    short = len(value) < _SHORT or value.isalpha()
    if way >= _QUOTED:
        return Form(text, lower, whole=stands_alone(value))
    several = "\n" in value and way in (0, _REVERSED, _ROT13)
    cased = not any(map(str.isdigit, value))  # what may be words is written with other capitals every day
    whole = short if way in (_REVERSED, _ROT13) else stands_alone(value)
    return Form(text, lower, whole=whole, exact=short and not several, cased=cased)


def stands_alone(value: str) -> bool:
    """Whether ``value`` counts only as a whole word, since it could stand inside others by chance: a number, or words.

    Whatever else touches a value, it is that value: ``-pVALUE`` and ``xVALUEx`` hold it as well.
    """
    if value.isdigit():
        return len(value) < _SHORT
    return value.isalpha() and (not value.isascii() or shape(value).worded >= _WORDED)


def _texts(value: str, data: bytes) -> Iterator[tuple[int, bytes]]:
    """The forms that hold the whole value in one piece, each with its way. Of those that are alike, the first."""
    yield from _distinct(0, _as_it_stands(value, data))
    if not _PLAIN_IN_URLS.fullmatch(value):
        quoted = (quote(data, safe=""), quote(data), quote_plus(data))
        yield from ((way, text) for way, text in _distinct(_QUOTED, [each.encode() for each in quoted]) if text != data)
    yield _HEX, data.hex().encode()
    for shift, shared in enumerate((0, 2, 3)):  # what its neighbours decide of the first sign is left out
        encoded = base64.b64encode(bytes(shift) + data)
        own = encoded[shared : (shift + len(data)) * 8 // 6]
        if len(own) >= _ENCODED:
            yield from _distinct(_BASE64 + 2 * shift, [own, own.translate(_URL_SAFE)])


def _as_it_stands(value: str, data: bytes) -> list[bytes]:
    """The plain form, those of JSON, as ``rev`` prints it, and as ``tr A-Za-z N-ZA-Mn-za-m`` does."""
    plain = in_one_piece(data)
    turned = in_one_piece(_utf8(value[::-1]) if len(data) > len(value) else data[::-1])
    if value.isascii() and value.isprintable() and '"' not in value and "\\" not in value:
        escaped = [plain, plain]
    else:
        escaped = [in_one_piece(_utf8(json.dumps(value, ensure_ascii=ascii_only)[1:-1])) for ascii_only in (True, False)]
    return [plain, *escaped, turned, plain.translate(_TURNED)]


def _distinct(first: int, texts: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """``texts`` without those that stand before, each with its number."""
    return ((first + at, text) for at, text in enumerate(texts) if text not in texts[:at])


def _window(lower: bytes) -> int:
    """Where in a form what is looked for begins: in the middle, since many values begin alike, and with a sign with which
    little begins, since so the search passes over most of a text.
    """
    last = len(lower) - WINDOW
    if last <= 0:
        return 0
    rare = _RARE.search(lower, last // 2, last + 1)
    return rare.start() if rare else last // 2


def _first(signs: tuple[bytes, ...]) -> int:
    """Which of ``signs`` is the first that is looked for: one with which little begins, if there is one."""
    for at in range(_SPELLED - _SOUGHT + 1):
        if _RARE.match(signs[at]):
            return at
    return 0


def _letters(value: str) -> tuple[bytes, ...]:
    return tuple(_utf8(letter).lower() for letter in value if letter not in "\r\n")


def _numbers(written: bytes, data: bytes) -> tuple[bytes, ...]:
    return tuple(map(_WRITTEN[written].__getitem__, data))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
