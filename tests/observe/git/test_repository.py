"""Repositories that are bare, broken, hostile or somebody else's; nothing of them is run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from checkrein.observe.git.discovery import discover
from checkrein.observe.git.state import State

Git = Callable[..., None]


def state(path: Path) -> State:
    repository = discover(str(path))
    assert repository is not None
    return repository.state(str(path))


def test_tracked_and_committed(repo: Path) -> None:
    repository = discover(str(repo))
    assert repository is not None
    assert repository.is_tracked(str(repo / "a.txt"))
    assert not repository.is_tracked(str(repo / "new"))
    assert not repository.is_tracked("/etc/hostname")


def test_what_git_would_leave_alone_need_not_be_there(repo: Path) -> None:
    repository = discover(str(repo))
    assert repository is not None
    for name, ignored in (("new.log", True), ("build/new.py", True), ("src/new.py", False), ("a.txt", False)):
        assert repository.would_ignore(str(repo / name)) is ignored
    assert not repository.would_ignore("/elsewhere/x.log")


def test_bare_and_broken_repositories_are_unknown(tmp_path: Path, git: Git) -> None:
    (tmp_path / "bare").mkdir()
    git("init", "-q", "--bare", cwd=tmp_path / "bare")
    bare = discover(str(tmp_path / "bare"))
    assert bare is not None
    assert bare.problem
    assert bare.state(str(tmp_path / "bare/x")) is State.UNKNOWN
    assert not bare.uncommitted_under(str(tmp_path / "bare"), 5).complete
    (tmp_path / "broken/.git").mkdir(parents=True)
    broken = discover(str(tmp_path / "broken"))
    assert broken is not None
    assert broken.state(str(tmp_path / "broken/x")) is State.UNKNOWN
    assert not broken.has_commits_elsewhere("main", frozenset())
    assert not broken.ignored_under(str(tmp_path / "broken"), 5).complete


def test_a_corrupt_index_is_unknown_and_recovers(repo: Path) -> None:
    repository = discover(str(repo))
    assert repository is not None
    good = (repo / ".git/index").read_bytes()
    (repo / ".git/index").write_bytes(b"nonsense")
    assert repository.state(str(repo / "a.txt")) is State.UNKNOWN
    assert repository.problem
    assert not repository.is_tracked(str(repo / "a.txt"))
    (repo / ".git/index").write_bytes(good)
    assert state(repo / "a.txt") is State.CLEAN


def test_settings_of_the_repository_run_nothing(repo: Path, git: Git, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.smudge", "filter.x.process", "diff.external"):
        git("config", key, str(program))
    (repo / ".gitattributes").write_text("* filter=x\n")
    (repo / "a.txt").write_text("changed")
    repository = discover(str(repo))
    assert repository is not None
    repository.state(str(repo / "a.txt"))
    repository.uncommitted_under(str(repo), 10)
    repository.ignored_under(str(repo), 10)
    repository.has_commits_elsewhere("main", frozenset())
    assert not mark.exists()


def test_another_owner_is_unknown(repo: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (repo, repo / ".git"):
        os.chown(path, 12345, 12345)
    assert state(repo / "a.txt") is State.UNKNOWN


def test_no_file_has_a_name_with_a_zero(repo: Path) -> None:
    repository = discover(str(repo))
    assert repository is not None
    for path in (f"{repo}/a\0b", f"{repo}/a\0b/c"):
        assert repository.state(path) in (State.OUTSIDE, State.UNKNOWN)
        assert not repository.is_tracked(path)
        assert not repository.would_ignore(path)
    assert not repository.uncommitted_under(f"{repo}/a\0b/c", 1).complete
    assert not repository.ignored_under(f"{repo}/a\0b/c", 1).complete
