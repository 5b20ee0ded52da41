"""The e-mail addresses that a history names, and those of the user."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from checkrein.observe.git import addresses as module
from checkrein.observe.git.addresses import own_addresses
from checkrein.observe.git.discovery import discover

Git = Callable[..., None]


def addresses(folder: Path) -> frozenset[str]:
    repository = discover(str(folder))
    assert repository is not None
    return repository.addresses()


def test_the_addresses_that_the_history_names(repo: Path, git: Git) -> None:
    assert addresses(repo) == {"a@example.com"}
    git("commit", "-q", "--allow-empty", "--author", "B <B@example.com>", "-m", "second\n\nCo-authored-by: C <c@example.com>")
    git("commit", "-q", "--allow-empty", "-m", "third, for <d@example.com>\n\nCc: <e@example.com>")
    assert addresses(repo) == {"a@example.com", "b@example.com", "c@example.com"}


def test_another_branch_adds_its_addresses(repo: Path, git: Git) -> None:
    git("commit", "-q", "--allow-empty", "--author", "B <b@example.com>", "-m", "second")
    assert addresses(repo) == {"a@example.com", "b@example.com"}
    git("checkout", "-q", "--orphan", "pages")
    git("commit", "-q", "--allow-empty", "--author", "C <c@example.com>", "-m", "pages")
    assert addresses(repo) == {"a@example.com", "b@example.com", "c@example.com"}


def test_only_the_latest_commits_are_read(repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    git("commit", "-q", "--allow-empty", "--author", "B <b@example.com>", "-m", "second")
    git("commit", "-q", "--allow-empty", "-m", "third")
    monkeypatch.setattr(module, "_COMMITS", 1)
    assert addresses(repo) == {"a@example.com"}


def test_a_history_that_cannot_be_read_names_nobody(repo: Path, tmp_path: Path) -> None:
    (repo / ".git/refs/heads/main").write_text("0" * 39 + "1\n")
    assert addresses(repo) == frozenset()
    pygit2.init_repository(tmp_path / "empty")
    assert addresses(tmp_path / "empty") == frozenset()
    pygit2.init_repository(tmp_path / "bare", bare=True)
    assert addresses(tmp_path / "bare") == frozenset()


def test_the_user_s_own_addresses(tmp_path: Path) -> None:
    assert own_addresses(str(tmp_path)) == frozenset()
    (tmp_path / ".gitconfig").write_text("[user]\n\temail = Me@example.com\n")
    (tmp_path / ".config/git").mkdir(parents=True)
    (tmp_path / ".config/git/config").write_text("[user\n")
    assert own_addresses(str(tmp_path)) == {"me@example.com"}
    (tmp_path / ".config/git/config").write_text("[user]\n\temail = other@example.com\n")
    assert own_addresses(str(tmp_path)) == {"me@example.com", "other@example.com"}
