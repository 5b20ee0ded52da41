"""Start, stop and look at the service that decides."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkrein import __version__
from checkrein.core import ServiceError
from checkrein.service import certificate, supervisor
from checkrein.service.caller import call
from checkrein.service.launch import Runner, Unit, clean_environment
from checkrein.service.paths import ServicePaths

UNIT = "checkrein.service"
START_SECONDS = 90.0


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
    unit = unit_of(paths)
    port = paths.port() or unit.choose_port()
    unit.launch(supervisor_command(paths, port, worker or worker_command()), port, clean_environment(env), runner)
    return _wait(paths, None)


def stop(paths: ServicePaths, *, env: Mapping[str, str] = os.environ) -> None:
    """Stop the service and wait until the sockets are free. Idempotent. ServiceError where it does not end."""
    unit_of(paths).end(env)


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
    """The supervisor's process id; None where none runs."""
    return unit_of(paths).running_pid()


def unit_of(paths: ServicePaths) -> Unit:
    """The service that decides."""
    log = paths.state / "supervisor.log"
    return Unit(UNIT, "Checkrein: decides on what Claude Code may do", paths.lock, log, paths.port_file)


def supervisor_command(paths: ServicePaths, port: int, worker: Sequence[str]) -> list[str]:
    """The supervisor's command line."""
    program = [sys.executable, "-I", "-S", str(Path(supervisor.__file__))]
    places = ["--socket", str(paths.socket), "--lock", str(paths.lock), "--log", str(paths.state / "supervisor.log")]
    return [*program, "--port", str(port), *places, "--", *worker]


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
