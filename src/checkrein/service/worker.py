"""The worker process: serves hooks on the sockets that the supervisor holds, and tells it once a second that it is alive.

The supervisor passes four descriptors in the environment: the two listening sockets, a pipe on which the worker writes a byte
once it is loaded and then for every beat, and a pipe whose end means that the supervisor is gone. SIGTERM drains.

The record has one writer. At a handover the new worker therefore says that it is loaded, waits until the old one has drained
and let go of the record, and then serves; callers wait that moment in the sockets' queues. Where the record or the policy
cannot be opened at all, the worker serves refusals that say so, and ends after a while so that the next one tries again.

The port speaks TLS only, so that the client knows who answers. Where the certificate cannot be used, the port stays silent,
which stops every call, and the socket says why.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import logging
import logging.handlers
import os
import select
import signal
import socket
import ssl
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from checkrein import __version__
from checkrein.core import CheckreinError, Decision, Event, LedgerError, ServiceError
from checkrein.enforce.hooks import answer
from checkrein.enforce.hooks.events import EVENTS
from checkrein.enforce.hooks.protocol import HookProtocol, PolicyDecisionPoint, Recorder, where
from checkrein.service import certificate
from checkrein.service.paths import ServicePaths
from checkrein.service.peer import peer_of
from checkrein.service.server import DECISION_SECONDS, Application, Controls, Reply, Request
from checkrein.service.upkeep import EVERY_SECONDS
from checkrein.service.watch import POLL_SECONDS, Watch

log = logging.getLogger("checkrein.service")

BEAT_SECONDS = 1.0
DRAIN_SECONDS = 10
TURN_SECONDS = 12.0  # how long the worker before us may take to let go of the record
BROKEN_SECONDS = 30.0  # how long refusals are served before all is tried anew
IDLE_SECONDS = 900  # a kept connection that nobody uses is closed: by then the client has let go of it
HANDSHAKE_SECONDS = 5.0  # who has not said hello by then, or speaks no TLS, is let go
LULL_SECONDS = 0.25  # before a handover: who has not called again by then hardly calls in the moment when it is closed
MAX_KEPT = 128  # connections; while there are more, each is closed after its answer
_BACKLOG = 1024
_LOG_BYTES, _LOG_FILES = 1_000_000, 3


class _WholeAnswers:
    """A transport on which head and body of an answer leave together, so that the caller wakes up once."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self.close, self.is_closing = transport.close, transport.is_closing

    def write(self, data: bytes) -> None:
        """Hold back the head until the body comes. A demand to go on is no answer."""
        if self._head or data.startswith(b"HTTP/1.1 100 "):
            self._transport.write(self._head + data)
            self._head = b""
        else:
            self._head = data


class ServiceConnection(HttpToolsProtocol):
    """uvicorn's connection, which also knows the peer of a Unix socket and never drops a caller who has sent something.

    A connection that is kept is closed from this side only while nothing of a request has arrived on it: a hook lost like that
    would stop a call for no reason.
    """

    _reading = False  # a request has begun, and its headers are not complete
    _last = False  # it closes after the next answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note who is calling, where the kernel can tell."""
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if sock is not None and sock.family == socket.AF_UNIX:
            try:
                peer = peer_of(sock)
            except OSError:
                peer = None  # present but empty: the application turns such a caller away
            self.app_state = {**self.app_state, "peer": peer}

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reading = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request is to be answered. Its connection is kept where there is room, unless another worker takes over."""
        self._reading = False
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _WholeAnswers(self.transport))
        if self._last or len(self.connections) > MAX_KEPT:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Let every caller who has sent something, or is about to, have an answer: uvicorn would close the connection.

        A caller who uses the connection all the time is told with the next answer that it was the last one.
        """
        self._last = True
        cycle = cast("RequestResponseCycle | None", self.cycle)  # there is none before the first request
        if cycle is None:
            return
        if cycle.response_complete:
            self.loop.call_later(LULL_SECONDS, self.timeout_keep_alive_handler)
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody has used the connection for some time."""
        if not self.transport.is_closing() and not self._is_called():
            super().timeout_keep_alive_handler()

    def _is_called(self) -> bool:
        """Whether a request has begun, or lies in the kernel's queue, unread."""
        waiting = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.FIONREAD, b"\0" * 4)
        return self._reading or not self.cycle.response_complete or any(waiting)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with a refusal that a hook caller would honour."""
        body = answer.refuse(EVENTS["PreToolUse"], f"Stopped by checkrein: {msg}")
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.transport.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        self.transport.close()


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the supervisor handed over."""

    tcp: socket.socket
    unix: socket.socket
    beat: int
    alive: int

    @classmethod
    def from_environment(cls) -> Inherited:
        """Take over the descriptors named in the environment. KeyError or OSError where there are none."""
        fds = [int(word) for word in os.environ.pop("CHECKREIN_FDS").split(",")]
        tcp, unix, beat, alive = fds
        for descriptor in fds:
            os.set_inheritable(descriptor, False)  # noqa: FBT003 - the function's only form
        return cls(socket.socket(fileno=tcp), socket.socket(fileno=unix), beat, alive)

    def say(self) -> None:
        """One beat. A supervisor that is gone is noticed elsewhere."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.beat, b".")

    @property
    def orphaned(self) -> bool:
        """Whether the supervisor is gone."""
        return bool(select.select([self.alive], [], [], 0)[0])


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of. ``close`` is called after the last answer; ``watch`` is polled and its remarks recorded;
    ``upkeep`` runs in a thread at the start and then daily."""

    point: PolicyDecisionPoint
    recorder: Recorder
    controls: Controls
    watch: Watch | None = None
    close: Callable[[], object] | None = None
    upkeep: Callable[[], object] | None = None


class Broken:
    """Stands in for all parts where they could not be made: refuses everything and says why."""

    def __init__(self, error: Exception) -> None:
        self.error = (
            error
            if isinstance(error, CheckreinError)
            else ServiceError("the service could not be put together", why=where(error), fix="run `checkrein doctor`")
        )

    def decide(self, _event: Event) -> Decision:
        """Refuse."""
        raise self.error

    at_once = decide

    def append(self, _event: Event, _decision: Decision, _micros: int) -> None:
        """Nothing can be recorded."""
        raise self.error

    def health(self) -> Mapping[str, Any]:
        """Not well."""
        return {"version": __version__, "pid": os.getpid(), "trouble": str(self.error)}

    def control(self, _action: str, _request: Request) -> Reply:
        """Refuse."""
        return Reply({"error": self.error.what, "why": self.error.why, "fix": self.error.fix}, 503)


class Worker(uvicorn.Server):
    """uvicorn's server with a heartbeat, which stops on its own when the supervisor is gone or every thread is caught."""

    def __init__(
        self, app: Application, inherited: Inherited, parts: Parts, tls: ssl.SSLContext | None, lifetime: float | None
    ) -> None:
        config = uvicorn.Config(
            app,
            http=ServiceConnection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            loop="uvloop",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        super().__init__(config)
        self._app = app
        self._inherited = inherited
        self._parts = parts
        self._tls = tls
        self._lifetime = lifetime

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, ``sockets`` as they are and the port by TLS, and go on beating."""
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        if self._tls is not None:
            self.servers.append(
                await loop.create_server(
                    self._connection,
                    sock=self._inherited.tcp,
                    backlog=_BACKLOG,
                    ssl=self._tls,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                )
            )
        loop.add_reader(self._inherited.alive, self._orphaned)
        if self._lifetime is not None:
            loop.call_later(self._lifetime, self._drain)
        self._tasks = [asyncio.create_task(self._keep_beating())]
        if self._parts.watch is not None:
            self._tasks.append(asyncio.create_task(self._keep_watching(self._parts.watch)))
        if self._parts.upkeep is not None:
            self._tasks.append(asyncio.create_task(self._keep_up(self._parts.upkeep)))

    def _connection(self) -> ServiceConnection:
        return ServiceConnection(self.config, self.server_state, self.lifespan.state)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more callers, wait for those who are just saying hello, and then for all answers."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LULL_SECONDS)
        await super().shutdown(sockets)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._inherited.alive)
        log.error("the supervisor is gone; stopping")
        self.should_exit = True

    async def _keep_beating(self) -> None:
        while not self._app.wedged:
            self._inherited.say()
            await asyncio.sleep(BEAT_SECONDS)
        log.error("every decision thread is caught; waiting to be replaced")

    async def _keep_watching(self, watch: Watch) -> None:
        while True:
            for remark in await asyncio.get_running_loop().run_in_executor(None, watch.poll):
                self._app.hooks.note("guard.client-folder", remark)
            await asyncio.sleep(POLL_SECONDS)

    async def _keep_up(self, upkeep: Callable[[], object]) -> None:
        while True:
            await asyncio.get_running_loop().run_in_executor(None, upkeep)
            await asyncio.sleep(EVERY_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn raises the signal again once drained; ending by SIGTERM as asked is a normal end here."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._drain)
        yield

    def _drain(self) -> None:
        self.should_exit = True


def setup_log(path: Path) -> None:
    """Log to ``path`` (0600, rotating). Nothing of a payload is ever logged."""
    os.umask(0o077)
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES - 1, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s worker[%(process)d] %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def serve(build: Callable[[], Parts], paths: ServicePaths, *, deadline: float = DECISION_SECONDS) -> NoReturn:
    """Serve with the parts that ``build`` makes, until SIGTERM or until the supervisor is gone. Ends the process.

    ``build`` opens the record; while it raises LedgerError, another worker may still be writing it, and it is tried again.
    """
    inherited = Inherited.from_environment()
    inherited.say()
    try:
        tls, parts = certificate.serving(paths), _build(build, inherited)
    except ServiceError as exc:
        log.error("the port stays silent: %s", exc)
        tls, parts = None, _refusing(exc)
    app = Application(
        hooks=HookProtocol(parts.point, parts.recorder),
        controls=parts.controls,
        token=paths.token(),
        port=inherited.tcp.getsockname()[1],
        uid=os.geteuid(),
        deadline=deadline,
    )
    sys.setswitchinterval(0.001)  # the loop's thread gets the interpreter back sooner while a decision computes
    gc.freeze()
    lifetime = BROKEN_SECONDS if isinstance(parts.point, Broken) else None
    Worker(app, inherited, parts, tls, lifetime).run(sockets=[inherited.unix])
    try:
        if parts.close is not None:
            parts.close()
    finally:
        logging.shutdown()
        os._exit(0)  # a thread caught in a decision would hold up an ordinary exit


def _build(build: Callable[[], Parts], inherited: Inherited) -> Parts:
    """The parts, once the worker before us has let go of the record; refusing ones where they cannot be made."""
    give_up = time.monotonic() + TURN_SECONDS
    while True:
        inherited.say()
        try:
            return build()
        except LedgerError as exc:
            error: Exception = exc
        except Exception as exc:  # noqa: BLE001 - whatever it is, callers must get a refusal that names it
            error, give_up = exc, 0.0
        if inherited.orphaned:
            os._exit(0)
        if time.monotonic() > give_up:
            log.error("serving refusals only: %s", where(error))
            return _refusing(error)
        time.sleep(0.05)


def _refusing(error: Exception) -> Parts:
    broken = Broken(error)
    return Parts(broken, broken, broken)
