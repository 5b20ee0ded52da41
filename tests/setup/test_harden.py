"""Closing the client's files, without following links and without taking what the owner needs."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from checkrein.setup.harden import loose, shared_mounts, tighten
from checkrein.setup.install import ClientPaths

ME = os.geteuid()


@pytest.fixture
def paths(tmp_path: Path) -> ClientPaths:
    home = tmp_path / "home"
    (home / ".claude/projects/p").mkdir(parents=True)
    (home / ".cache/claude-cli-nodejs").mkdir(parents=True)
    return ClientPaths.of({"HOME": str(home)}, home)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_folders_files_and_programs_end_private(paths: ClientPaths) -> None:
    files = {"settings.json": 0o644, "projects/p/a.jsonl": 0o664, "run.sh": 0o755, "read-only": 0o444, "set": 0o4755}
    for name, before in files.items():
        (paths.folder / name).touch()
        (paths.folder / name).chmod(before)
    (paths.home / ".claude.json").touch()
    (paths.home / ".claude.json").chmod(0o644)
    paths.folder.chmod(0o775)
    report = tighten(paths, ME)
    assert report.left == ()
    assert {name: mode(paths.folder / name) for name in files} == {
        "settings.json": 0o600,
        "projects/p/a.jsonl": 0o600,
        "run.sh": 0o700,
        "read-only": 0o400,
        "set": 0o700,
    }
    assert mode(paths.folder) == mode(paths.folder / "projects") == 0o700
    assert mode(paths.home / ".claude.json") == 0o600
    assert mode(paths.home / ".cache/claude-cli-nodejs") == 0o700
    assert tighten(paths, ME).changed == ()


def test_links_are_not_followed(paths: ClientPaths, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "in").mkdir(parents=True)
    (outside / "file").touch()
    for path in (outside, outside / "in", outside / "file"):
        path.chmod(0o755)
    (paths.folder / "link").symlink_to(outside)
    (paths.folder / "other").symlink_to(outside / "file")
    tighten(paths, ME)
    assert [mode(path) for path in (outside, outside / "in", outside / "file")] == [0o755] * 3


def test_the_folder_itself_may_be_a_link_within_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "dotfiles/claude").mkdir(parents=True)
    (home / "dotfiles/claude").chmod(0o755)
    (home / ".claude").symlink_to(home / "dotfiles/claude")
    tighten(ClientPaths.of({"HOME": str(home)}, home), ME)
    assert mode(home / "dotfiles/claude") == 0o700


def test_a_link_out_of_the_home_is_left_alone(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    outside.chmod(0o755)
    (home / ".claude").symlink_to(outside)
    assert tighten(ClientPaths.of({"HOME": str(home)}, home), ME).changed == ()
    assert mode(outside) == 0o755


def test_what_belongs_to_somebody_else_is_named(paths: ClientPaths) -> None:
    found = list(loose(paths, ME + 1))
    assert {item.foreign for item in found} == {ME}
    assert tighten(paths, ME + 1).changed == ()


def test_whether_others_reach_it_is_told(tmp_path: Path) -> None:
    paths = ClientPaths.of({"HOME": str(tmp_path)}, tmp_path)
    (paths.folder / "logs").mkdir(parents=True)
    (paths.folder / "logs/a").touch(0o644)
    for folder in (tmp_path, paths.folder, paths.folder / "logs"):
        folder.chmod(0o755)
    assert {item.path.name: item.reached for item in loose(paths, ME)} == {".claude": True, "logs": True, "a": True}
    (paths.folder / "logs").chmod(0o700)
    assert {item.path.name: item.reached for item in loose(paths, ME)} == {".claude": True, "a": False}
    (paths.folder / "logs").chmod(0o755)
    tmp_path.chmod(0o700)
    assert {item.reached for item in loose(paths, ME)} == {False}


def test_nothing_there_nothing_to_do(tmp_path: Path) -> None:
    assert list(loose(ClientPaths.of({"HOME": str(tmp_path)}, tmp_path), ME)) == []


def test_a_moved_client_folder_counts(tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / ".claude.json").touch()
    (moved / ".claude.json").chmod(0o644)
    paths = ClientPaths.of({"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": str(moved)}, tmp_path)
    tighten(paths, ME)
    assert mode(moved / ".claude.json") == 0o600


def test_mounts_of_the_client_folder_are_found(paths: ClientPaths, tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    lines = [f"1 0 8:1 / {point} rw - ext4 /dev/sda1 rw" for point in ("/", paths.folder, paths.home / "x")]
    table.write_text("\n".join(map(str, lines)) + "\nshort\n")
    assert shared_mounts(paths, table) == (str(paths.folder),)
    assert shared_mounts(paths, tmp_path / "none") == ()
