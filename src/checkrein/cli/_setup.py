"""What ``up``, ``down``, ``status`` and ``doctor`` share: this machine, the service as setup sees it, and who calls."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from checkrein.core import ServiceError, UsageError
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.report.text import clean
from checkrein.service import certificate, manage, manage_gateway
from checkrein.service.manage import Status
from checkrein.service.paths import ServicePaths
from checkrein.service.person import Refusal, is_client, require_person
from checkrein.service.processes import LiveProcesses, ProcessTable
from checkrein.setup.doctor import Answering, GatewayAnswering
from checkrein.setup.install import ClientPaths
from checkrein.setup.protect import Endpoint, GatewayWish, Machine

_WIDTH = 11


def this_machine() -> Machine:
    """The machine, the person's environment and the current project."""
    return Machine(os.environ, ClientPaths.of(os.environ, Path.cwd()))


class LocalService:
    """The service of this user, for setup."""

    def __init__(self) -> None:
        self.paths = ServicePaths.of_user()

    def start(self) -> Endpoint:
        """See ``setup.protect.Service``."""
        before = manage.status(self.paths)
        status = manage.start(self.paths)
        if status.port is None:
            raise ServiceError("the service runs without a port", fix="checkrein down, then checkrein up")
        mended = _mended(before, status)
        paths = self.paths
        return Endpoint(status.port, paths.token(), paths.socket, paths.token_file, certificate.public(paths), mended)

    def stop(self) -> None:
        """See ``setup.protect.Service``."""
        manage.stop(self.paths)

    def gateway_upstream(self) -> str | None:
        """See ``setup.protect.Service``."""
        route = manage_gateway.read_route(self.paths)
        return None if route is None else route.upstream

    def start_gateway(self, wish: GatewayWish) -> str:
        """See ``setup.protect.Service``. The service that decides is told that the gateway is on, or another one."""
        before = manage_gateway.read_route(self.paths)
        route = manage_gateway.route_of(wish.upstream, wish.variables, wish.workers, wish.store)
        status = manage_gateway.start(self.paths, route)
        if status.port is None:
            raise ServiceError("the gateway runs without a port", fix="checkrein down, then checkrein up --gateway")
        if before != route:
            manage.reload(self.paths)
        return manage_gateway.address(status.port)

    def stop_gateway(self) -> None:
        """See ``setup.protect.Service``."""
        was_on = self.paths.gateway_file.exists()
        manage_gateway.stop(self.paths)
        if was_on and manage.running_pid(self.paths) is not None:
            manage.reload(self.paths)

    def look(self) -> Answering:
        """See ``setup.doctor.Probe``."""
        status = manage.status(self.paths)
        version = str(status.health.get("version", ""))
        token = self.paths.token() if self.paths.token_file.exists() else None
        shown = certificate.public(self.paths) if self.paths.certificate_file.exists() else ""
        return Answering(status.healthy, version, status.port, status.pid, token, status.trouble, shown, self._gateway())

    def _gateway(self) -> GatewayAnswering | None:
        found = manage_gateway.status(self.paths)
        if found.route is None:
            return None
        address, route = manage_gateway.address(found.port or 0), found.route
        store = PolicyStore(PolicyFiles.standard(os.environ)).current(Path.home()).policy.privacy.gateway.store
        return GatewayAnswering(found.healthy, address, route.upstream, len(found.workers), found.trouble, route.since, store)


def outside_sessions(action: str, table: ProcessTable | None = None) -> None:
    """Raise UsageError where a Claude Code session runs ``action``: somewhere above us is a client, or what one started."""
    processes = table or LiveProcesses()
    seen: set[int] = set()
    pid = os.getpid()
    while pid and pid not in seen:
        seen.add(pid)
        process = processes.get(pid)
        if process is None:
            return
        if is_client(process):
            raise _not_for_agents(action, f"process {pid} ({process.name}) is Claude Code, or was started by it")
        pid = process.parent


def from_terminal(action: str, table: ProcessTable | None = None) -> None:
    """Raise UsageError unless a person runs ``action`` in a terminal of their own."""
    try:
        person = require_person(os.getpid(), os.geteuid(), table or LiveProcesses())
    except Refusal as refusal:
        raise _not_for_agents(action, str(refusal)) from refusal
    if person.relayed:  # no code is asked for here, so that a program which a person starts could do it by itself
        raise _not_for_agents(action, "a program stands between this shell and your terminal")


def row(label: str, text: str) -> str:
    """One line of a report, what it says made safe to print."""
    return f"  {label:<{_WIDTH}}{clean(text)}"


def listed(names: Iterable[str]) -> str:
    """``a, b and c``."""
    words = list(names)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _mended(before: Status, after: Status) -> str:
    """Why another worker serves now than ``before``; empty where it is the same."""
    if not before.running:
        return "it did not run"
    if not before.healthy:
        return f"it was not well: {before.trouble}" if before.trouble else "it did not answer"
    same = before.health.get("pid") == after.health.get("pid")
    return "" if same else f"it was of version {before.health.get('version', '?')}"


def _not_for_agents(action: str, why: str) -> UsageError:
    return UsageError(
        f"`checkrein {action}` is for a person, in a terminal where no Claude Code runs",
        why=why,
        fix=f"open a terminal of your own and run `checkrein {action}` there",
    )
