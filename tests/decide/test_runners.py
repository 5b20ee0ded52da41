"""What is written into a file that a program in the background runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checkrein.decide.sessions import SessionStore

DEADLY = "echo 'rm -rf ~' > x.sh"


@pytest.mark.parametrize(
    "start",
    [
        "while sleep 1; do bash x.sh; done &",
        "(sleep 5; ./x.sh) &",
        "nohup sh x.sh &",
        "coproc bash x.sh",
        "ls & { sleep 5; . ./x.sh; } & echo started",
    ],
)
def test_what_a_runner_will_find_is_judged_when_it_is_written(world: Any, start: str) -> None:
    assert not world.bash(start).stops
    assert world.bash(DEADLY).stops
    assert world.judge("Write", {"file_path": str(world.project / "x.sh"), "content": "rm -rf ~\n"}).stops
    assert not world.bash("echo 'echo hi' > x.sh").stops
    assert not world.bash("echo 'rm -rf ~' > y.sh").stops


def test_a_command_that_the_client_leaves_running(world: Any) -> None:
    world.judge("Bash", {"command": "sleep 9; python3 x.py", "run_in_background": True})
    path = str(world.project / "x.py")
    assert world.judge("Write", {"file_path": path, "content": "import shutil; shutil.rmtree('/home')\n"}).stops
    assert not world.judge("Write", {"file_path": path, "content": "print('hi')\n"}).stops


@pytest.mark.parametrize("start", ["bash x.sh", "bash x.sh | cat", "echo x.sh &"])
def test_what_has_ended_finds_nothing(world: Any, start: str) -> None:
    world.bash(start)
    assert not world.bash(DEADLY).stops


def test_it_is_remembered_across_restarts(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    store.note_running(store.get("a"), "/p/x.sh", "bash")
    again = SessionStore(tmp_path).get("a")
    assert again.running == {"/p/x.sh": "bash"}
    assert not again.forgot
