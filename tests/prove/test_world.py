from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from checkrein.core import ClientError
from checkrein.prove.scenario import Scenario
from checkrein.prove.world import Origin, World, build, state_of


def git(world: World, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=world.project, env=world.environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


def test_files_stand_as_they_are_told(world: World) -> None:
    assert (world.project / "a.txt").read_text() == "one\n"
    assert (world.project / "sub/b.sh").read_text() == world.words["canary"]
    assert (world.project / "sub/b.sh").stat().st_mode & 0o777 == 0o755
    assert (world.project / "l").readlink() == Path("a.txt")
    assert (world.project / "h").samefile(world.home / "x")
    assert (world.home / "x").read_text() == f"mine {world.home}\n"
    assert json.loads((world.home / ".claude/settings.json").read_text()) == {"a": 1, "b": str(world.project)}
    assert json.loads((world.project / "checkrein.yaml").read_text()) == {"version": 1}


def test_git_knows_what_was_committed(world: World) -> None:
    assert git(world, "ls-files").split() == ["a.txt"]
    assert "?? sub/" in git(world, "status", "--short")
    assert git(world, "rev-parse", "--show-toplevel").strip() == str(world.project)


def test_a_file_that_is_not_there_cannot_be_committed(tmp_path: Path, case: Callable[..., Scenario]) -> None:
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    with pytest.raises(ClientError, match="git add"):
        build(replace(case(), commit=("none.txt",)), tmp_path / "w", Origin())


def test_only_our_placeholders_are_filled(world: World) -> None:
    assert world.fill("${home} ${HOME} $home ${x}") == f"{world.home} ${{HOME}} $home ${{x}}"
    assert world.fill_all({"a": ["${project}", 1, None]}) == {"a": [str(world.project), 1, None]}


def test_a_copy_of_a_set_up_comes_first(tmp_path: Path, case: Callable[..., Scenario]) -> None:
    origin = Origin({".claude/settings.json": b'{"a": 9, "mine": 1}'}, {"a.txt": b"theirs", "c/d.txt": b"more"})
    made = build(case(), tmp_path / "w", origin)
    assert (made.project / "c/d.txt").read_bytes() == b"more"
    assert (made.project / "a.txt").read_text() == "one\n"
    made.remove()


def test_all_of_it_goes_away(tmp_path: Path, case: Callable[..., Scenario]) -> None:
    made = build(case(), tmp_path / "w", Origin())
    (made.project / "sub").chmod(0o500)
    made.remove(keep_evidence=True)
    assert (made.root.exists(), made.runtime.exists()) == (True, False)
    made.remove()
    assert not made.root.exists()


def test_nothing_of_ours_is_inherited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(world.environment()) == {"HOME", "PATH", "LANG", "XDG_RUNTIME_DIR"}
    assert world.client_paths.folder == world.home / ".claude"
    assert world.client_paths.managed == world.root / "etc/claude-code"
    assert len(os.fsencode(world.runtime)) < 60


def test_states_tell_every_difference(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    seen = [state_of(folder)]
    folder.mkdir()
    seen.append(state_of(folder))
    (folder / "a").write_text("1")
    seen.append(state_of(folder))
    (folder / "a").write_text("2")
    seen.append(state_of(folder))
    (folder / "a").chmod(0o600)
    seen.append(state_of(folder))
    (folder / "b").symlink_to("a")
    seen.append(state_of(folder))
    (folder / "b").unlink()
    (folder / "b").symlink_to("c")
    seen.append(state_of(folder))
    assert len({repr(state) for state in seen}) == len(seen)
    (folder / ".git").mkdir()
    assert state_of(folder) == seen[-1]
