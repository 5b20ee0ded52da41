"""What no commit holds below a folder, and what stands where a revision's files are to come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from checkrein.observe.git.changes import Uncommitted
from checkrein.observe.git.discovery import discover
from checkrein.observe.git.state import State

Git = Callable[..., None]


def state(path: Path) -> State:
    repository = discover(str(path))
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
    repository = discover(str(repo))
    assert repository is not None
    assert repository.replaced_by("HEAD~1") == Uncommitted()
    (repo / "c").write_text("a file where a folder is to come\n")
    (repo / "e.log").write_text("ignored\n")
    (repo / "other").write_text("in nobody's way\n")
    assert repository.replaced_by("HEAD~1") == Uncommitted((f"{repo}/c", f"{repo}/e.log"))
    assert repository.replaced_by("HEAD") == Uncommitted()
    assert not repository.replaced_by("nowhere").complete


def test_uncommitted_under(repo: Path, git: Git) -> None:
    repository = discover(str(repo))
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
    repository = discover(str(repo))
    assert repository is not None
    assert repository.uncommitted_under(str(repo), 10).paths == (f"{repo}/inner",)
    assert state(repo / "inner/x") is State.UNTRACKED


def test_what_is_ignored_below_a_folder(repo: Path) -> None:
    for name in ("build/deep/x", "sub/a.log", "new"):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_text("x")
    repository = discover(str(repo))
    assert repository is not None
    assert repository.ignored_under(str(repo), 5) == Uncommitted((f"{repo}/build", f"{repo}/sub/a.log"))
    assert repository.ignored_under(str(repo / "sub"), 5) == Uncommitted((f"{repo}/sub/a.log",))
    assert repository.ignored_under(str(repo / "build/deep"), 5) == Uncommitted((f"{repo}/build",))
    assert repository.ignored_under(str(repo), 1) == Uncommitted((f"{repo}/build",), complete=False)
    assert not repository.ignored_under("/etc", 5).complete
