"""The worker process: serves hooks on the sockets that the supervisor holds, and tells it once a second that it is alive.

The supervisor passes the listening sockets and two pipes (``service.inherited``). SIGTERM drains.

The record has one writer. At a handover the new worker therefore says that it is loaded, waits until the old one has drained
and let go of the record, and then serves; callers wait that moment in the sockets' queues. Where the record or the policy
cannot be opened at all, the worker serves refusals that say so, and ends after a while so that the next one tries again.

The port speaks TLS only, so that the client knows who answers. Where the certificate cannot be used, the port stays silent,
which stops every call, and the socket says why.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import logging.handlers
import os
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from checkrein import __version__
from checkrein.core import CheckreinError, Decision, Event, LedgerError, ServiceError
from checkrein.enforce.hooks import answer
from checkrein.enforce.hooks.events import EVENTS
from checkrein.enforce.hooks.protocol import HookProtocol, PolicyDecisionPoint, Recorder, where
from checkrein.enforce.hooks.redaction import HookRedaction
from checkrein.service import certificate
from checkrein.service.connection import KeptConnection
from checkrein.service.inherited import Inherited
from checkrein.service.paths import ServicePaths
from checkrein.service.peer import peer_of
from checkrein.service.server import DECISION_SECONDS, Application, Controls, Reply, Request
from checkrein.service.supervised import Supervised
from checkrein.service.upkeep import EVERY_SECONDS
from checkrein.service.watch import POLL_SECONDS, Watch

log = logging.getLogger("checkrein.service")

DRAIN_SECONDS = 10
TURN_SECONDS = 12.0  # how long the worker before us may take to let go of the record
BROKEN_SECONDS = 30.0  # how long refusals are served before all is tried anew
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


class ServiceConnection(KeptConnection):
    """A connection of a hook or a command of ours, which also knows the peer of a Unix socket."""

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

    def on_headers_complete(self) -> None:
        """A request is to be answered. Its connection is kept where there is room, unless another worker takes over."""
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _WholeAnswers(self.transport))

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with a refusal that a hook caller would honour."""
        body = answer.refuse(EVENTS["PreToolUse"], f"Stopped by checkrein: {msg}")
        head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.transport.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        self.transport.close()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a worker is made of. ``close`` is called after the last answer; ``watch`` is polled and its remarks recorded;
    ``upkeep`` runs in a thread at the start and then daily; ``redaction`` rewrites what tools give back."""

    point: PolicyDecisionPoint
    recorder: Recorder
    controls: Controls
    watch: Watch | None = None
    close: Callable[[], object] | None = None
    upkeep: Callable[[], object] | None = None
    redaction: HookRedaction | None = None


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


class Worker(Supervised):
    """The worker's server. Where every thread is caught in a decision, it goes silent, so that it is replaced."""

    def __init__(
        self, app: Application, inherited: Inherited, parts: Parts, tls: ssl.SSLContext | None, lifetime: float | None
    ) -> None:
        super().__init__(app, ServiceConnection, inherited, DRAIN_SECONDS)
        self._app = app
        self._parts = parts
        self._tls = tls
        self._lifetime = lifetime

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, ``sockets`` as they are and the port by TLS."""
        await super().startup(sockets)
        if self._tls is not None:
            await self.listen(self._inherited.sockets[0], self._tls)
        if self._lifetime is not None:
            asyncio.get_running_loop().call_later(self._lifetime, self.drain)
        if self._parts.watch is not None:
            self._tasks.append(asyncio.create_task(self._keep_watching(self._parts.watch)))
        if self._parts.upkeep is not None:
            self._tasks.append(asyncio.create_task(self._keep_up(self._parts.upkeep)))

    def is_well(self) -> bool:
        """See ``Supervised``."""
        return not self._app.wedged

    async def _keep_watching(self, watch: Watch) -> None:
        while True:
            for remark in await asyncio.get_running_loop().run_in_executor(None, watch.poll):
                self._app.hooks.note("guard.client-folder", remark)
            await asyncio.sleep(POLL_SECONDS)

    async def _keep_up(self, upkeep: Callable[[], object]) -> None:
        while True:
            await asyncio.get_running_loop().run_in_executor(None, upkeep)
            await asyncio.sleep(EVERY_SECONDS)


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
        hooks=HookProtocol(parts.point, parts.recorder, parts.redaction),
        controls=parts.controls,
        token=paths.token(),
        port=inherited.sockets[0].getsockname()[1],
        uid=os.geteuid(),
        deadline=deadline,
    )
    sys.setswitchinterval(0.001)  # the loop's thread gets the interpreter back sooner while a decision computes
    gc.freeze()
    lifetime = BROKEN_SECONDS if isinstance(parts.point, Broken) else None
    Worker(app, inherited, parts, tls, lifetime).run(sockets=list(inherited.sockets[1:]))
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
