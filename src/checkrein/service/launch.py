"""Keeps a supervisor running: as a unit of systemd's user manager where there is one, else as a process of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from checkrein.core import ServiceError
from checkrein.service import supervisor

_PORT_TRIES = 200
_KEPT = ("HOME", "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "CLAUDE_CONFIG_DIR")
_DETACH = "import os,sys\nif os.fork(): os._exit(0)\nos.setsid()\nos.chdir('/')\nos.execv(sys.argv[1], sys.argv[1:])"


class Runner(StrEnum):
    """What keeps the supervisor alive."""

    SYSTEMD = "systemd"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Unit:
    """A supervised program. ``name`` is that of its systemd unit, ``lock`` the file that its supervisor holds, ``log`` where it
    says what went wrong, ``port_file`` where its loopback port stands. ``patience``: seconds that it may take to stop."""

    name: str
    description: str
    lock: Path
    log: Path
    port_file: Path
    patience: int = 25

    def launch(self, command: Sequence[str], port: int, env: Mapping[str, str], runner: Runner | None = None) -> None:
        """Start the supervisor ``command`` with the environment ``env``. ServiceError where the port is another's."""
        if (runner or _runner(env)) is Runner.SYSTEMD:
            self._start(command, env)
            return
        self._require_free(port)
        # nothing inherited: whoever reads this program's output must see its end although the service lives on
        null = subprocess.DEVNULL
        detach = [sys.executable, "-I", "-S", "-c", _DETACH, *command]
        subprocess.run(detach, env=env, check=True, stdin=null, stdout=null, stderr=null)

    def end(self, env: Mapping[str, str]) -> None:
        """Stop it and wait until its sockets are free; what it still does when ``patience`` is over is cut off. Idempotent.

        ServiceError where it does not end.
        """
        file = unit_file(self.name, env)
        if file.exists():
            _systemctl("disable", "--now", self.name)
            file.unlink()
            _systemctl("daemon-reload")
        pid = self.running_pid()
        for patience in (self.patience, _AT_ONCE_SECONDS):
            if pid is None or pid != self.running_pid():
                return
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + patience
            while self.running_pid() == pid and time.monotonic() < deadline:
                time.sleep(0.05)
        if pid is not None and pid == self.running_pid():
            raise ServiceError(f"The service (process {pid}) does not end.", fix=f"See {self.log}, then `kill -9 {pid}`.")

    def running_pid(self) -> int | None:
        """The supervisor's process id, where the process that wrote itself into the lock file still lives."""
        try:
            words = self.lock.read_text().split()
        except OSError:
            return None
        if len(words) != 2 or not (words[0].isdecimal() and words[1].isdecimal()):
            return None
        pid = int(words[0])
        return pid if supervisor.start_time(pid) == int(words[1]) else None

    def choose_port(self) -> int:
        """A free port, kept for the life of the install: the client's settings name it.

        It lies below the ports that the kernel gives to outgoing connections, any of which could hold it when it is bound
        again.
        """
        top = min(_first_ephemeral_port(), 32_768)
        for _ in range(_PORT_TRIES):
            port = 20_000 + secrets.randbelow(max(top - 20_000, 1_000))
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            self.port_file.write_text(f"{port}\n")
            self.port_file.chmod(0o600)
            return port
        raise ServiceError("no port is free for the service", why=f"{_PORT_TRIES} were tried", fix="close programs that listen")

    def _start(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        file = unit_file(self.name, env)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(unit_text(self.description, command, env, self.patience))
        if not (_systemctl("daemon-reload") and _systemctl("enable", self.name) and _systemctl("restart", self.name)):
            raise ServiceError("systemd did not start the service.", fix=f"See `systemctl --user status {self.name}`.")

    def _require_free(self, port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as exc:
                raise ServiceError(
                    f"Another program holds our port {port}.",
                    why="The client would be answered by it. It gets no permission from us, and may get one from that program.",
                    fix=f"End that program (`ss -ltnp` names it), or remove {self.port_file}: `checkrein up` takes a new port.",
                ) from exc


_AT_ONCE_SECONDS = 10.0  # how long a supervisor that was told twice may take


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What the service inherits: nothing that loads code (LD_*, PYTHON*) and nothing of a client session it may start from."""
    return {name: value for name, value in env.items() if name in _KEPT or name.startswith("XDG_")}


def unit_file(name: str, env: Mapping[str, str] = os.environ) -> Path:
    """Where systemd's user manager looks for the unit of that name."""
    base = env.get("XDG_CONFIG_HOME") or f"{env.get('HOME', '/nonexistent')}/.config"
    return Path(base) / "systemd" / "user" / name


def unit_text(description: str, command: Sequence[str], env: Mapping[str, str], patience: int) -> str:
    """The unit: restarted at once however it ends, stopped through the supervisor, upgraded by reload."""
    environment = "\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in sorted(env.items()))
    return (
        f"[Unit]\nDescription={description}\nStartLimitIntervalSec=0\n\n"
        f"[Service]\nType=exec\nExecStart={' '.join(_quoted(word, dollars=True) for word in command)}\n"
        f"ExecReload=/bin/kill -HUP $MAINPID\n{environment}\n"
        f"TimeoutStopSec={patience}\nRestart=always\nRestartSec=0\nKillMode=mixed\nUMask=0077\nNoNewPrivileges=yes\nOOMScoreAdjust=-500\n\n"
        "[Install]\nWantedBy=default.target\n"
    )


def _quoted(word: str, *, dollars: bool = False) -> str:
    """``word`` in systemd's quoting (systemd.syntax(7), systemd.service(5))."""
    safe = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%")
    return '"' + (safe.replace("$", "$$") if dollars else safe) + '"'


def _runner(env: Mapping[str, str]) -> Runner:
    """systemd where its user manager answers for the home folder that this is about."""
    usable = shutil.which("systemctl") is not None and env.get("HOME") == str(Path.home())
    return Runner.SYSTEMD if usable and _systemctl("show-environment") else Runner.BACKGROUND


def _systemctl(*words: str) -> bool:
    done = subprocess.run(["systemctl", "--user", *words], capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def _first_ephemeral_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768
