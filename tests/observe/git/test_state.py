"""How paths stand to repositories of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checkrein.observe.git.discovery import discover
from checkrein.observe.git.state import State

Git = Callable[..., None]


def state(path: Path) -> State:
    repository = discover(str(path))
    assert repository is not None
    return repository.state(str(path))


def test_each_state(repo: Path, git: Git) -> None:
    (repo / "new.txt").write_text("x")
    (repo / "x.log").write_text("x")
    (repo / "staged.txt").write_text("x")
    git("add", "staged.txt")
    (repo / "sub/b.txt").write_text("changed")
    assert state(repo / "a.txt") is State.CLEAN
    assert state(repo / "sub/b.txt") is State.MODIFIED
    assert state(repo / "staged.txt") is State.STAGED
    assert state(repo / "new.txt") is State.UNTRACKED
    assert state(repo / "x.log") is State.IGNORED
    assert state(repo / "none") is State.ABSENT
    repository = discover(str(repo))
    assert repository is not None
    assert repository.state("/etc/hostname") is State.OUTSIDE
    assert repository.state(str(repo / ".git/config")) is State.OUTSIDE
    assert repository.state("relative") is State.OUTSIDE


def test_states_follow_the_disk_and_the_index(repo: Path, git: Git) -> None:
    repository = discover(str(repo))
    assert repository is not None
    file = repo / "a.txt"
    assert repository.state(str(file)) is State.CLEAN
    file.write_text("changed\n")
    assert repository.state(str(file)) is State.MODIFIED
    git("add", "a.txt")
    assert repository.state(str(file)) is State.STAGED
    git("commit", "-q", "-m", "second")
    assert repository.state(str(file)) is State.CLEAN
    git("rm", "-q", "--cached", "a.txt")
    assert repository.state(str(file)) is State.UNTRACKED


def test_a_file_that_git_is_told_to_overlook_is_still_modified(repo: Path, git: Git) -> None:
    git("update-index", "--assume-unchanged", "a.txt")
    (repo / "a.txt").write_text("changed\r\n")
    assert state(repo / "a.txt") is State.MODIFIED


def test_line_endings_are_no_change(repo: Path) -> None:
    (repo / "a.txt").write_bytes(b"one\r\n")
    assert state(repo / "a.txt") is State.CLEAN


def test_links_are_judged_as_links(repo: Path, git: Git) -> None:
    (repo / "link").symlink_to("a.txt")
    git("add", "link")
    git("commit", "-q", "-m", "link")
    assert state(repo / "link") is State.CLEAN
    (repo / "link").unlink()
    (repo / "link").symlink_to("/etc")
    assert state(repo / "link") is State.MODIFIED
    (repo / "way").symlink_to("sub")
    assert state(repo / "way/b.txt") is State.CLEAN


def test_folders(repo: Path) -> None:
    assert state(repo / "sub") is State.CLEAN
    assert state(repo) is State.CLEAN
    (repo / "build").mkdir()
    assert state(repo / "build") is State.IGNORED
    (repo / "fresh").mkdir()
    (repo / "fresh/x").write_text("x")
    assert state(repo / "fresh") is State.UNTRACKED
    (repo / "sub/new").write_text("x")
    assert state(repo / "sub") is State.MODIFIED
    assert state(repo) is State.MODIFIED


def test_no_commit_yet(tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    git("init", "-q")
    (folder / "a").write_text("x")
    git("add", "a")
    assert state(folder / "a") is State.STAGED


def test_worktrees_and_submodules(repo: Path, git: Git, tmp_path: Path) -> None:
    git("worktree", "add", "-q", str(tmp_path / "tree"))
    assert state(tmp_path / "tree/a.txt") is State.CLEAN
    (tmp_path / "tree/a.txt").write_text("changed")
    assert state(tmp_path / "tree/a.txt") is State.MODIFIED
    assert state(repo / "a.txt") is State.CLEAN
    git("clone", "-q", str(repo), str(tmp_path / "lib"))
    git("submodule", "add", "-q", str(tmp_path / "lib"), "lib")
    assert state(repo / "lib/a.txt") is State.CLEAN
    (repo / "lib/a.txt").write_text("changed")
    assert state(repo / "lib/a.txt") is State.MODIFIED


def test_a_path_that_does_not_exist_yet_is_found_by_its_folder(repo: Path) -> None:
    assert state(repo / "new/deep/x") is State.ABSENT
