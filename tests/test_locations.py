import os
from pathlib import Path

import pytest

from checkrein.core import ServiceError
from checkrein.locations import (
    approvals_file,
    command_link,
    config_dir,
    data_dir,
    home_dir,
    ledger_dir,
    private_folder,
    program,
    runtime_dir,
    spoken,
    state_dir,
    undo_dir,
)


def test_defaults_are_below_home() -> None:
    env = {"HOME": "/h"}
    assert state_dir(env) == Path("/h/.local/state/checkrein")
    assert config_dir(env) == Path("/h/.config/checkrein")
    assert data_dir(env) == Path("/h/.local/share/checkrein")
    assert runtime_dir(env) == Path("/h/.local/state/checkrein/run")
    assert ledger_dir(env).parent == undo_dir(env).parent == approvals_file(env).parent == state_dir(env)


def test_xdg_variables_come_first_and_relative_ones_are_ignored() -> None:
    env = {"HOME": "/h", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r", "XDG_CONFIG_HOME": "relative"}
    assert state_dir(env) == Path("/s/checkrein")
    assert runtime_dir(env) == Path("/r/checkrein")
    assert config_dir(env) == Path("/h/.config/checkrein")


def test_the_home_folder_is_known_by_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    assert home_dir({"HOME": f"{tmp_path}/link"}) == f"{tmp_path}/disk"
    assert home_dir({}) == "/"


@pytest.mark.parametrize("env", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_no_home_is_an_error(env: dict[str, str]) -> None:
    with pytest.raises(ServiceError, match="no home folder"):
        state_dir(env)


def test_private_folder_is_made_0700_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        made = private_folder(tmp_path / "a" / "b")
    finally:
        os.umask(old)
    assert [path.stat().st_mode & 0o777 for path in (made, made.parent)] == [0o700, 0o700]
    assert private_folder(made) == made


def test_a_readable_folder_is_tightened(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    folder.chmod(0o755)
    assert private_folder(folder).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(ServiceError, match="could be written"):
        private_folder(folder)


def test_links_and_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(ServiceError):
            private_folder(tmp_path / name)


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = private_folder(tmp_path / "x")
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(ServiceError, match="another user"):
        private_folder(folder)


def test_a_parent_that_others_can_write_is_refused_unless_sticky(tmp_path: Path) -> None:
    parent = tmp_path / "shared"
    parent.mkdir()
    parent.chmod(0o777)
    with pytest.raises(ServiceError, match="swap"):
        private_folder(parent / "x")
    parent.chmod(0o1777)
    assert private_folder(parent / "x").is_dir()


def test_our_command_is_called_by_its_name_only_where_a_new_shell_finds_it(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "PATH": f"{program().parent}:/usr/bin"}
    assert spoken(env) == spoken({"PATH": ""}) == str(program())
    command_link(env).parent.mkdir(parents=True)
    command_link(env).symlink_to(program())
    assert spoken(env) == spoken({"HOME": str(tmp_path)}) == "checkrein"
    other = tmp_path / "other"
    other.mkdir()
    (other / "checkrein").write_text("#!/bin/sh\n")
    (other / "checkrein").chmod(0o755)
    assert spoken({**env, "PATH": str(other)}) == str(program())
