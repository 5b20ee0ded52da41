"""Values that are known again only where they stand alone: numbers, and letters that may be words.

Put back in the middle of a word, such a value would not be found when the text is read again, and would leave. Names of the
team's dictionary are none of them: that finds them in the words that programs make of names.
"""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.detect.secrets.forms import stands_alone
from checkrein.detect.words import joins
from checkrein.vault.entry import Kind

LONGEST_WORD = 256  # characters beside a value that are looked at


class Alone(str):
    """A value that is known again only where it stands alone."""

    __slots__ = ()


def marked(value: str, kind: Kind) -> str:
    """``value``, as an ``Alone`` where it is one."""
    return Alone(value) if kind is not Kind.NAME and stands_alone(value) else value


def word_around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before ``start`` and behind ``end`` of ``text`` in the same word, up to ``LONGEST_WORD`` characters each."""
    first, last = start, end
    while first > max(start - LONGEST_WORD, 0) and joins(text[first - 1], text[first]):
        first -= 1
    while last < min(end + LONGEST_WORD, len(text)) and joins(text[last], text[last - 1]):
        last += 1
    return text[first:start], text[end:last]


def joined(value: str, text: str) -> Iterator[str]:
    """The words of ``text`` that ``value`` is only a part of."""
    at = text.find(value)
    while at >= 0:
        around = word_around(text, at, at + len(value))
        if any(around):
            yield value.join(around)
        at = text.find(value, at + 1)
