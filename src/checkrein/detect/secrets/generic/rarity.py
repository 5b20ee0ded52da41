"""How unlike ordinary text a value is: its words, its pairs of letters, the kinds of its characters.

The words and pairs were counted by ``learn.py``. A password that a person makes up of words is not rare by these measures, and
is not meant to be: they tell the characters of a generator, or of a careful person, from identifiers, prose and file names.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from checkrein.detect.secrets.generic.tables import TABLES

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_RUN = re.compile(r"[A-Za-z]+")
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
    costs: tuple[tuple[int, ...], ...]  # tenths of a bit


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
    return _Tables(words, openings, max(map(len, words)), tuple(tuple(map(int, row.split())) for row in rows))


def pieces(run: str) -> list[str]:
    """The parts of a run of letters as camel case divides it: ``getHTTPName`` is ``get``, ``HTTP``, ``Name``."""
    return _PIECE.findall(run)


def shape(value: str) -> Shape:
    """The measures of ``value``, which is not empty."""
    lower = sum("a" <= each <= "z" for each in value)
    upper = sum("A" <= each <= "Z" for each in value)
    digits = sum("0" <= each <= "9" for each in value)
    runs = _RUN.findall(value)
    counts = Counter(value)
    return Shape(
        length=len(value),
        lower=lower,
        upper=upper,
        digits=digits,
        others=len(value) - lower - upper - digits,
        distinct=len(counts),
        entropy=-sum(each / len(value) * math.log2(each / len(value)) for each in counts.values()),
        worded=_worded(runs),
        strange=_strange(runs),
        turns=_turns(value),
    )


def _worded(runs: list[str]) -> float:
    letters = sum(map(len, runs))
    return sum(map(_in_words, runs)) / letters if letters else 0.0


def _in_words(run: str) -> int:
    """How many letters of the run stand in words: as whole pieces, or from four letters on wherever they stand."""
    tables = _tables()
    parts = pieces(run)
    by_piece = sum(
        len(part) for part in parts if part.lower() in tables.words or part.lower().removesuffix("s") in tables.words
    )
    if by_piece == len(run):
        return by_piece
    text = run.lower()
    best = [0] * (len(text) + 1)
    for start in range(len(text)):
        best[start + 1] = max(best[start], best[start + 1])
        if text[start : start + _SHORTEST_INSIDE] in tables.openings:
            for end in range(start + _SHORTEST_INSIDE, min(len(text), start + tables.longest) + 1):
                if text[start:end] in tables.words:
                    best[end] = max(best[end], best[start] + end - start)
    return max(by_piece, best[-1])


def _strange(runs: list[str]) -> float:
    costs = _tables().costs
    bits = steps = 0
    for run in runs:
        numbers = LETTERS.ends(run.lower())
        for first, second in pairwise(numbers[1:-1]):
            bits += costs[first][second]
            steps += 1
    return bits / 10 / steps if steps else 0.0


def _turns(value: str) -> int:
    turns = 0
    before = "-"
    for each in value:
        kind = "d" if each.isdigit() else "u" if each.isupper() else "l" if each.islower() else "-"
        if kind != before and "-" not in (kind, before) and (before, kind) != ("u", "l"):
            turns += 1
        before = kind
    return turns
