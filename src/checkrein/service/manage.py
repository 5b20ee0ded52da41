"""Start, stop and look at the service: under systemd's user manager where there is one, else as a process of its own."""

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
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from checkrein import __version__
from checkrein.core import ServiceError
from checkrein.service import certificate, supervisor
from checkrein.service.caller import call
from checkrein.service.paths import ServicePaths

UNIT = "checkrein.service"
START_SECONDS = 30.0
STOP_SECONDS = 25.0
_PORT_TRIES = 200
_KEPT = ("HOME", "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "CLAUDE_CONFIG_DIR")
_DETACH = "import os,sys\nif os.fork(): os._exit(0)\nos.setsid()\nos.chdir('/')\nos.execv(sys.argv[1], sys.argv[1:])"


class Runner(StrEnum):
    """What keeps the supervisor alive."""

    SYSTEMD = "systemd"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Status:
    """``running``: a supervisor holds the sockets. ``healthy``: a worker answered with proof; ``health`` is what it said."""

    running: bool
    healthy: bool
    pid: int | None
    port: int | None
    socket: Path
    health: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""


def worker_command() -> tuple[str, ...]:
    """The command that runs one worker."""
    return (sys.executable, "-I", "-m", "checkrein.service.main")


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What the service inherits: nothing that loads code (LD_*, PYTHON*) and nothing of a client session it may start from."""
    return {name: value for name, value in env.items() if name in _KEPT or name.startswith("XDG_")}


def start(
    paths: ServicePaths,
    *,
    env: Mapping[str, str] = os.environ,
    worker: Sequence[str] = (),
    runner: Runner | None = None,
) -> Status:
    """Make sure that the service of this version runs, and wait until it answers. Idempotent.

    A service of another version hands over without a gap. ``worker`` replaces the worker's command. ServiceError says what
    stands in the way (a port taken by another program, a worker that does not start).
    """
    paths.prepare()
    paths.token()
    renewed = certificate.ensure(paths)
    found = status(paths)
    if found.running and found.healthy and found.health.get("version") == __version__ and not renewed:
        return found
    if found.running and found.pid is not None:
        return _hand_over(paths, found.pid)
    port = paths.port() or _choose_port(paths)
    command = supervisor_command(paths, port, worker or worker_command())
    clean = clean_environment(env)
    if (runner or _runner(env)) is Runner.SYSTEMD:
        _start_unit(command, clean)
    else:
        _require_free(port, paths)
        # nothing inherited: whoever reads this program's output must see its end although the service lives on
        null = subprocess.DEVNULL
        detach = [sys.executable, "-I", "-S", "-c", _DETACH, *command]
        subprocess.run(detach, env=clean, check=True, stdin=null, stdout=null, stderr=null)
    return _wait(paths, None)


def stop(paths: ServicePaths, *, env: Mapping[str, str] = os.environ) -> None:
    """Stop the service and wait until the sockets are free. Idempotent. ServiceError where it does not end."""
    unit = unit_file(env)
    if unit.exists():
        _systemctl("disable", "--now", UNIT)
        unit.unlink()
        _systemctl("daemon-reload")
    pid = running_pid(paths)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_pid(paths) is not None:
        if time.monotonic() > deadline:
            raise ServiceError(f"The service (process {pid}) does not end.", fix=f"See {paths.log}, then `kill -9 {pid}`.")
        time.sleep(0.05)


def reload(paths: ServicePaths) -> Status:
    """Hand over to a new worker, which reads everything anew, without a gap."""
    pid = running_pid(paths)
    if pid is None:
        raise ServiceError("The service does not run.", fix="Run `checkrein up`.")
    return _hand_over(paths, pid)


def status(paths: ServicePaths) -> Status:
    """How things stand now. Never raises for a service that is down or damaged: ``trouble`` says what is wrong."""
    pid = running_pid(paths)
    try:
        port = paths.port()
        health = call(paths, "/health", timeout=2.0) if pid is not None else None
    except ServiceError as exc:
        return Status(
            running=pid is not None, healthy=False, pid=pid, port=None, socket=paths.socket, trouble=_one_line(str(exc))
        )
    if health is None:
        return Status(
            running=False, healthy=False, pid=None, port=port, socket=paths.socket, trouble="the service does not run"
        )
    trouble = _one_line(str(health.body.get("trouble", "")))
    return Status(
        running=True, healthy=not trouble, pid=pid, port=port, socket=paths.socket, health=health.body, trouble=trouble
    )


def _one_line(trouble: str) -> str:
    """An error's lines (what, why, fix) on one: it stands within another message."""
    what, *rest = trouble.splitlines() or [""]
    return "; ".join([what.rstrip("."), *(line.removeprefix("why: ").removeprefix("fix: ").rstrip(".") for line in rest)])


def running_pid(paths: ServicePaths) -> int | None:
    """The supervisor's process id, where the process that wrote itself into the lock file still lives."""
    try:
        words = paths.lock.read_text().split()
    except OSError:
        return None
    if len(words) != 2 or not (words[0].isdecimal() and words[1].isdecimal()):
        return None
    pid = int(words[0])
    return pid if supervisor.start_time(pid) == int(words[1]) else None


def supervisor_command(paths: ServicePaths, port: int, worker: Sequence[str]) -> list[str]:
    """The supervisor's command line."""
    program = [sys.executable, "-I", "-S", str(Path(supervisor.__file__))]
    places = ["--socket", str(paths.socket), "--lock", str(paths.lock), "--log", str(paths.state / "supervisor.log")]
    return [*program, "--port", str(port), *places, "--", *worker]


def unit_file(env: Mapping[str, str] = os.environ) -> Path:
    """Where systemd's user manager looks for our unit."""
    base = env.get("XDG_CONFIG_HOME") or f"{env.get('HOME', '/nonexistent')}/.config"
    return Path(base) / "systemd" / "user" / UNIT


def unit_text(command: Sequence[str], env: Mapping[str, str]) -> str:
    """The unit: restarted at once however it ends, stopped through the supervisor, upgraded by reload."""
    environment = "\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in sorted(env.items()))
    return (
        "[Unit]\nDescription=Checkrein: decides on what Claude Code may do\nStartLimitIntervalSec=0\n\n"
        f"[Service]\nType=exec\nExecStart={' '.join(_quoted(word, dollars=True) for word in command)}\n"
        f"ExecReload=/bin/kill -HUP $MAINPID\n{environment}\n"
        "Restart=always\nRestartSec=0\nKillMode=mixed\nUMask=0077\nNoNewPrivileges=yes\nOOMScoreAdjust=-500\n\n"
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


def _start_unit(command: Sequence[str], env: Mapping[str, str]) -> None:
    unit = unit_file(env)
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(unit_text(command, env))
    if not (_systemctl("daemon-reload") and _systemctl("enable", UNIT) and _systemctl("restart", UNIT)):
        raise ServiceError("systemd did not start the service.", fix=f"See `systemctl --user status {UNIT}`.")


def _choose_port(paths: ServicePaths) -> int:
    """A free port, kept for the life of the install: the client's settings name it.

    It lies below the ports that the kernel gives to outgoing connections, any of which could hold it when it is bound again.
    """
    top = min(_first_ephemeral_port(), 32_768)
    for _ in range(_PORT_TRIES):
        port = 20_000 + secrets.randbelow(max(top - 20_000, 1_000))
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        paths.port_file.write_text(f"{port}\n")
        paths.port_file.chmod(0o600)
        return port
    raise ServiceError("no port is free for the service", why=f"{_PORT_TRIES} were tried", fix="close programs that listen")


def _first_ephemeral_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 32_768


def _require_free(port: int, paths: ServicePaths) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as exc:
            raise ServiceError(
                f"Another program holds our port {port}.",
                why="Hooks would be answered by it. Clients that ask there get no permission from us, and may get one from it.",
                fix=f"End that program (`ss -ltnp` names it), or remove {paths.port_file}: `checkrein up` takes a new port.",
            ) from exc


def _hand_over(paths: ServicePaths, pid: int) -> Status:
    before = status(paths).health.get("pid")
    os.kill(pid, signal.SIGHUP)
    return _wait(paths, before)


def _wait(paths: ServicePaths, before: object) -> Status:
    """The status once another worker than ``before`` serves well. ServiceError where it only refuses, or comes too late."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        found = status(paths)
        new = found.health.get("pid") not in (None, before)
        if new and found.healthy:
            return found
        if new or time.monotonic() > deadline:
            raise ServiceError(
                "The service does not come up.", why=found.trouble, fix=f"See {paths.state / 'supervisor.log'} and {paths.log}."
            )
        time.sleep(0.05)
