"""Commits that another ref, or a remote, holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checkrein.observe.git.discovery import discover
from checkrein.observe.git.repository import Repository

Git = Callable[..., None]


def elsewhere(folder: Path, branch: str, *gone: str) -> bool:
    repository = discover(str(folder))
    assert repository is not None
    return repository.has_commits_elsewhere(branch, frozenset(gone))


def test_commits_that_another_ref_holds(repo: Path, git: Git, tmp_path: Path) -> None:
    assert not elsewhere(repo, "main")
    assert not elsewhere(repo, "none")
    git("branch", "same")
    assert elsewhere(repo, "same")
    assert not elsewhere(repo, "same", "main")
    git("checkout", "-q", "same")
    git("commit", "-q", "--allow-empty", "-m", "more")
    assert elsewhere(repo, "main")
    assert not elsewhere(repo, "same")
    git("tag", "kept")
    assert elsewhere(repo, "same")
    git("clone", "-q", str(repo), str(tmp_path / "clone"))
    assert elsewhere(tmp_path / "clone", "same")


def test_the_only_copy_of_commits(repo: Path, git: Git, tmp_path: Path) -> None:
    assert Repository(f"{repo}/.git").is_only_copy()
    git("clone", "-q", str(repo), str(tmp_path / "clone"))
    clone = Repository(f"{tmp_path}/clone/.git")
    assert not clone.is_only_copy()
    git("tag", "kept", cwd=tmp_path / "clone")
    assert not clone.is_only_copy()
    git("commit", "-q", "--allow-empty", "-m", "more", cwd=tmp_path / "clone")
    assert clone.is_only_copy()
    git("push", "-q", "origin", "HEAD:refs/heads/other", cwd=tmp_path / "clone")
    assert not clone.is_only_copy()
    git("checkout", "-q", "--detach", cwd=tmp_path / "clone")
    git("commit", "-q", "--allow-empty", "-m", "of no branch", cwd=tmp_path / "clone")
    assert clone.is_only_copy()
    git("tag", "-f", "kept", cwd=tmp_path / "clone")
    git("checkout", "-q", "main", cwd=tmp_path / "clone")
    assert not clone.is_only_copy(), "nothing says whether a remote has a tag"
    (tmp_path / "clone/a.txt").write_text("changed\n")
    git("stash", "-q", cwd=tmp_path / "clone")
    assert clone.is_only_copy()
    assert Repository(str(tmp_path / "none")).is_only_copy(), "that cannot be told"
