"""Which repository holds a path."""

from __future__ import annotations

import sys
from pathlib import Path

import pygit2

from checkrein.observe.git.discovery import discover


def test_no_repository(tmp_path: Path) -> None:
    assert discover(str(tmp_path / "none/x")) is None


def test_looking_where_no_repository_is_costs_no_reference(tmp_path: Path) -> None:
    """pygit2 1.21 gives away a reference to None each time, which ends the process after some ten thousand."""
    before = sys.getrefcount(None)
    for _ in range(500):
        assert discover(str(tmp_path)) is None
    assert sys.getrefcount(None) > before - 250


def test_a_bare_repository_is_found(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "bare.git"), bare=True)
    repository = discover(str(tmp_path / "bare.git/objects"))
    assert repository is not None
    assert repository.problem == "a bare repository has no work tree"
