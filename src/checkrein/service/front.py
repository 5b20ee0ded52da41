"""The gateway's front: who may call, its own addresses (health, readiness, metrics), and everything else handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import orjson

from checkrein.core import CheckreinError
from checkrein.service.connection import KeptConnection
from checkrein.service.peer import same, user_of
from checkrein.setup.install import GATEWAY_MOUNT as MOUNT

log = logging.getLogger("checkrein.service")

Receive = Callable[[], Coroutine[Any, Any, dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Asgi = Callable[[dict[str, Any], Receive, Send], Awaitable[object]]

_OWN = frozenset(f"{MOUNT}/{name}" for name in ("health", "ready", "metrics"))
_JSON = b"application/json"
_TEXT = b"text/plain; version=0.0.4; charset=utf-8"


class GatewayConnection(KeptConnection):
    """A client's connection, with the user at its other end where that is on this machine."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look up once who calls: the answer holds for as long as the connection does."""
        super().connection_made(transport)
        try:
            user = user_of(transport.get_extra_info("socket"))
        except (OSError, ValueError):  # it is gone already
            user = None
        self.app_state = {**self.app_state, "user": user}


@dataclass(frozen=True, slots=True)
class Front:
    """The ASGI application around ``app``.

    ``user``: the only one who is served, by the kernel's word; None where everybody who reaches the port is. ``port`` is that
    of the Host header (0: any). ``ready`` raises CheckreinError while requests could not be served. ``metrics`` gives them in
    Prometheus' text format; it is for ``user``, and for who knows ``token`` ("" for nobody).
    """

    app: Asgi
    ready: Callable[[], object]
    metrics: Callable[[], bytes]
    user: int | None = None
    port: int = 0
    token: str = field(default="", repr=False)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        headers = dict(scope["headers"])
        path: str = scope["path"]
        scrapes = path == f"{MOUNT}/metrics" and self._knows_token(headers)
        trouble = "" if scrapes else self._stranger(scope, headers)
        if trouble:
            log.warning("turned a caller away: %s", trouble)
            await _send(send, 403, _error("permission_error", f"this gateway does not serve you: {trouble}"))
        elif path in _OWN:
            await self._serve_own(path.rpartition("/")[2], allowed=scrapes or self.user is not None, send=send)
        elif self.user is None and path.startswith(f"{MOUNT}/"):  # on a person's machine the API stands below that
            await _send(send, 404, _error("not_found_error", f"this gateway has {', '.join(sorted(_OWN))}"))
        else:
            await self.app(scope, receive, send)

    def _knows_token(self, headers: dict[bytes, bytes]) -> bool:
        return bool(self.token) and same(headers.get(b"authorization", b""), f"Bearer {self.token}")

    def _stranger(self, scope: dict[str, Any], headers: dict[bytes, bytes]) -> str:
        """Why this caller is not served; "" where it is."""
        if self.user is None:
            return ""
        if scope["state"].get("user") != self.user:
            return "the program that calls belongs to another user"
        if b"origin" in headers:
            return "the request comes from a web page"
        if self.port and headers.get(b"host") not in (b"127.0.0.1:%d" % self.port, b"localhost:%d" % self.port):
            return "the request was meant for another host"
        return ""

    async def _serve_own(self, name: str, *, allowed: bool, send: Send) -> None:
        loop = asyncio.get_running_loop()
        if name == "health":
            await _send(send, 200, b'{"status":"ok"}')
        elif name == "ready":
            try:
                await loop.run_in_executor(None, self.ready)
            except CheckreinError as error:
                log.error("not ready: %s", error.what)
                told = {"why": error.what, "fix": error.fix} if allowed else {}
                await _send(send, 503, orjson.dumps({"status": "not ready", **told}))
            else:
                await _send(send, 200, b'{"status":"ready"}')
        elif allowed:
            await _send(send, 200, await loop.run_in_executor(None, self.metrics), _TEXT)
        else:
            await _send(send, 403, _error("permission_error", "metrics are for who knows the token of --metrics-token-file"))


@dataclass(frozen=True, slots=True)
class Refusing:
    """Stands in for the gateway where it could not be made: nothing is sent, and the caller is told why."""

    error: CheckreinError

    async def __call__(self, _scope: dict[str, Any], _receive: Receive, send: Send) -> None:
        """Refuse. Not to be tried again by the client: the status is below 500, as trying again would not help."""
        parts = (self.error.what.rstrip("."), self.error.why.rstrip("."), self.error.fix.rstrip("."))
        await _send(send, 403, _error("permission_error", ". ".join(part for part in parts if part)))

    def ready(self) -> None:
        """Not ready."""
        raise self.error

    async def close(self) -> None:
        """Nothing was opened."""


def _error(kind: str, message: str) -> bytes:
    """An error as the Messages API words it."""
    return orjson.dumps({"type": "error", "error": {"type": kind, "message": f"Checkrein: {message}."}})


async def _send(send: Send, status: int, body: bytes, kind: bytes = _JSON) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
