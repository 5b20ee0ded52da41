"""Whether the process at the other end of the socket is a person's terminal, and nothing that the agent started.

The judgement is by an allow-list: from the caller upwards there may be only shells, what changes users, and Python between
shells (``poetry shell`` and its like), until a program that gives people a terminal (a login, an ssh server, a terminal
emulator, a multiplexer). None of them, nor anything above them, nor anything else on a terminal between, may be or descend from
a Claude Code client. The caller must then type a code that the service writes to the device of the terminal that this program
gave, so that it is seen only by whoever looks at it. A Python between may have made a terminal of its own for the caller, and
could read that one: it is never the one that the code is written to.

What this cannot stop, because a program of the same user can do what the user can: typing into somebody's open terminal through
a multiplexer (``tmux send-keys`` and reading its screen), opening a terminal emulator on the user's display from a process that
has cut its ancestry, or using credentials for an ssh login to this machine. Those ways begin with a command, and that is where
they are stopped: the guard's own rule denies the agent every command that runs ``checkrein allow``, talks to the service's
socket, reads its token, opens or drives other terminals, or logs in to this machine. Every approval stands in the record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from checkrein.service.processes import Process, ProcessTable

SHELLS = frozenset({"sh", "bash", "dash", "zsh", "fish", "ksh", "mksh", "tcsh", "csh", "nu", "xonsh", "pwsh", "busybox"})
USER_CHANGERS = frozenset({"su", "sudo", "doas", "runuser"})
TERMINALS = frozenset(
    {
        *("login", "sshd", "sshd-session", "sshd-auth", "mosh-server", "dropbear", "agetty", "getty", "kmscon"),
        *("tmux", "tmux: server", "screen", "SCREEN", "zellij"),
        *(
            "gnome-terminal-server",
            "gnome-terminal-",
            "ptyxis-agent",
            "kgx",
            "konsole",
            "yakuake",
            "xterm",
            "urxvt",
            "rxvt",
            "st",
        ),
        *("kitty", "alacritty", "foot", "wezterm-gui", "wezterm-mux-server", "ghostty", "tilix", "terminator", "qterminal"),
        *("xfce4-terminal", "lxterminal", "mate-terminal", "deepin-terminal", "cool-retro-term", "code", "codium", "cursor"),
    }
)
_RELAY = re.compile(r"(?:python|pypy)[0-9.]*\Z")
"""What may start shells for people below a person's own shell: the makers of Python environments."""
_CLIENT_MARKS = ("/@anthropic-ai/claude-code", "/claude/versions/", "/.claude/local/")
_CLIENT_VARIABLES = frozenset(
    {
        *("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SESSION_ID", "CLAUDE_CODE_EXECPATH"),
        *("CLAUDE_PROJECT_DIR", "CLAUDE_EFFORT"),
    }
)
"""What the client puts into the environment of its children. Not all of CLAUDE_CODE_*: people set options of that name."""
_DEEPEST = 64


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """Why the caller does not count as a person's terminal. The text is for that caller."""


def is_client(process: Process) -> bool:
    """Whether ``process`` is a Claude Code client, or was started by one (it marks the environment of what it starts)."""
    words = (process.program, *process.arguments[:3])
    if process.name == "claude" or any(PurePosixPath(word).name == "claude" for word in words if word):
        return True
    if any(mark in word for mark in _CLIENT_MARKS for word in words):
        return True
    return bool(_CLIENT_VARIABLES & (process.environment or frozenset()))


@dataclass(frozen=True, slots=True)
class Person:
    """A person's ``caller``, and a process on the terminal that the person looks at: the caller, unless something between made
    another terminal for it. ``relayed``: something other than shells stands between, so that the call alone proves nothing."""

    caller: Process
    screen: Process
    relayed: bool = False


def require_person(pid: int, uid: int, table: ProcessTable) -> Person:
    """The caller, where it is a person's terminal. Refusal where it is not, or where that cannot be told."""
    caller = table.get(pid)
    if caller is None:
        raise Refusal("the calling process is gone")
    if caller.uid != uid:
        raise Refusal("the caller is another user")
    if caller.terminal == 0:
        raise Refusal("the caller has no terminal")
    person = _walk(caller, caller, table)
    leader = table.get(caller.session)
    if leader is None:
        raise Refusal("the terminal's own shell is gone")
    if leader.terminal != caller.terminal:
        raise Refusal("the caller's terminal is not its session's")
    led = _walk(leader, caller, table)
    if led.screen.terminal != person.screen.terminal:
        raise Refusal("the terminal's own shell was started from another terminal")
    again = table.get(pid)
    if again is None or again.start != caller.start:
        raise Refusal("the calling process changed")
    return Person(caller, person.screen, person.relayed or led.relayed)


def _walk(process: Process, caller: Process, table: ProcessTable) -> Person:
    """Judge ``process`` and all its ancestors."""
    below: list[Process] = []  # from the caller up to what the terminal's program started
    reached = False
    current = process
    for _ in range(_DEEPEST):
        parent = table.get(current.parent)
        _judge(current, parent, caller.uid)
        reached = reached or _is_terminal(current, parent, caller.uid)
        if not reached:
            if current.pid != caller.pid and not _is_shell(current) and not _RELAY.match(_title(current)):
                raise _unknown(current)
            below.append(current)
        if current.parent == 0:
            _end(current, caller, reached=reached)
            return _person(below, caller, table)
        if parent is None:
            raise Refusal("one of the programs that started it is gone")
        current = parent
    raise Refusal("too many programs stand between it and the terminal")


def _person(below: list[Process], caller: Process, table: ProcessTable) -> Person:
    """The person behind ``caller``, where what was started by the terminal's program is a shell, and no client is near."""
    top = below[-1]
    if top.pid != caller.pid and not _is_shell(top):
        raise _unknown(top)
    if top.terminal == 0:
        raise Refusal("what started it has cut its ties to a terminal")
    _alone({process.terminal for process in below}, caller, table)
    relayed = any(process.pid != caller.pid and not _is_shell(process) for process in below)
    return Person(caller, caller if top.terminal == caller.terminal else top, relayed)


def _is_shell(process: Process) -> bool:
    return _title(process) in SHELLS | USER_CHANGERS


def _unknown(process: Process) -> Refusal:
    return Refusal(f"it was started by {_title(process)!r}, which is no shell or terminal that is known here")


def _end(top: Process, caller: Process, *, reached: bool) -> None:
    """The walk came to ``top``, which has no parent that can be seen.

    Without a terminal program on the way this is right only in a container: its first process is the shell of this very
    terminal, or the shell was put in from outside (``docker exec -it``).
    """
    if not reached and (top.pid == caller.pid or (top.terminal, top.session) != (caller.terminal, caller.session)):
        raise Refusal("what started it has cut its ties to a terminal")


def _judge(process: Process, parent: Process | None, uid: int) -> None:
    if is_client(process):
        raise Refusal("it was started by a Claude Code session")
    if process.tracer:
        raise Refusal("another program controls it")
    if process.environment is None and process.uid == uid and not _is_ssh_login(process, parent, uid):
        raise Refusal(
            f"cannot see who started process {process.pid} ({_title(process)}), so cannot tell a person from an agent; "
            "use a login shell or `docker exec -it`"
        )


def _is_ssh_login(process: Process, parent: Process | None, uid: int) -> bool:
    """Whether it is the part of an ssh server that runs as the user: hidden from the user, and a child of root's ssh server."""
    servers = ("sshd", "sshd-session")
    return process.name in servers and parent is not None and parent.uid == 0 != uid and parent.name in servers


def _is_terminal(process: Process, parent: Process | None, uid: int) -> bool:
    """Whether ``process`` gives people a terminal, and its program is one that this user could not have put there."""
    if _title(process) not in TERMINALS and process.name not in TERMINALS:
        return False
    if process.uid != uid or _is_ssh_login(process, parent, uid):
        return True
    return bool(process.program) and process.owner == 0 and not process.shared


def _title(process: Process) -> str:
    """The program's file name: the process's own name for itself is only taken where the file cannot be seen."""
    return PurePosixPath(process.program).name if process.program else process.name


def _alone(terminals: set[int], caller: Process, table: ProcessTable) -> None:
    """No client may use one of these terminals: it could type there, or read what is typed."""
    for other in table.all():
        if other.terminal in terminals and other.pid != caller.pid and is_client(other):
            raise Refusal("a Claude Code session uses this terminal; open another one")
