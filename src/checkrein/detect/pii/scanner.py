"""Finds personal data: candidates by their shape or by a word that announces them, confirmed by what proves them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.offsets import Encoded
from checkrein.detect.pii import catalogue
from checkrein.detect.pii.backends import Backend, best
from checkrein.detect.pii.catalogue import Kind
from checkrein.detect.pii.patterns import (
    NAMED_WITHIN,
    WIDEST,
    compiled,
    named_otherwise,
    needs_digit,
    trigger,
    width,
    word_trigger,
)
from checkrein.detect.pii.validators import validator

_BEHIND = 80  # characters behind a word in which the value that it announces may begin
_AHEAD = 48  # characters before a word in which such a value may begin, on the same line
_LINES = 2  # a value stands on the line of its word, or on the next one
_FIELD = 100  # characters that a text may have to be nothing but values
_DIGITS = re.compile(r"[0-9]")
_JOINING = frozenset(("and", "or", "und", "oder", "et", "ou", "y", "o", "e"))
_JOINTS = (" ", "-")
_LOOK_ALIKES = (
    *((sign, " ") for sign in "\u00a0\u2007\u2009\u202f\u3000"),
    *((sign, "-") for sign in "‐‑‒–－"),
    ("＋", "+"),
    ("＠", "@"),
    *((chr(ord("０") + digit), str(digit)) for digit in range(10)),
)
"""Spaces, dashes and digits, with those of ASCII in place of which people write them."""

_FIRST_BYTES = frozenset(sign.encode()[:1] for sign, _ in _LOOK_ALIKES)

Region = tuple[int, int]


class Pii:
    """Scans texts for personal data; any number of threads may use one at once.

    Making one takes some tenths of a second to three seconds, by the number of kinds; the next one of the same kinds, none.
    """

    def __init__(self, kinds: Collection[str], backend: Callable[[tuple[bytes, ...]], Backend] = best) -> None:
        """``kinds``: ids of ``rules/pii``; ValueError names unknown ones. ``backend`` makes what finds candidates."""
        known = {kind.id: kind for kind in catalogue.load()}
        if unknown := sorted(set(kinds) - set(known)):
            raise ValueError(f"there is no such kind of personal data: {', '.join(unknown)}")
        self._kinds = [_Kind(kind) for kind in known.values() if kind.id in kinds]
        self._shapes = [(kind, shape) for kind in self._kinds for shape in kind.anywhere]
        words: dict[str, list[_Kind]] = {}
        for kind in self._kinds:
            for word in kind.kind.words:
                words.setdefault(word.lower(), []).append(kind)
        self._words = list(words.items())
        triggers = (kind.kind.trigger.encode() or trigger(shape.source) for kind, shape in self._shapes)
        patterns = (*triggers, *(word_trigger(word) for word, _ in self._words))
        self._backend = backend(patterns)
        alone = [shape for kind in self._kinds for shape in kind.alone]
        self._field = re.compile(rf"[\W_]*(?:{'|'.join(alone)})(?![0-9A-Za-z_])", re.ASCII | re.IGNORECASE) if alone else None

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found in ``text``, without overlaps, in its order."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """What is found in a text whose UTF-8 others use too."""
        plain = _plain(encoded)
        text, ends = plain.text, self._backend.ends(plain.data)
        found: list[Sensitive] = []
        if ends:
            ends = _in_characters(plain, ends)
            found += self._announced(text, ends)
            found += self._anywhere(text, ends)
        if self._field is not None and len(text) <= _FIELD and self._field.match(text):
            found += self._alone(text)
        return merged(found)

    def _anywhere(self, text: str, ends: Mapping[int, list[int]]) -> Iterator[Sensitive]:
        for number in sorted(ends):
            if number >= len(self._shapes):
                return
            kind, shape = self._shapes[number]
            regions = _joined((end - shape.width - 2, end) for end in ends[number])
            yield from kind.found(text, shape, regions, Certainty.SPECIFIC)

    def _announced(self, text: str, ends: Mapping[int, list[int]]) -> Iterator[Sensitive]:
        """What stands close to words of its kind."""
        regions: dict[_Kind, list[Region]] = {}
        for number in sorted(ends):
            if number >= len(self._shapes):
                word, announced = self._words[number - len(self._shapes)]
                places = [_around(text, end - len(word) - 1, end) for end in ends[number]]
                for kind in announced:
                    regions.setdefault(kind, []).extend(places)
        for kind, places in regions.items():
            joined = [region for region in _joined(sorted(places)) if kind.possible(text, region)]
            if joined:
                for shape in kind.announced:
                    yield from kind.found(text, shape, joined, kind.certainty)

    def _alone(self, text: str) -> Iterator[Sensitive]:
        """What fills the text, other than signs between the values."""
        for kind in self._kinds:
            found = merged(one for shape in kind.fields for one in kind.found(text, shape, ((0, len(text)),), kind.certainty))
            if found and not _rest(text, found):
                yield from found


class _Shape:
    """A shape, compiled when it is first needed."""

    def __init__(self, source: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self.source = source
        self._flags = flags

    @cached_property
    def width(self) -> int:
        """Characters of its longest match."""
        return width(self.source)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """It, between its edges."""
        return compiled(self.source, self._flags)


@dataclass(frozen=True, eq=False)
class _Kind:
    """A kind with what is compiled of it when it is first needed."""

    kind: Kind

    @cached_property
    def alone(self) -> tuple[str, ...]:
        return self.kind.anywhere + self.kind.alone

    @cached_property
    def fields(self) -> tuple[_Shape, ...]:
        return tuple(_Shape(shape, re.IGNORECASE) for shape in self.alone)

    @cached_property
    def announced(self) -> tuple[_Shape, ...]:
        return self.fields + tuple(_Shape(shape, re.IGNORECASE) for shape in self.kind.near)

    @cached_property
    def anywhere(self) -> tuple[_Shape, ...]:
        return tuple(map(_Shape, self.kind.anywhere))

    @cached_property
    def _has_digits(self) -> bool:
        return all(map(needs_digit, self.alone + self.kind.near))

    @cached_property
    def _widest(self) -> int:
        return max(shape.width for shape in self.announced)

    @cached_property
    def _validator(self) -> Callable[[str], int]:
        return validator(self.kind.validator)

    @cached_property
    def _other(self) -> re.Pattern[str] | None:
        return named_otherwise(self.kind.not_after) if self.kind.not_after else None

    @cached_property
    def _behind(self) -> re.Pattern[str] | None:
        return re.compile(rf"(?:{'|'.join(self.kind.not_behind)})\Z") if self.kind.not_behind else None

    def _is_other(self, text: str, start: int, end: int) -> bool:
        """Whether what stands around a match says that it is something else."""
        if self._behind is not None and self._behind.search(text, max(start - WIDEST, 0), start):
            return True
        if self.kind.apart and _is_group(text, start, end):
            return True
        return self._other is not None and self._other.search(text, max(start - NAMED_WITHIN, 0), start) is not None

    @property
    def certainty(self) -> Certainty:
        """That of what a word announces, or what is alone."""
        return Certainty.SPECIFIC if self.kind.validator else Certainty.GENERIC

    def possible(self, text: str, region: Region) -> bool:
        """Whether a value could begin in ``region``: a cheap look before the shapes are tried."""
        start, end = region
        return not self._has_digits or _DIGITS.search(text, start, end + self._widest) is not None

    def found(self, text: str, shape: _Shape, regions: Iterable[Region], certainty: Certainty) -> Iterator[Sensitive]:
        """What begins in ``regions``, which are in order and apart, and is confirmed."""
        search = shape.pattern.search
        for start, end in regions:
            stop = end + shape.width + 4
            match = search(text, max(start, 0), stop)
            while match and match.start() < end:
                group = match.lastindex or 0
                begin = match.start(group)
                length = 0 if self._is_other(text, begin, match.end(group)) else self._validator(match[group])
                if length:
                    yield Sensitive(self.kind.rule, self.kind.label, begin, begin + length, certainty)
                match = search(text, begin + length if length else match.start() + 1, stop)


def _plain(encoded: Encoded) -> Encoded:
    """The text with the spaces, dashes and digits of ASCII in place of their look-alikes, character for character."""
    text = encoded.text
    if text.isascii() or not any(byte in encoded.data for byte in _FIRST_BYTES):
        return encoded
    for sign, plain in _LOOK_ALIKES:
        if sign in text:
            text = text.replace(sign, plain)
    return encoded if text is encoded.text else Encoded(text)


def _is_group(text: str, start: int, end: int) -> bool:
    """Whether what stands from ``start`` to ``end`` is a part of a longer row of groups of digits."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    return (before[:1].isdigit() and before[1:] in _JOINTS) or (after[1:].isdigit() and after[:1] in _JOINTS)


def _around(text: str, start: int, end: int) -> Region:
    """Where values may begin that a word from ``start`` to ``end`` announces: its line, and the next one."""
    first = max(text.rfind("\n", 0, max(start, 0)) + 1, start - _AHEAD, 0)
    last = end
    for _ in range(_LINES):
        stop = text.find("\n", last, end + _BEHIND)
        if stop < 0:
            return first, end + _BEHIND
        last = stop + 1
    return first, last


def _joined(regions: Iterable[Region]) -> Iterator[Region]:
    """``regions``, ordered by their start, without overlaps."""
    last: Region | None = None
    for start, end in regions:
        if last is None:
            last = (start, end)
        elif start <= last[1]:
            last = (last[0], max(last[1], end))
        else:
            yield last
            last = (start, end)
    if last is not None:
        yield last


def _rest(text: str, found: Iterable[Sensitive]) -> bool:
    """Whether words or digits stand beside what was found, other than those that join values."""
    last, rest = 0, []
    for each in found:
        rest.append(text[last : each.start])
        last = each.end
    words = re.findall(r"\w+", " ".join((*rest, text[last:])))
    return any(word.lower() not in _JOINING for word in words)


def _in_characters(encoded: Encoded, ends: Mapping[int, list[int]]) -> Mapping[int, list[int]]:
    """``ends`` in bytes of UTF-8 as numbers of characters, in order; one inside of a character counts as its end."""
    if encoded.text.isascii():
        return {number: sorted(each) for number, each in ends.items()}
    places = encoded.characters(end for each in ends.values() for end in each)
    return {number: [places[end] for end in sorted(each)] for number, each in ends.items()}
