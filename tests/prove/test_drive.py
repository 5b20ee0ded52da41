from __future__ import annotations

import time
from pathlib import Path

import pytest

from checkrein.core import ClientError
from checkrein.prove.drive import ClientRun, Drive


def drive(tmp_path: Path, text: str, **more: object) -> Drive:
    program = tmp_path / "client"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    home, project = tmp_path / "home", tmp_path / "home/project"
    project.mkdir(parents=True)
    return Drive(program, home, project, "http://127.0.0.1:1", "the prompt", "acceptEdits", ["--x"], **more)  # type: ignore[arg-type]


def test_nothing_is_inherited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_MINE", "1")
    run = drive(tmp_path, "env; pwd", env={"EXTRA": "2"}).run()
    names = {line.partition("=")[0] for line in run.stdout.splitlines()}
    assert "SECRET_OF_MINE" not in names
    assert {"HOME", "PATH", "ANTHROPIC_BASE_URL", "IS_SANDBOX", "EXTRA"} <= names
    assert f"HOME={tmp_path / 'home'}" in run.stdout
    assert run.stdout.splitlines()[-1] == str(tmp_path / "home/project")


def test_the_words_of_the_command(tmp_path: Path) -> None:
    run = drive(tmp_path, 'printf "%s|" "$@"').run()
    assert run.stdout == "-p|the prompt|--output-format|json|--permission-mode|acceptEdits|--x|"


def test_a_wrapper_stands_in_front(tmp_path: Path) -> None:
    assert drive(tmp_path, "echo in", wrapper=["sh", "-c", 'echo out; exec "$@"', "sh"]).run().stdout == "out\nin\n"


def test_a_client_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    run = drive(tmp_path, "sleep 600 & echo $! > child; wait").run(seconds=2.0)
    assert run.code is None
    child = int((tmp_path / "home/project/child").read_text())
    deadline = time.monotonic() + 30
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not runs(child)


def test_a_client_that_the_system_does_not_start_is_an_error(tmp_path: Path) -> None:
    made = drive(tmp_path, "")
    made.program.write_text("echo npm leaves such a text with --ignore-scripts\n")
    with pytest.raises(ClientError, match="this client cannot be started") as caught:
        made.run()
    assert caught.value.why == "Exec format error"


def runs(pid: int) -> bool:
    """Whether a process is there that is more than an entry which nobody has fetched yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("stdout", "result"), [('{"result": "x"}', {"result": "x"}), ("[]", {}), ("words", {}), ("", {})])
def test_the_result_is_an_object_or_nothing(stdout: str, result: object) -> None:
    assert ClientRun(0, stdout, "", 0.1).result() == result
