"""Marks in a git index that hide changes, in every version of its format."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.observe.index import _hides, hides_changes


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    call(tmp_path, "init", "-q")
    for name in ("a", "ab", "deep/folder/abc", "deep/folder/abcdefgh", "x" * 200):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    call(tmp_path, "add", ".")
    return tmp_path


def call(folder: Path, *words: str) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True)


def hides(folder: Path) -> bool:
    index = folder / ".git/index"
    seen = index.stat()
    return hides_changes(str(index), seen.st_mtime_ns, seen.st_size, seen.st_ino)


@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("name", ["a", "deep/folder/abcdefgh", "x" * 200])
@pytest.mark.parametrize("mark", ["assume-unchanged", "skip-worktree"])
def test_marks_are_seen(repo: Path, version: str, name: str, mark: str) -> None:
    call(repo, "update-index", "--index-version", version)
    assert not hides(repo)
    call(repo, "update-index", f"--{mark}", name)
    assert hides(repo)


def test_an_entry_that_is_meant_to_be_added_hides_nothing(repo: Path) -> None:
    (repo / "later").write_text("x")
    call(repo, "add", "-N", "later")
    assert not hides(repo)


@pytest.mark.parametrize("data", [b"", b"DIRC", b"nonsense" * 20, b"DIRC\0\0\0\x09\0\0\0\0" + b"\0" * 20])
def test_what_is_not_understood_may_hide_something(repo: Path, data: bytes) -> None:
    (repo / ".git/index").write_bytes(data)
    assert hides(repo)


def test_a_missing_index_may_hide_something(tmp_path: Path) -> None:
    assert hides_changes(str(tmp_path / "index"), 0, 0, 0)


@given(st.integers(0, 500), st.binary(min_size=1, max_size=200))
def test_no_bytes_crash_it(count: int, rest: bytes) -> None:
    with contextlib.suppress(IndexError, ValueError):  # which ``hides_changes`` takes as hidden
        _hides(b"DIRC\0\0\0\x04" + count.to_bytes(4) + rest)
