"""``checkrein allow`` as a person uses it: a shell on a terminal of its own, in a process namespace of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FAKE = Path(__file__).with_name("fake_worker.py")
START = """
import sys
from checkrein.service import manage
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths
paths = ServicePaths.of_user()
worker = (sys.executable, "-I", sys.argv[1], str(paths.state), str(paths.runtime))
print("healthy", manage.start(paths, worker=worker, runner=Runner.BACKGROUND).healthy)
"""
NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc", "setsid", "--ctty", "--wait", "sh", "-i")


def _possible() -> bool:
    if not all(map(shutil.which, ("unshare", "setsid"))):
        return False
    return subprocess.run([*NAMESPACE[:4], "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _possible(), reason="needs the right to make a process namespace")


class Terminal:
    """A shell on a pseudo-terminal, with a running service beside it. All of it ends with the shell."""

    def __init__(self, home: Path) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "r"), "PS1": "$ ", "TERM": "dumb"}
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(NAMESPACE[0], NAMESPACE, env)
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode() + b"\n")

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + 30
        while (found := re.search(pattern, self._seen)) is None:
            assert time.monotonic() < deadline, self._seen
            if select.select([self._master], [], [], 0.2)[0]:
                self._seen += os.read(self._master, 65536).decode(errors="replace")
        self._seen = self._seen[found.end() :]
        return found

    def close(self) -> None:
        self.type("exit")
        os.waitpid(self.pid, 0)
        os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    home = Path(tempfile.mkdtemp(prefix="crp"))
    (home / "start.py").write_text(START)
    made = Terminal(home)
    made.type(f"{sys.executable} {home}/start.py {FAKE}")
    made.wait_for("healthy True")
    yield made
    made.close()
    shutil.rmtree(home)


def allow(before: str = "") -> str:
    return f"{before} {sys.executable} -c 'from checkrein.cli.allow import allow; allow()' d1 --once; echo end=$?"


def test_a_person_permits_with_the_code_on_the_screen(terminal: Terminal) -> None:
    terminal.type(allow())
    code = terminal.wait_for(r"type this code: (\w{6})")[1]
    terminal.wait_for("code> ")
    terminal.type(code)
    terminal.wait_for("granted d1 once")
    terminal.wait_for("end=0")


def test_a_person_in_a_shell_that_python_started(terminal: Terminal) -> None:
    terminal.type(f"PS1='inner> ' {sys.executable} -c 'import subprocess; subprocess.run([\"sh\", \"-i\"])'; echo left=$?")
    terminal.wait_for("inner> ")
    test_a_person_permits_with_the_code_on_the_screen(terminal)
    terminal.type("exit")
    terminal.wait_for("left=0")


def test_a_wrong_code_permits_nothing(terminal: Terminal) -> None:
    terminal.type(allow())
    terminal.wait_for("code> ")
    terminal.type("000000")
    terminal.wait_for("The code is wrong")
    terminal.wait_for("end=1")


@pytest.mark.parametrize("way", ["CLAUDECODE=1", "setsid --wait", "env CLAUDE_CODE_ENTRYPOINT=cli"])
def test_from_a_session_or_without_the_terminal_nobody_is_a_person(terminal: Terminal, way: str) -> None:
    terminal.type(allow(way))
    terminal.wait_for("Only a person at a terminal")
    terminal.wait_for("end=1")


def test_a_terminal_made_by_a_program_is_no_persons(terminal: Terminal) -> None:
    inner = '[sys.executable, "-c", "from checkrein.cli.allow import allow; allow()", "d1"]'
    made = f"{sys.executable} -c 'import pty, sys; sys.exit(pty.spawn({inner}) != 0)'"
    terminal.type(f"{made}; echo end=$?")
    terminal.wait_for("Only a person at a terminal")
    terminal.wait_for("end=1")
