"""What git would bring back, over several repositories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkrein.observe import view
from checkrein.observe.git.state import State
from checkrein.observe.view import GitView, git_config


@pytest.fixture
def git() -> GitView:
    return GitView()


def test_states(world: Any, git: GitView) -> None:
    path = str(world.write("a.py"))
    assert git.state(path) is State.UNTRACKED
    assert not git.holds(path)
    world.commit("a.py")
    assert git.state(path) is State.CLEAN
    assert git.holds(path)
    world.write("a.py", "other\n")
    assert git.state(path) is State.MODIFIED


def test_ignored_files_would_be_lost(world: Any, git: GitView) -> None:
    world.write(".gitignore", "*.secret\n")
    path = str(world.write("x.secret"))
    assert git.ignores(path)
    assert git.would_lose(path)


def test_outside_every_repository(tmp_path: Path, git: GitView) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    assert git.state(f"{tmp_path}/a") is State.UNTRACKED
    assert not git.holds(f"{tmp_path}/a")
    assert git.would_lose(f"{tmp_path}/a")
    assert git.would_lose(str(tmp_path))
    assert not git.would_lose(f"{tmp_path}/empty")


def test_a_folder(world: Any, git: GitView) -> None:
    world.write("src/a.py")
    world.commit("src/a.py")
    folder = str(world.project / "src")
    assert not git.would_lose(folder)
    (world.project / "src" / "deep").mkdir()
    assert not git.would_lose(folder)
    world.write("src/deep/b.py")
    assert git.would_lose(folder)


def test_a_link_counts_as_itself(world: Any, git: GitView) -> None:
    (world.project / "link").symlink_to("/nonexistent")
    assert git.would_lose(str(world.project / "link"))


def test_a_large_folder_is_not_looked_through(world: Any, git: GitView, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("src/a.py", "src/b.py", "src/c.py"):
        world.write(name)
        world.commit(name)
    assert not git.would_lose(str(world.project / "src"))
    monkeypatch.setattr(view, "MAX_LOST", 2)
    assert git.would_lose(str(world.project / "src"))


def test_configuration(world: Any) -> None:
    world.repository.config["alias.nuke"] = "!rm -rf ."
    assert git_config(str(world.project), "alias.nuke") == "!rm -rf ."
    assert git_config(str(world.project), "alias.none") is None
    assert git_config("/a\0b", "alias.nuke") is None
    assert git_config(str(world.project), "not a key") is None


def test_configuration_that_changes_is_seen(world: Any) -> None:
    assert git_config(str(world.project), "alias.nuke") is None
    with (world.project / ".git" / "config").open("a") as file:
        file.write('[alias]\n\tnuke = "!rm -rf ."\n')
    assert git_config(str(world.project), "alias.nuke") == "!rm -rf ."


def test_a_broken_repository_answers(world: Any, git: GitView) -> None:
    path = str(world.write("a.py"))
    (world.project / ".git" / "HEAD").write_bytes(b"\0nonsense")
    assert git.would_lose(path)
    assert not git.holds(path)


def test_what_is_tracked_in_a_folder(world: Any, git: GitView) -> None:
    folder = str(world.project / "src")
    for name in ("src/a.py", "src/deep/b.py", "src2/c.py"):
        world.write(name)
    assert git.tracked_below(folder) == ()
    world.commit("src/a.py", "src/deep/b.py", "src2/c.py")
    assert git.tracked_below(folder) == (f"{folder}/a.py", f"{folder}/deep/b.py")
    assert len(git.tracked_below(str(world.project))) == 3
    assert git.tracked_below(str(world.root)) == ()
