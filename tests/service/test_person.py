"""Who counts as a person's terminal, on made-up process tables and on this machine's own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from checkrein.service.person import Person, Refusal, is_client, require_person
from checkrein.service.processes import LiveProcesses, Process

UID = 1000
PTS = 0x8803


def proc(pid: int, parent: int, program: str, **fields: object) -> Process:
    base = Process(
        pid=pid,
        parent=parent,
        session=50,
        terminal=PTS,
        start=pid * 10,
        uid=UID,
        tracer=0,
        name=program.rsplit("/", 1)[-1][:15],
        program=program,
        arguments=(program,),
        environment=frozenset({"HOME", "PATH"}),
    )
    return replace(base, **fields)  # type: ignore[arg-type]


class Table:
    def __init__(self, *processes: Process) -> None:
        self.processes = {process.pid: process for process in processes}

    def get(self, pid: int) -> Process | None:
        return self.processes.get(pid)

    def all(self) -> Iterator[Process]:
        return iter(self.processes.values())

    def having(self, *changed: Process) -> Table:
        return Table(*{**self.processes, **{process.pid: process for process in changed}}.values())


INIT = proc(1, 0, "", uid=0, terminal=0, session=1, name="systemd", environment=None)
MANAGER = proc(20, 1, "/usr/lib/systemd/systemd", terminal=0, session=20)
EMULATOR = proc(40, 20, "/usr/bin/xterm", terminal=0, session=20)
SHELL = proc(50, 40, "/usr/bin/bash")
CALLER = proc(60, 50, "/home/u/venv/bin/python3")
DESKTOP = Table(INIT, MANAGER, EMULATOR, SHELL, CALLER)


def refused(table: Table, reason: str, pid: int = 60) -> None:
    with pytest.raises(Refusal, match=reason):
        require_person(pid, UID, table)


def test_a_shell_in_a_terminal_emulator_is_a_person() -> None:
    assert require_person(60, UID, DESKTOP) == Person(CALLER, CALLER)


def test_an_ssh_login_is_a_person() -> None:
    server = proc(30, 1, "", uid=0, name="sshd", environment=None, terminal=0)
    mine = proc(40, 30, "", name="sshd-session", environment=None, terminal=0)
    assert require_person(60, UID, DESKTOP.having(server, mine)).caller == CALLER


def test_a_console_login_and_a_multiplexer_are_persons() -> None:
    assert require_person(60, UID, DESKTOP.having(proc(40, 1, "", uid=0, name="login", environment=None)))
    assert require_person(60, UID, DESKTOP.having(proc(40, 1, "/usr/bin/tmux", name="tmux: server", terminal=0)))


def test_a_container_shell_is_a_person() -> None:
    assert require_person(60, UID, Table(proc(1, 0, "/bin/bash", session=1), proc(60, 1, "/usr/bin/python3", session=1)))
    entered = Table(proc(1, 0, "/bin/sleep", terminal=0, session=1), proc(50, 0, "/bin/bash"), CALLER)
    assert require_person(60, UID, entered)


@pytest.mark.parametrize(
    "client",
    [
        proc(40, 20, "/home/u/.local/bin/claude"),
        proc(40, 20, "/home/u/.local/share/claude/versions/2.1.330"),
        proc(40, 20, "/usr/bin/node", arguments=("node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js")),
        proc(40, 20, "/usr/bin/xterm", environment=frozenset({"CLAUDECODE"})),
        proc(40, 20, "/usr/bin/bash", environment=frozenset({"CLAUDE_CODE_ENTRYPOINT"})),
    ],
)
def test_a_descendant_of_a_client_is_refused_wherever_the_client_stands(client: Process) -> None:
    refused(DESKTOP.having(client), "Claude Code session")
    refused(DESKTOP.having(replace(client, pid=20, parent=1)), "Claude Code session")
    refused(DESKTOP.having(replace(client, pid=50, parent=40)), "Claude Code session")
    refused(DESKTOP.having(replace(client, pid=60, parent=50)), "Claude Code session")


def test_a_persons_own_options_for_the_client_are_no_mark() -> None:
    assert not is_client(proc(60, 50, "/usr/bin/bash", environment=frozenset({"CLAUDE_CODE_USE_BEDROCK"})))


def test_no_terminal() -> None:
    refused(DESKTOP.having(replace(CALLER, terminal=0)), "no terminal")


def test_another_user() -> None:
    refused(DESKTOP.having(replace(CALLER, uid=1001)), "another user")


def test_gone() -> None:
    refused(DESKTOP, "gone", pid=999)


def test_cut_ancestry() -> None:
    refused(DESKTOP.having(replace(CALLER, parent=1)), "systemd")
    refused(DESKTOP.having(replace(CALLER, parent=20)), "systemd")
    refused(DESKTOP.having(replace(SHELL, parent=1)), "systemd")
    refused(DESKTOP.having(replace(CALLER, parent=777)), "gone")
    refused(DESKTOP.having(replace(CALLER, parent=0)), "cut its ties")


@pytest.mark.parametrize("program", ["script", "expect", "unbuffer", "socat", "pythonish", "node", "ttyd", "gdb", "make"])
def test_programs_that_make_terminals_for_other_programs(program: str) -> None:
    refused(DESKTOP.having(proc(40, 20, f"/usr/bin/{program}")), f"started by '{program}'")
    refused(DESKTOP.having(proc(55, 50, f"/usr/bin/{program}"), replace(CALLER, parent=55)), f"started by '{program}'")


INNER = 0x8804
MAKER = proc(55, 50, "/usr/bin/python3.12")
SUBSHELL = proc(57, 55, "/usr/bin/bash", session=57, terminal=INNER)
INSIDE = replace(CALLER, parent=57, session=57, terminal=INNER)
ENVIRONMENT = DESKTOP.having(MAKER, SUBSHELL, INSIDE)
"""As ``poetry shell`` leaves it: a shell on a terminal that a Python program made, below a person's own shell."""


def test_the_code_for_a_shell_below_python_goes_to_the_persons_own_terminal() -> None:
    assert require_person(60, UID, ENVIRONMENT) == Person(INSIDE, SHELL, relayed=True)
    same = DESKTOP.having(MAKER, proc(57, 55, "/usr/bin/bash"), replace(CALLER, parent=57))
    assert require_person(60, UID, same) == Person(replace(CALLER, parent=57), replace(CALLER, parent=57), relayed=True)


def test_a_shell_below_python_is_no_way_for_an_agent() -> None:
    refused(ENVIRONMENT.having(replace(MAKER, parent=20)), "systemd")
    refused(ENVIRONMENT.having(replace(MAKER, parent=1)), "systemd")
    refused(ENVIRONMENT.having(replace(MAKER, parent=40)), "started by 'python3.12'")
    refused(ENVIRONMENT.having(replace(MAKER, parent=0)), "started by 'python3.12'|cut its ties")
    refused(ENVIRONMENT.having(replace(MAKER, environment=frozenset({"CLAUDECODE"}))), "Claude Code session")
    refused(ENVIRONMENT.having(replace(SHELL, terminal=0)), "cut its ties")
    refused(ENVIRONMENT.having(replace(MAKER, tracer=70)), "controls it")
    for terminal in (PTS, INNER):
        refused(ENVIRONMENT.having(proc(70, 1, "/home/u/.local/bin/claude", terminal=terminal)), "open another one")
    container = (proc(1, 0, "/bin/bash", session=1), replace(MAKER, parent=1, session=1), SUBSHELL, INSIDE)
    refused(Table(*container), "cut its ties")


def test_a_session_that_was_started_from_another_terminal() -> None:
    other = proc(45, 40, "/usr/bin/bash", session=45, terminal=0x8805)
    leader = proc(46, 45, "/usr/bin/bash", session=46)
    refused(DESKTOP.having(other, leader, replace(CALLER, session=46)), "started from another terminal")


def test_a_terminal_program_that_the_user_could_have_made() -> None:
    refused(DESKTOP.having(replace(EMULATOR, program="/tmp/xterm", owner=UID)), "xterm")
    refused(DESKTOP.having(replace(EMULATOR, shared=True)), "xterm")
    refused(DESKTOP.having(replace(EMULATOR, program="/tmp/evil", name="xterm", owner=UID)), "evil")


def test_a_hidden_process_that_calls_itself_sshd() -> None:
    refused(
        DESKTOP.having(proc(40, 20, "", name="sshd", environment=None)),
        r"cannot see who started process 40 \(sshd\), so cannot tell",
    )


def test_a_traced_process() -> None:
    refused(DESKTOP.having(replace(CALLER, tracer=70)), "controls it")
    refused(DESKTOP.having(replace(SHELL, tracer=70)), "controls it")


def test_a_client_on_the_same_terminal() -> None:
    other = proc(70, 50, "/home/u/.local/bin/claude")
    refused(DESKTOP.having(other), "open another one")
    assert require_person(60, UID, DESKTOP.having(replace(other, terminal=0x8804)))


def test_a_session_whose_leader_belongs_to_a_client() -> None:
    leader = proc(45, 44, "/usr/bin/bash", session=45)
    claude = proc(44, 20, "/home/u/.local/bin/claude", terminal=0)
    refused(DESKTOP.having(leader, claude, replace(CALLER, session=45)), "Claude Code session")
    refused(DESKTOP.having(replace(CALLER, session=46)), "gone")
    refused(DESKTOP.having(replace(leader, terminal=0x8809), claude, replace(CALLER, session=45)), "not its session's")


def test_a_loop_of_parents_ends() -> None:
    refused(DESKTOP.having(replace(SHELL, parent=60)), "too many")


def test_a_process_number_that_is_used_again() -> None:
    class Changing(Table):
        calls = 0

        def get(self, pid: int) -> Process | None:
            found = super().get(pid)
            if pid == 60 and found is not None:
                self.calls += 1
                return replace(found, start=self.calls)
            return found

    refused(Changing(*DESKTOP.processes.values()), "changed")


def test_a_real_process_without_a_terminal() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    with pytest.raises(Refusal, match="no terminal"):
        require_person(child.pid, os.geteuid(), LiveProcesses())
    child.communicate(b"\n")


def test_a_real_terminal_that_a_program_made() -> None:
    pid, master = pty.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", "echo up; read line"])
    os.read(master, 10)
    with pytest.raises(Refusal):
        require_person(pid, os.geteuid(), LiveProcesses())
    os.write(master, b"\n")
    os.waitpid(pid, 0)
    os.close(master)


def test_this_process_is_seen_as_it_is() -> None:
    mine = LiveProcesses().get(os.getpid())
    assert mine is not None
    assert (mine.pid, mine.parent, mine.uid, mine.tracer) == (os.getpid(), os.getppid(), os.geteuid(), 0)
    assert mine.environment is not None
    assert "python" in mine.program
    assert mine.pid in {process.pid for process in LiveProcesses().all()}
    assert LiveProcesses().get(2**22 + 1) is None
