"""How unlike ordinary text a value is: its words, its pairs of letters, the kinds of its characters.

The words and pairs were counted by ``learn.py``. A password that a person makes up of words is not rare by these measures, and
is not meant to be: they tell the characters of a generator, or of a careful person, from identifiers, prose and file names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from string import ascii_lowercase

from checkrein.detect.secrets.generic.tables import TABLES

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RUN = re.compile(r"[A-Za-z]+")
_SORTS = b"".join(
    (b"l" if byte.islower() else b"u" if byte.isupper() else b"d" if byte.isdigit() else b" ")
    for byte in (bytes([number]) for number in range(256))
)
"""What sort each character of ASCII is of."""
_TURN = re.compile(rb"d(?=[lu])|u(?=d)|l(?=[du])")
_SHORTEST_INSIDE = 4  # a shorter word counts only as a whole piece: random letters spell it too often


class _Letters:
    """The letters, and an end that stands before the first and after the last."""

    end = 26

    def __len__(self) -> int:
        return self.end + 1

    def ends(self, word: str) -> list[int]:
        """The numbers of the letters of ``word`` (lower-case), between two ends."""
        return [self.end, *(ord(letter) - 97 for letter in word), self.end]


LETTERS = _Letters()


@dataclass(frozen=True, slots=True)
class _Tables:
    words: frozenset[str]
    openings: frozenset[str]  # what those begin with that count wherever they stand
    longest: int
    costs: Mapping[tuple[str, str], int]  # of the second of two letters, in tenths of a bit


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value is made of.

    ``worded`` is the share of its letters that stand in words; ``strange`` the bits that a letter after another one costs
    where letters follow one another as in words; ``entropy`` the bits for a character by how often each stands in the value.
    """

    length: int
    lower: int
    upper: int
    digits: int
    others: int
    distinct: int
    entropy: float
    worded: float
    strange: float
    turns: int  # how often letters turn into digits or back, or change case in a way that camel case does not

    @property
    def letters(self) -> int:
        """How many letters."""
        return self.lower + self.upper


@cache
def _tables() -> _Tables:
    words = frozenset(TABLES.joinpath("words.txt").read_text(encoding="ascii").split())
    rows = TABLES.joinpath("pairs.txt").read_text(encoding="ascii").splitlines()
    openings = frozenset(word[:_SHORTEST_INSIDE] for word in words if len(word) >= _SHORTEST_INSIDE)
    costs = {
        (first, second): int(cost)
        for first, row in zip(ascii_lowercase, rows, strict=False)  # the last row and column are those of the end
        for second, cost in zip(ascii_lowercase, row.split(), strict=False)
    }
    return _Tables(words, openings, max(map(len, words)), costs)


def pieces(run: str) -> list[str]:
    """The parts of a run of letters as camel case divides it: ``getHTTPName`` is ``get``, ``HTTP``, ``Name``."""
    return _PIECE.findall(run)


def shape(value: str) -> Shape:
    """The measures of ``value``, which is not empty."""
    sorts = value.encode("ascii", "replace").translate(_SORTS)
    lower, upper, digits = map(sorts.count, (b"l", b"u", b"d"))
    runs = _RUN.findall(value)
    counts = Counter(value).values()
    return Shape(
        length=len(value),
        lower=lower,
        upper=upper,
        digits=digits,
        others=len(value) - lower - upper - digits,
        distinct=len(counts),
        entropy=-sum([each / len(value) * math.log2(each / len(value)) for each in counts]),
        worded=_worded(runs),
        strange=_strange(runs),
        turns=len(_TURN.findall(sorts)),
    )


def _worded(runs: list[str]) -> float:
    letters = sum(map(len, runs))
    return sum(map(_in_words, runs)) / letters if letters else 0.0


def _in_words(run: str) -> int:
    """How many letters of the run stand in words: as whole pieces, or from four letters on wherever they stand."""
    tables = _tables()
    by_piece = 0
    for part in pieces(run):
        piece = part.lower()
        if piece in tables.words or piece.removesuffix("s") in tables.words:
            by_piece += len(part)
    return by_piece if by_piece == len(run) else max(by_piece, _in_words_inside(run.lower(), tables))


def _in_words_inside(text: str, tables: _Tables) -> int:
    """The most letters that words take which stand anywhere, without overlaps."""
    starts = {at for at in range(len(text) - _SHORTEST_INSIDE + 1) if text[at : at + _SHORTEST_INSIDE] in tables.openings}
    if not starts:
        return 0
    best = [0] * (len(text) + 1)
    for start in range(len(text)):
        best[start + 1] = max(best[start], best[start + 1])
        if start in starts:
            for end in range(start + _SHORTEST_INSIDE, min(len(text), start + tables.longest) + 1):
                if text[start:end] in tables.words:
                    best[end] = max(best[end], best[start] + end - start)
    return best[-1]


def _strange(runs: list[str]) -> float:
    costs = _tables().costs
    bits = steps = 0
    for run in runs:
        letters = run.lower()
        bits += sum(map(costs.__getitem__, pairwise(letters)))
        steps += len(run) - 1
    return bits / 10 / steps if steps else 0.0
