"""Protection inside a world: the steps of ``checkrein up`` with a service of its own, and what can befall that service."""

from __future__ import annotations

import contextlib
import functools
import http.server
import os
import shutil
import signal
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkrein.core import ServiceError
from checkrein.decide.redaction import search_of
from checkrein.detect.secrets import engine
from checkrein.enforce.hooks import command
from checkrein.locations import data_dir, ledger_dir, private_folder, scan_dir
from checkrein.observe.credentials import Found
from checkrein.policy import PolicyFiles, load_policy
from checkrein.prove.api import read_body
from checkrein.prove.client import ClientProgram
from checkrein.prove.scenario import Fault
from checkrein.prove.world import World
from checkrein.service import certificate, manage, manage_gateway, supervisor
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths
from checkrein.setup.clients import Client, parse_version
from checkrein.setup.install import GATEWAY_VARIABLE, Scope, Transport
from checkrein.setup.people import Person
from checkrein.setup.protect import Endpoint, GatewayWish, Machine, up

_END_SECONDS = 20.0
_GONE = frozenset({"", "Z", "X"})
_HALTED = _GONE | {"T", "t"}
_CUT_OFF = b'{"hookSpecificOutput": {"hookEventName": "PreToo'


@dataclass(frozen=True, slots=True)
class OneClientMachine(Machine):
    """A machine with one client and one person, so that the result does not depend on where a scenario runs."""

    program: ClientProgram | None = None

    def clients(self) -> tuple[Client, ...]:
        """The client of this run."""
        return (Client(self.program.path, parse_version(self.program.version)),) if self.program else ()

    def others(self) -> tuple[Person, ...]:
        """Nobody."""
        return ()


@dataclass(frozen=True, slots=True)
class _Process:
    """A process that we started: its id, and its start time, so that no other with the same id is ever meant."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> _Process:
        return cls(pid, supervisor.start_time(pid))

    @property
    def state(self) -> str:
        """The kernel's letter for what it does (proc(5)); empty where there is no such process any more.

        A process whose first thread has ended, while others still hold its sockets, counts as running.
        """
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()
            letter, threads = fields[0].decode(), int(fields[17])
        except (OSError, IndexError):
            return ""
        if supervisor.start_time(self.pid) != self.started:
            return ""
        return "R" if letter in _GONE and threads > 1 else letter

    @property
    def lives(self) -> bool:
        """False for a zombie too: it does nothing any more, and where nobody collects it, it stays."""
        return self.state not in _GONE

    def signal(self, number: int) -> None:
        if self.lives:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass
class Protection:
    """The running service of a world. ``port`` and ``token`` are what hooks use."""

    world: World
    port: int = 0
    token: str = ""
    transport: Transport = Transport.BOTH
    _processes: list[_Process] = field(default_factory=list)
    _impostors: list[_Impostor] = field(default_factory=list)

    @property
    def paths(self) -> ServicePaths:
        """Where the service keeps its files."""
        return ServicePaths.of_user(self.world.environment())

    @property
    def ledger(self) -> Path:
        """The folder of the record."""
        return ledger_dir(self.world.environment())

    def start(self) -> Endpoint:
        """Start the service (``setup.protect.Service``)."""
        paths = self.paths
        try:
            status = manage.start(paths, env=self.world.environment(), runner=Runner.BACKGROUND)
        except ServiceError:
            manage.stop(paths, env=self.world.environment())  # what came up too late would live on
            raise
        if status.port is None or status.pid is None:
            raise ServiceError("the service of a scenario has no port", why=status.trouble)
        self._processes = [_Process.of(status.pid), _Process.of(int(status.health["pid"]))]
        self.port, self.token = status.port, paths.token()
        self.world.words.update(port=str(status.port), supervisor=str(status.pid))
        return Endpoint(status.port, self.token, paths.socket, paths.token_file, certificate.public(paths))

    def gateway_upstream(self) -> str | None:
        """Where the gateway sends requests to (``setup.protect.Service``)."""
        route = manage_gateway.read_route(self.paths)
        return None if route is None else route.upstream

    def start_gateway(self, wish: GatewayWish) -> str:
        """Start the gateway, and tell the service that it is on (``setup.protect.Service``)."""
        paths, env = self.paths, self.world.environment()
        route = manage_gateway.route_of(wish.upstream, wish.variables, wish.workers, wish.store)
        try:
            status = manage_gateway.start(paths, route, env=env, runner=Runner.BACKGROUND)
        except ServiceError:
            manage_gateway.stop(paths, env=env)
            raise
        manage.reload(paths)
        return manage_gateway.address(status.port or 0)

    def stop_gateway(self) -> None:
        """End the gateway."""
        manage_gateway.stop(self.paths, env=self.world.environment())

    def stop(self) -> None:
        """End everything that was started here."""
        self.stop_gateway()
        for impostor in self._impostors:
            impostor.close()
        for process in self._processes:
            process.signal(signal.SIGCONT)
        if self._processes:
            self._processes[0].signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_SECONDS
        while any(process.lives for process in self._processes):
            if time.monotonic() > deadline:
                for process in self._processes:
                    process.signal(signal.SIGKILL)
            time.sleep(0.02)

    def inflict(self, fault: Fault) -> None:
        """Let ``fault`` befall the service. Returns once it is so."""
        keeper, worker = self._processes[0], self._worker()
        match fault:
            case Fault.KILL_WORKER:
                self._kill(worker)
            case Fault.HANG_WORKER:
                self._halt(worker)
            case Fault.HANG:
                self._halt(keeper, worker)
            case Fault.DISARM:
                (self.world.home / ".claude/settings.json").write_text('{"disableAllHooks": true}')
            case _:
                self._kill(keeper, worker)
        if fault in (Fault.IMPOSTOR, Fault.TLS_IMPOSTOR):
            self._impersonate(200, b"{}", tls=fault is Fault.TLS_IMPOSTOR)
        elif fault is Fault.BROKEN_ANSWERS:
            self._impersonate(200, _CUT_OFF)
        elif fault is Fault.ERROR_ANSWERS:
            self._impersonate(500, b"")

    def _worker(self) -> _Process:
        """The worker of this moment: the supervisor may have put a new one in place."""
        now = manage.status(self.paths).health.get("pid")
        if isinstance(now, int) and now not in [process.pid for process in self._processes]:
            self._processes.append(_Process.of(now))
        return self._processes[-1]

    def _kill(self, *processes: _Process) -> None:
        for process in processes:
            process.signal(signal.SIGKILL)
        while any(process.lives for process in processes):
            time.sleep(0.01)

    def _halt(self, *processes: _Process) -> None:
        for process in processes:
            process.signal(signal.SIGSTOP)
        while any(process.state not in _HALTED for process in processes):
            time.sleep(0.01)

    def _impersonate(self, status: int, body: bytes, *, tls: bool = False) -> None:
        self.paths.socket.unlink(missing_ok=True)
        port = self._take_port(_answering(status, body))
        if tls:
            port.context = self._own_certificate()
        self._impostors.append(_Impostor(port))
        self._impostors.append(_Impostor(_UnixServer(str(self.paths.socket), _answering(status, body))))
        self.paths.socket.chmod(0o600)

    def _own_certificate(self) -> ssl.SSLContext:
        """TLS for another program: all that it says of itself is what ours says, but the key is another one."""
        folder = private_folder(self.world.root / "impostor")
        theirs = ServicePaths(folder, folder)
        certificate.ensure(theirs)
        return certificate.serving(theirs)

    def _take_port(self, handler: type[http.server.BaseHTTPRequestHandler]) -> _TcpServer:
        """Listen on the service's port. An outgoing connection of another program may hold it for a moment."""
        deadline = time.monotonic() + _END_SECONDS
        while True:
            try:
                return _TcpServer(("127.0.0.1", self.port), handler)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@contextmanager
def protected(
    world: World,
    client: ClientProgram | None,
    scope: Scope,
    transport: Transport | None,
    helper: Path | None,
    upstream: str = "",
) -> Iterator[Protection]:
    """Protection as ``checkrein up`` puts it on, taken off at the end. ``helper`` is a native hook program, built before.

    Where ``upstream`` names the API, the client reaches it through the gateway.
    """
    protection = Protection(world)
    api = {GATEWAY_VARIABLE: upstream} if upstream else {}
    machine = OneClientMachine({**world.environment(), **api}, world.client_paths, program=client)
    if helper is not None:
        _lend(helper, private_folder(private_folder(data_dir(world.environment())) / "bin"))
    _compile_patterns()
    engine.lend(scan_dir(world.environment()))
    if scope is Scope.MANAGED:
        machine.paths.settings(scope).parent.mkdir(parents=True)
    try:
        protection.transport = up(machine, protection, scope, transport, gateway=bool(upstream)).install.transport
        yield protection
    finally:
        protection.stop()


@functools.cache
def _compile_patterns() -> None:
    """Compile, once for all worlds, what a service searches with by default."""
    nowhere = "/nonexistent"
    policy = load_policy(nowhere, PolicyFiles.standard({"HOME": nowhere})).policy
    search_of(policy.privacy.redaction, Found((), ()))


def _lend(helper: Path, folder: Path) -> None:
    for source in (helper, helper.with_suffix(".sha256")):
        shutil.copy2(source, folder / source.name)


def build_helper(folder: Path) -> Path | None:
    """The native hook program, built once for all worlds; None where there is no compiler."""
    made = folder / command.NAME
    return made if command.intact(made) else command.build(folder)


class _Impostor:
    """A program that answers in the service's place."""

    def __init__(self, server: socketserver.BaseServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _TcpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def get_request(self) -> tuple[socket.socket, Any]:
        """Take the next caller; by TLS the greeting is left to the thread that answers."""
        connection, address = super().get_request()
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller who turns away is no error of ours."""


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    address_family = socket.AF_UNIX


def _answering(status: int, body: bytes) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            """Nothing."""

        def do_POST(self) -> None:
            """Answer anything with the same."""
            read_body(self)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
