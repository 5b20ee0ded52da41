"""The command line as a whole: commands load when they are used, errors are told, exit codes mean something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from checkrein import __version__, cli
from checkrein.core import CheckreinError, PolicyError, ServiceError, UsageError


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_can_be_loaded_and_helps(name: str) -> None:
    result = CliRunner().invoke(cli.cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Usage: ")


def test_the_overview_names_every_command_in_order() -> None:
    result = CliRunner().invoke(cli.cli, ["--help"])
    assert result.exit_code == 0
    lines = result.output.partition("Commands:\n")[2].splitlines()
    listed = [line.split()[0] for line in lines if line[2:3] != " "]  # a line that goes on is indented further
    assert listed == list(cli.COMMANDS)


def test_every_command_says_in_one_line_what_it_does() -> None:
    context = click.Context(cli.cli)
    for name in cli.COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(), name


def test_the_version() -> None:
    assert CliRunner().invoke(cli.cli, ["--version"]).output == f"checkrein, version {__version__}\n"


@pytest.mark.parametrize("words", [["nonsense"], ["check", "--nonsense"], ["log", "--nonsense"]])
def test_a_wrong_command_line(words: list[str]) -> None:
    assert CliRunner().invoke(cli.cli, words).exit_code == 2


def started(
    tmp_path: Path, *words: str, code: str = "from checkrein.cli import main; main()"
) -> subprocess.CompletedProcess[str]:
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_check_does_not_load_the_service(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom checkrein.cli import cli\n"
        "try:\n    cli(['check', 'ls'])\nfinally:\n"
        "    print([name for name in ('uvicorn', 'checkrein.service.server', 'checkrein.prove.run') if name in sys.modules])"
    )
    result = started(tmp_path, code=code)
    assert result.stdout == "allow\n[]\n"
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("check", "ls"), 0, ""),
        (("check", "rm -rf /"), 1, ""),
        (("check",), 2, "checkrein: Say what to check\nfix: checkrein check 'rm -rf build'\n"),
        (("undo", "nothing-there"), 3, "checkrein: "),
    ],
)
def test_exit_codes(tmp_path: Path, words: tuple[str, ...], code: int, error: str) -> None:
    result = started(tmp_path, *words)
    assert result.returncode == code, result.stderr
    assert result.stderr.startswith(error)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (UsageError("It is wrong."), 2, "checkrein: It is wrong.\n"),
        (PolicyError("f:1: x", why="y", fix="z"), 2, "checkrein: f:1: x\nwhy: y\nfix: z\n"),
        (ServiceError("It is down."), 3, "checkrein: It is down.\n"),
        (CheckreinError("Else."), 3, "checkrein: Else.\n"),
    ],
)
def test_an_error_is_told_to_a_person(
    error: CheckreinError, code: int, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(cli, "cli", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code
    assert capsys.readouterr().err == text


def test_an_error_that_quotes_hostile_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(**_: object) -> None:
        raise PolicyError("bad\x1b]0;title\x07 file", fix="line\u202eone")

    monkeypatch.setattr(cli, "cli", fail)
    with pytest.raises(SystemExit):
        cli.main()
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert told.count("\n") == 2


@pytest.mark.parametrize(("word", "hint"), [("stauts", " Did you mean 'status'?"), ("x\x1by", "")])
def test_a_word_that_is_no_command_gets_the_nearest_one_named(word: str, hint: str) -> None:
    result = CliRunner().invoke(cli.cli, [word])
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == f"Error: No such command {word!r}.{hint}"


def test_no_description_is_cut_on_a_terminal_of_80_columns() -> None:
    shown = CliRunner().invoke(cli.cli, ["--help"], terminal_width=80).output
    lines = shown.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(cli.COMMANDS)
    assert not [line for line in lines if line.endswith("...") or len(line) > 80]
