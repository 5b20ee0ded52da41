"""A text beside its UTF-8, in which it is searched, and from offsets in the one to offsets in the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from checkrein.core.sensitive import Sensitive

_CONTINUATION = bytes(range(0x80, 0xC0))
_STRETCH = 4_096  # bytes that are looked at together: most have nothing beyond ASCII, which is quickly seen
_ENCODED_AT_ONCE = 65_536  # characters


class Encoded:
    """A text and its UTF-8, which is made when it is first asked for, and once for all who search it."""

    __slots__ = ("_data", "text")

    def __init__(self, text: str) -> None:
        """Any text; also one with lone surrogates."""
        self.text = text
        self._data: bytes | None = None

    @property
    def data(self) -> bytes:
        """The text in UTF-8."""
        if self._data is None:
            self._data = _utf8(self.text)
        return self._data

    def characters(self, offsets: Iterable[int]) -> Mapping[int, int]:
        """For each of ``offsets`` in ``data`` how many characters begin before it."""
        count = CharacterCount(self.data)
        return {offset: count.before(offset) for offset in sorted(set(offsets))}


class CharacterCount:
    """Counts the characters of UTF-8 ``data`` up to offsets that are asked for in order, each byte once."""

    def __init__(self, data: bytes) -> None:
        """Begin before the first character."""
        self._data = data
        self._at = self._count = 0
        self._ascii = data.isascii()

    def before(self, offset: int) -> int:
        """How many characters begin before ``offset``, which is not smaller than any that was asked for."""
        if self._ascii:
            return offset
        while self._at < offset:
            stretch = self._data[self._at : min(offset, self._at + _STRETCH)]
            self._count += len(stretch) if stretch.isascii() else len(stretch.translate(None, _CONTINUATION))
            self._at += len(stretch)
        return self._count


def characters(encoded: Encoded, found: Iterable[Sensitive]) -> Iterator[Sensitive]:
    """``found`` in the UTF-8 of ``encoded``, with offsets in characters. A character that is only partly covered is covered."""
    found = list(found)
    data = encoded.data
    numbers = encoded.characters(offset for each in found for offset in (each.start, each.end))
    for each in found:
        inside = each.start < len(data) and data[each.start] in _CONTINUATION
        yield Sensitive(each.rule, each.label, numbers[each.start] - inside, numbers[each.end], each.certainty)


def _utf8(text: str) -> bytes:
    """``text`` encoded: in stretches, since those in ASCII are copied, while one character beyond makes all of a text wide."""
    if text.isascii():
        return text.encode("ascii")
    stretches = (text[at : at + _ENCODED_AT_ONCE] for at in range(0, len(text), _ENCODED_AT_ONCE))
    return b"".join(stretch.encode("utf-8", "surrogatepass") for stretch in stretches)
