"""The tables of ordinary text: how they are counted, and that those we ship are in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.detect.secrets.generic import learn
from checkrein.detect.secrets.generic.rarity import LETTERS
from checkrein.detect.secrets.generic.tables import TABLES


def test_words_that_stand_in_enough_files() -> None:
    words, costs = learn.learned(["some words here", "otherWords, someWhere", "zebra the"])
    assert words == ["words"]
    assert len(costs) == len(LETTERS)
    assert all(len(row) == len(LETTERS) for row in costs)


def test_a_pair_that_is_there_costs_less() -> None:
    _, costs = learn.learned(["quiet quite", "quiet"])
    q, u, z = (ord(letter) - ord("a") for letter in "quz")
    assert costs[q][u] < costs[q][z]


def test_only_programs_and_prose_are_read(tmp_path: Path) -> None:
    for name in ("a.py", "b.md", "c.bin", "tests/d.py"):
        tmp_path.joinpath(name).parent.mkdir(exist_ok=True)
        tmp_path.joinpath(name).write_text(name)
    assert list(learn.texts([tmp_path])) == ["a.py", "b.md"]


def test_what_is_written_is_what_was_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(5):
        source.joinpath(f"{number}.md").write_text("kettle blue")
    monkeypatch.setattr(learn, "TABLES", tmp_path)
    learn.main([str(source)])
    assert tmp_path.joinpath("words.txt").read_text().split() == ["blue", "kettle"]
    assert len(tmp_path.joinpath("pairs.txt").read_text().splitlines()) == len(LETTERS)


def test_the_tables_that_we_ship() -> None:
    words = TABLES.joinpath("words.txt").read_text(encoding="ascii").split()
    assert words == sorted(set(words))
    assert all(word.isalpha() and word.islower() and 3 <= len(word) <= 18 for word in words)
    rows = [row.split() for row in TABLES.joinpath("pairs.txt").read_text(encoding="ascii").splitlines()]
    assert [len(row) for row in rows] == [len(LETTERS)] * len(LETTERS)
