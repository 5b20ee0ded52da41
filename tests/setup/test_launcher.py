from pathlib import Path

import pytest

from checkrein.locations import command_link, program
from checkrein.setup.launcher import Launcher, provide


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "PATH": f"/usr/bin:{tmp_path}/.local/bin"}


def test_a_link_is_made_once_where_the_shell_looks(env: dict[str, str]) -> None:
    link = command_link(env)
    assert provide(env) == Launcher("checkrein", link)
    assert link.readlink() == program()
    assert provide(env) == Launcher("checkrein")


def test_no_link_where_the_shell_does_not_look(env: dict[str, str]) -> None:
    assert provide({**env, "PATH": "/usr/bin"}) == Launcher(str(program()))
    assert not command_link(env).parent.exists()


def test_a_link_that_leads_nowhere_is_made_anew(env: dict[str, str]) -> None:
    command_link(env).parent.mkdir(parents=True)
    command_link(env).symlink_to("/nonexistent/checkrein")
    assert provide(env).link == command_link(env)
    assert command_link(env).readlink() == program()


def test_what_stands_there_stays(env: dict[str, str]) -> None:
    command_link(env).parent.mkdir(parents=True)
    command_link(env).write_text("mine")
    made = provide(env)
    assert (made.command, made.link) == (str(program()), None)
    assert "File exists" in made.trouble
    assert command_link(env).read_text() == "mine"


def test_another_command_of_the_name_is_not_hidden(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "first/checkrein").write_text("#!/bin/sh\n")
    (tmp_path / "first/checkrein").chmod(0o755)
    made = provide({**env, "PATH": f"{tmp_path}/first:{env['PATH']}"})
    assert made == Launcher(str(program()), trouble="the shell finds another checkrein first")
    assert not command_link(env).exists()
