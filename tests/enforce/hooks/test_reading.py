from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkrein.core import RedactionError
from checkrein.enforce.hooks import reading
from checkrein.enforce.hooks.reading import Shortened, may_be_counted, shortened
from plain_redactor import LABEL, PlainRedactor

VALUE = "hush-abc"
LINE = f"key {VALUE} and some more words, so that it is a line of sixty.\n"


def write(folder: Path, text: str | bytes, name: str = "a.txt") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def ask(file: Path, **given: Any) -> Shortened | None:
    return shortened({"file_path": str(file), **given}, PlainRedactor())


def test_a_large_part_with_values_is_shortened_to_what_is_not_counted(tmp_path: Path) -> None:
    file = write(tmp_path, LINE * 1000)
    part = ask(file)
    assert part == Shortened(1, reading.UNCOUNTED // len(LINE), {LABEL: 1000})
    assert ask(file, offset=part.offset, limit=part.lines) is None


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_is_counted_sooner(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, LINE * 300, name)
    part = ask(file)
    assert part is not None
    assert part.lines == reading.UNCOUNTED_DENSE // len(LINE)
    assert ask(write(tmp_path, LINE * 300)) is None


def test_the_part_that_is_asked_for_counts(tmp_path: Path) -> None:
    clean = "nothing in here, and some more words to make it a longer line\n"
    file = write(tmp_path, clean * 1000 + LINE * 1000)
    assert ask(file, limit=900) is None
    assert ask(file, offset=1, limit=1000) is None
    found = ask(file, offset=900)
    assert found is not None
    assert found.offset == 900
    assert 300 < found.lines < 420
    assert ask(file, offset=5000) is None


def test_reading_on_gives_all_of_it(tmp_path: Path) -> None:
    file = write(tmp_path, LINE * 2000)
    offset, parts = 1, 0
    while part := ask(file, offset=offset):
        assert part.lines > 0
        offset += part.lines
        parts += 1
    assert parts == 2000 * len(LINE) // reading.UNCOUNTED
    assert offset <= 2000


def test_a_line_that_is_too_long_by_itself_cannot_be_shortened(tmp_path: Path) -> None:
    file = write(tmp_path, "x" * 3_000_000 + VALUE + "\n" + LINE)
    assert ask(file) == Shortened(1, 0, {LABEL: 2})
    assert ask(file, offset=2) is None


def test_a_notebook_cannot_be_shortened(tmp_path: Path) -> None:
    assert ask(write(tmp_path, LINE * 500, "n.ipynb")) == Shortened(1, 0, {LABEL: 500})
    assert ask(write(tmp_path, LINE, "m.ipynb")) is None


@pytest.mark.parametrize("text", [LINE * 20, "plain words\n" * 10_000, b"\x89PNG\0" + LINE.encode() * 1000, ""])
def test_others_are_read_as_they_are(tmp_path: Path, text: str | bytes) -> None:
    assert ask(write(tmp_path, text)) is None


@pytest.mark.parametrize("given", [{"offset": "x"}, {"limit": -1}, {"offset": 0}, {"limit": None}, {"limit": True}])
def test_odd_numbers_mean_all_of_it(tmp_path: Path, given: dict[str, Any]) -> None:
    assert ask(write(tmp_path, LINE * 1000), **given) is not None


def test_trouble_is_raised(tmp_path: Path) -> None:
    with pytest.raises(RedactionError):
        shortened({"file_path": str(write(tmp_path, LINE * 1000))}, PlainRedactor(failing=True))


def test_only_reads_of_larger_files_are_looked_at(tmp_path: Path) -> None:
    large, small = write(tmp_path, LINE * 1000), write(tmp_path, LINE, "b.txt")
    assert may_be_counted("Read", {"file_path": str(large)})
    assert not may_be_counted("Read", {"file_path": str(small)})
    assert not may_be_counted("Write", {"file_path": str(large)})
    assert not may_be_counted("Read", {"file_path": str(tmp_path)})
    assert not may_be_counted("Read", {"file_path": str(tmp_path / "none")})
    assert not may_be_counted("Read", {"file_path": "a\0b"})
    assert not may_be_counted("Read", {})
