"""What ordinary text is made of: the words and pairs of letters that ``rarity.py`` knows, counted from folders of text.

``python -m checkrein.detect.secrets.generic.learn FOLDER...`` writes ``words.txt`` and ``pairs.txt`` anew. Those that we
ship were counted from the standard libraries of Python (without its tests) and Perl, and from this project.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from checkrein.detect.secrets.generic.rarity import LETTERS, pieces
from checkrein.detect.secrets.generic.tables import TABLES

_RUN = re.compile(r"[A-Za-z]+")
_SUFFIXES = frozenset({".py", ".pm", ".pl", ".pod", ".md", ".yaml", ".txt", ".rst"})
_APART = frozenset({"test", "tests", "site-packages", "dist-packages", "encodings", "unicore", "pydoc_data"})
_SEEN_IN = {3: 12, 4: 4}  # a short word must stand in so many files, since random letters spell it by chance
_SEEN_IN_OTHERWISE = 2
_LONGEST = 18


def texts(folders: Iterable[Path]) -> Iterator[str]:
    """The readable files below ``folders`` that hold programs or prose, in the order of their paths."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file() and not _APART.intersection(path.parts):
                yield path.read_text(encoding="utf-8", errors="ignore")


def learned(corpus: Iterable[str]) -> tuple[list[str], list[list[int]]]:
    """The words, sorted, and for each letter (row) the cost of each letter after it (column), in tenths of a bit.

    The last row and column stand for the ends of a word.
    """
    files: Counter[str] = Counter()
    follows: Counter[tuple[int, int]] = Counter()
    for text in corpus:
        words = Counter(piece.lower() for run in _RUN.findall(text) for piece in pieces(run))
        files.update(words.keys())
        for word, times in words.items():
            for pair in zip(LETTERS.ends(word), LETTERS.ends(word)[1:], strict=False):
                follows[pair] += min(times, 8)
    words_kept = sorted(
        word
        for word, seen in files.items()
        if seen >= _SEEN_IN.get(len(word), _SEEN_IN_OTHERWISE) and 3 <= len(word) <= _LONGEST
    )
    return words_kept, [_costs(row, follows) for row in range(len(LETTERS))]


def _costs(row: int, follows: Counter[tuple[int, int]]) -> list[int]:
    counts = [follows[row, column] + 0.5 for column in range(len(LETTERS))]
    total = sum(counts)
    return [round(-10 * math.log2(count / total)) for count in counts]


def main(folders: list[str]) -> None:
    """Write both tables into the package's rules."""
    words, costs = learned(texts(Path(folder) for folder in folders))
    TABLES.joinpath("words.txt").write_text("\n".join(words) + "\n", encoding="ascii")
    TABLES.joinpath("pairs.txt").write_text("".join(" ".join(map(str, row)) + "\n" for row in costs), encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
