"""Databases that are compiled once and kept."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import hyperscan
import pytest

from checkrein.detect import compiled


def ends(database: hyperscan.Database, data: bytes) -> list[tuple[int, int]]:
    found = []

    def on_match(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
        found.append((number, end))

    database.scan(data, match_event_handler=on_match, scratch=hyperscan.Scratch(database))
    return found


@pytest.fixture
def compiles(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that patterns were compiled."""
    real, calls = compiled._compile, []
    monkeypatch.setattr(compiled, "_compile", lambda expressions: calls.append(len(expressions)) or real(expressions))
    return calls


def test_it_is_compiled_once(tmp_path: Path, compiles: list[int]) -> None:
    folder = tmp_path / "scan"
    for _ in range(3):
        assert ends(compiled.database([b"a+b", b"cd"], "x", folder), b"aab cd") == [(0, 3), (1, 6)]
    assert compiles == [2]
    (kept,) = folder.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_other_patterns_have_a_file_of_their_own(tmp_path: Path, compiles: list[int]) -> None:
    for expressions in ([b"ab"], [b"a", b"b"], [b"ab"], [b"a", b"b"]):
        compiled.database(expressions, "x", tmp_path / "scan")
    assert len(compiles) == 2
    assert len(list((tmp_path / "scan").iterdir())) == 2


def test_what_is_broken_is_compiled_anew(tmp_path: Path, compiles: list[int]) -> None:
    compiled.database([b"ab"], "x", tmp_path / "scan")
    (kept,) = (tmp_path / "scan").iterdir()
    whole = kept.read_bytes()
    for broken in (b"", b"nothing", whole[:40], whole[:-1], whole[:60] + bytes(20) + whole[80:]):
        kept.write_bytes(broken)
        assert ends(compiled.database([b"ab"], "x", tmp_path / "scan"), b"ab") == [(0, 2)]
        assert kept.read_bytes() == whole
    assert len(compiles) == 6


def test_files_of_earlier_versions_are_dropped(tmp_path: Path) -> None:
    folder = tmp_path / "scan"
    compiled.database([b"ab"], "x", folder)
    (old,) = folder.iterdir()
    compiled.database([b"ab"], "y", folder)
    os.utime(old, (time.time() - 100_000,) * 2)
    compiled.database([b"cd"], "x", folder)
    assert not old.exists()
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_used_costs_only_time(tmp_path: Path, compiles: list[int]) -> None:
    (tmp_path / "file").write_text("")
    for _ in range(2):
        assert ends(compiled.database([b"ab"], "x", tmp_path / "file"), b"ab") == [(0, 2)]
    assert compiles == [1, 1]


def test_without_a_home_folder_it_is_compiled(monkeypatch: pytest.MonkeyPatch, compiles: list[int]) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert ends(compiled.database([b"ab"], "x"), b"ab") == [(0, 2)]
    assert compiles == [1]


def test_a_pattern_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(hyperscan.error):
        compiled.database([b"a(?=b)"], "x", tmp_path / "scan")
    assert not list((tmp_path / "scan").iterdir())
