"""A text beside its UTF-8, in which it is searched, and from offsets in the one to offsets in the other."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from checkrein.core.sensitive import Sensitive
from checkrein.detect.runs import Runs, long_runs

_CONTINUATION = bytes(range(0x80, 0xC0))
_STRETCH = 16_384  # characters that are looked at together: most have nothing beyond ASCII, which is quickly seen


class Encoded:
    """A text and its UTF-8: whichever was not given is made once, for all who search it."""

    __slots__ = ("_ends", "_runs", "_text", "data")

    data: bytes
    """The text in UTF-8."""
    _text: str | None
    _ends: list[int] | None
    """Where each stretch of the text ends in ``data``; none of a text in ASCII. None until that is asked for."""
    _runs: Runs | None

    def __init__(self, text: str) -> None:
        """Any text; also one with lone surrogates."""
        self._text = text
        self._ends = []
        self._runs = None
        if text.isascii():
            self.data = text.encode("ascii")
        else:
            stretches = _stretches(text)
            self.data = b"".join(stretches)
            self._ends = _ends(stretches)

    @classmethod
    def of_utf8(cls, data: bytes) -> Encoded:
        """The text whose UTF-8 is ``data``; it is decoded when it is first asked for. Surrogates may stand in it."""
        encoded = cls.__new__(cls)
        encoded.data = data
        encoded._text = None
        encoded._ends = None
        encoded._runs = None
        return encoded

    @property
    def text(self) -> str:
        """The text. UnicodeDecodeError where ``of_utf8`` was given something else."""
        if self._text is None:
            self._text = self.data.decode("utf-8", "surrogatepass")
        return self._text

    @property
    def long_runs(self) -> Runs:
        """Where many characters of base64 stand together; they are looked for when they are first asked for."""
        if self._runs is None:
            self._runs = long_runs(self.data)
        return self._runs

    def characters(self, offsets: Iterable[int]) -> Mapping[int, int]:
        """For each of ``offsets`` in ``data`` how many characters begin before it."""
        if self._ends is None:
            self._ends = [] if self.data.isascii() else _ends(_stretches(self.text))
        if not self._ends:
            return {offset: offset for offset in offsets}
        numbers: dict[int, int] = {}
        at = count = 0
        for offset in sorted(set(offsets)):
            before = bisect_right(self._ends, offset)
            if before and at < self._ends[before - 1]:
                at, count = self._ends[before - 1], min(before * _STRETCH, len(self.text))
            count += _count(self.data[at:offset])
            at = offset
            numbers[offset] = count
        return numbers


def characters(encoded: Encoded, found: Iterable[Sensitive]) -> Iterator[Sensitive]:
    """``found`` in the UTF-8 of ``encoded``, with offsets in characters. A character that is only partly covered is covered."""
    found = list(found)
    data = encoded.data
    numbers = encoded.characters(offset for each in found for offset in (each.start, each.end))
    for each in found:
        inside = each.start < len(data) and data[each.start] in _CONTINUATION
        yield Sensitive(each.rule, each.label, numbers[each.start] - inside, numbers[each.end], each.certainty)


def _stretches(text: str) -> list[bytes]:
    """``text`` encoded in stretches: those in ASCII are copied, while one character beyond makes all of a text wide."""
    return [text[at : at + _STRETCH].encode("utf-8", "surrogatepass") for at in range(0, len(text), _STRETCH)]


def _ends(stretches: Iterable[bytes]) -> list[int]:
    return list(accumulate(map(len, stretches)))


def _count(data: bytes) -> int:
    """How many characters begin in ``data``."""
    return len(data) if data.isascii() else len(data.translate(None, _CONTINUATION))
