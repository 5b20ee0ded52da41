"""The state of repositories of every kind, clean, hostile and broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from checkrein.observe import git as observed
from checkrein.observe.git import Repository, State, Uncommitted, own_addresses

Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def call(*words: str, cwd: Path | None = None) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        subprocess.run(["git", *identity, *words], cwd=cwd or tmp_path / "repo", env=env, check=True, capture_output=True)

    return call


@pytest.fixture
def repo(tmp_path: Path, git: Git) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git("init", "-q", "-b", "main")
    (folder / "a.txt").write_text("one\n")
    (folder / "sub").mkdir()
    (folder / "sub/b.txt").write_text("two\n")
    (folder / ".gitignore").write_text("*.log\nbuild/\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return folder


def state(path: Path) -> State:
    repository = Repository.discover(str(path))
    assert repository is not None
    return repository.state(str(path))


def test_what_a_revision_would_be_put_in_place_of(repo: Path, git: Git) -> None:
    (repo / "c").mkdir()
    for name in ("c/d.txt", "e.log", "f.txt"):
        (repo / name).write_text("old\n")
    git("add", "-f", ".")
    git("commit", "-q", "-m", "second")
    git("rm", "-q", "-r", "c", "e.log", "f.txt")
    git("commit", "-q", "-m", "third")
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.replaced_by("HEAD~1") == Uncommitted()
    (repo / "c").write_text("a file where a folder is to come\n")
    (repo / "e.log").write_text("ignored\n")
    (repo / "other").write_text("in nobody's way\n")
    assert repository.replaced_by("HEAD~1") == Uncommitted((f"{repo}/c", f"{repo}/e.log"))
    assert repository.replaced_by("HEAD") == Uncommitted()
    assert not repository.replaced_by("nowhere").complete


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
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.state("/etc/hostname") is State.OUTSIDE
    assert repository.state(str(repo / ".git/config")) is State.OUTSIDE
    assert repository.state("relative") is State.OUTSIDE


def test_states_follow_the_disk_and_the_index(repo: Path, git: Git) -> None:
    repository = Repository.discover(str(repo))
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


def test_uncommitted_under(repo: Path, git: Git) -> None:
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.uncommitted_under(str(repo), 10).paths == ()
    (repo / "a.txt").write_text("changed")
    (repo / "x.log").write_text("ignored")
    (repo / "fresh/deep").mkdir(parents=True)
    (repo / "fresh/deep/x").write_text("x")
    (repo / "fresh/y.log").write_text("x")
    (repo / "staged").write_text("x")
    git("add", "staged")
    (repo / "sub/b.txt").unlink()
    found = repository.uncommitted_under(str(repo), 10)
    assert found.complete
    assert set(found.paths) == {f"{repo}/a.txt", f"{repo}/fresh/deep/x", f"{repo}/staged"}
    assert repository.uncommitted_under(str(repo / "fresh/deep"), 10).paths == (f"{repo}/fresh/deep/x",)
    assert repository.uncommitted_under(str(repo / "sub"), 10).paths == ()
    capped = repository.uncommitted_under(str(repo), 2)
    assert len(capped.paths) == 2
    assert not capped.complete
    assert not repository.uncommitted_under("/etc", 2).complete


def test_a_repository_inside_is_named_as_one(repo: Path, git: Git) -> None:
    (repo / "inner").mkdir()
    git("init", "-q", cwd=repo / "inner")
    (repo / "inner/x").write_text("x")
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.uncommitted_under(str(repo), 10).paths == (f"{repo}/inner",)
    assert state(repo / "inner/x") is State.UNTRACKED


def test_tracked_and_committed(repo: Path) -> None:
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.is_tracked(str(repo / "a.txt"))
    assert not repository.is_tracked(str(repo / "new"))
    assert not repository.is_tracked("/etc/hostname")


def elsewhere(folder: Path, branch: str, *gone: str) -> bool:
    repository = Repository.discover(str(folder))
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


def test_what_is_ignored_below_a_folder(repo: Path) -> None:
    for name in ("build/deep/x", "sub/a.log", "new"):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text("x")
    repository = Repository.discover(str(repo))
    assert repository is not None
    assert repository.ignored_under(str(repo), 5) == Uncommitted((f"{repo}/build", f"{repo}/sub/a.log"))
    assert repository.ignored_under(str(repo / "sub"), 5) == Uncommitted((f"{repo}/sub/a.log",))
    assert repository.ignored_under(str(repo / "build/deep"), 5) == Uncommitted((f"{repo}/build",))
    assert repository.ignored_under(str(repo), 1) == Uncommitted((f"{repo}/build",), complete=False)
    assert not repository.ignored_under("/etc", 5).complete


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


def test_no_repository(tmp_path: Path) -> None:
    assert Repository.discover(str(tmp_path / "none/x")) is None


def test_a_path_that_does_not_exist_yet_is_found_by_its_folder(repo: Path) -> None:
    assert state(repo / "new/deep/x") is State.ABSENT


def test_bare_and_broken_repositories_are_unknown(tmp_path: Path, git: Git) -> None:
    (tmp_path / "bare").mkdir()
    git("init", "-q", "--bare", cwd=tmp_path / "bare")
    bare = Repository.discover(str(tmp_path / "bare"))
    assert bare is not None
    assert bare.problem
    assert bare.state(str(tmp_path / "bare/x")) is State.UNKNOWN
    assert not bare.uncommitted_under(str(tmp_path / "bare"), 5).complete
    (tmp_path / "broken/.git").mkdir(parents=True)
    broken = Repository.discover(str(tmp_path / "broken"))
    assert broken is not None
    assert broken.state(str(tmp_path / "broken/x")) is State.UNKNOWN
    assert not broken.has_commits_elsewhere("main", frozenset())
    assert not broken.ignored_under(str(tmp_path / "broken"), 5).complete


def test_a_corrupt_index_is_unknown_and_recovers(repo: Path) -> None:
    repository = Repository.discover(str(repo))
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
    repository = Repository.discover(str(repo))
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


def test_looking_where_no_repository_is_costs_no_reference(tmp_path: Path) -> None:
    """pygit2 1.21 gives away a reference to None each time, which ends the process after some ten thousand."""
    before = sys.getrefcount(None)
    for _ in range(500):
        assert Repository.discover(str(tmp_path)) is None
    assert sys.getrefcount(None) > before - 250


def test_a_bare_repository_is_found(tmp_path: Path) -> None:
    pygit2.init_repository(str(tmp_path / "bare.git"), bare=True)
    repository = Repository.discover(str(tmp_path / "bare.git/objects"))
    assert repository is not None
    assert repository.problem == "a bare repository has no work tree"


def test_what_git_would_leave_alone_need_not_be_there(repo: Path) -> None:
    repository = Repository.discover(str(repo))
    assert repository is not None
    for name, ignored in (("new.log", True), ("build/new.py", True), ("src/new.py", False), ("a.txt", False)):
        assert repository.would_ignore(str(repo / name)) is ignored
    assert not repository.would_ignore("/elsewhere/x.log")


def addresses(folder: Path) -> frozenset[str]:
    repository = Repository.discover(str(folder))
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
    monkeypatch.setattr(observed, "_COMMITS", 1)
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
