"""The service's HTTP face: an ASGI application for hooks, health and control, on loopback TCP and on a Unix socket.

Answers to hooks are always bodies that the client can act on. A caller who does not prove that it knows the install's token
gets 403 and a refusal. Connections over TCP are kept for the next hook; those on the socket, and those of strangers, are not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from checkrein.core import Decision
from checkrein.enforce.hooks import answer
from checkrein.enforce.hooks.events import EVENTS, unknown
from checkrein.enforce.hooks.payload import MAX_BYTES
from checkrein.enforce.hooks.protocol import Call, HookProtocol, failure, interactive_from, where
from checkrein.service.peer import NONCE_MAX, NONCE_MIN, Peer, answer_proof, request_proof, same
from checkrein.service.twins import Twins, Way

log = logging.getLogger("checkrein.service")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

DECISION_SECONDS = 4.0
"""A decision that takes longer is a refusal. Hooks are registered with a longer timeout, so that the refusal arrives."""

BODY_SECONDS = 20.0
SMALL = 2 * 1024  # bodies up to this are judged in the loop's own thread, where the decision point finds that light
LARGE = 1024 * 1024  # bodies above this are read a few at a time, so that memory stays bounded
_LARGE_AT_ONCE = 4
_THREADS = 8
_FAILURES_KEPT = 100
_ADVICE = "Tell the person: `checkrein up` starts the service anew."


@dataclass(frozen=True, slots=True)
class Request:
    """A control request: who asks (Unix socket only), and the JSON object that came with it."""

    peer: Peer
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """A control reply: a JSON object with an HTTP status."""

    body: Mapping[str, Any]
    status: int = 200


class Controls(Protocol):
    """What /health and /control/... do."""

    def health(self) -> Mapping[str, Any]:
        """The state of the service, for `checkrein status`."""

    def control(self, action: str, request: Request) -> Reply:
        """Do ``action`` (``allow``, ``policy/reload`` ...). Runs in a thread; may raise CheckreinError."""


@dataclass(slots=True)
class _Headers:
    """The headers that matter; a header that is sent twice counts as its own contradiction."""

    host: bytes = b""
    origin: bytes | None = None
    token: bytes = b""
    entrypoint: str = ""
    nonce: str = ""
    proof: bytes = b""
    length: int | None = None
    encoded: bool = False

    @classmethod
    def of(cls, raw: list[tuple[bytes, bytes]]) -> _Headers:
        found = dict(raw)
        length = found.get(b"content-length", b"")
        return cls(
            host=b"" if sum(name == b"host" for name, _ in raw) != 1 else found[b"host"],
            origin=found.get(b"origin"),
            token=found.get(b"x-checkrein-token", b""),
            entrypoint=found.get(b"x-checkrein-entrypoint", b"").decode("latin-1"),
            nonce=found.get(b"x-checkrein-nonce", b"").decode("latin-1"),
            proof=found.get(b"x-checkrein-proof", b""),
            length=int(length) if length.isdigit() else None,
            encoded=found.get(b"content-encoding", b"identity") != b"identity",
        )


@dataclass(slots=True)
class _Turn:
    """The queue of one session's decisions."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


@dataclass(slots=True)
class _Budget:
    """How many callers without a valid token are recorded: a few per minute, the rest only counted."""

    per_minute: int = 30
    total: int = 0
    _left: int = 30
    _since: float = 0.0

    def spend(self) -> bool:
        """Count one caller. True where it is to be recorded."""
        self.total += 1
        now = time.monotonic()
        if now - self._since >= 60:
            self._since, self._left = now, self.per_minute
        self._left -= 1
        return self._left >= 0


class TooLargeError(Exception):
    """The body is larger than what is read."""


@dataclass(slots=True)
class Application:
    """The ASGI application. ``uid`` is the only user that the Unix socket serves; ``port`` the TCP port in the Host header."""

    hooks: HookProtocol
    controls: Controls
    token: str
    port: int
    uid: int
    deadline: float = DECISION_SECONDS
    stuck: int = 0  # threads whose decision went past the deadline and still runs
    handled: int = 0
    _twins: Twins = field(default_factory=Twins)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "decide"))
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_LARGE_AT_ONCE))
    _turns: dict[str, _Turn] = field(default_factory=dict)
    _failures: set[str] = field(default_factory=set)  # where requests have failed
    _strangers: _Budget = field(default_factory=_Budget)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request. What fails in here gets an answer that says so."""
        if scope["type"] != "http":
            return
        begun = False

        async def answer_once(message: dict[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._serve(scope, receive, answer_once)
        except Exception as exc:
            if begun:
                raise  # half an answer is none: the connection is closed
            await self._failed(scope, exc, send)

    async def _serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        peer: Peer | None = scope["state"].get("peer")
        headers = _Headers.of(scope["headers"])
        trouble = self._stranger(headers, peer, has_peer="peer" in scope["state"])
        if trouble:
            await _send(send, 403, self._turned_away(path, trouble))
            return
        try:
            body = await self._body(headers, receive)
        except (TooLargeError, TimeoutError) as exc:
            reason = (
                f"the request is larger than {MAX_BYTES} bytes" if isinstance(exc, TooLargeError) else "the request never ended"
            )
            await self._reply(send, headers, peer, self._denial(path, reason, "guard.unreadable"))
            return
        except ConnectionError:
            return  # the caller went away before its request was complete: there is nobody to answer
        if peer is not None and not same(headers.proof, request_proof(self.token, headers.nonce, path, body)):
            await _send(send, 403, self._turned_away(path, "the caller does not know this install's token"))
            return
        await self._route(scope["method"], path, headers, peer, body, send)

    def _stranger(self, headers: _Headers, peer: Peer | None, *, has_peer: bool) -> str:
        """Why this caller is not ours; "" where it may be."""
        if headers.origin is not None:
            return "the request comes from a web page"
        if has_peer:
            if peer is None or peer.uid != self.uid:
                return "the caller is another user"
            return (
                "" if NONCE_MIN <= len(headers.nonce) <= NONCE_MAX and headers.nonce.isalnum() else "the request has no nonce"
            )
        if headers.host not in (b"127.0.0.1:%d" % self.port, b"localhost:%d" % self.port):
            return "the request was meant for another host"
        return "" if same(headers.token, self.token) else "the token is missing or wrong"

    async def _body(self, headers: _Headers, receive: Receive) -> bytes:
        """The whole body. TooLargeError above the limit (read to its end, kept nowhere), TimeoutError where it does not end."""
        if headers.length is not None and headers.length <= LARGE:
            message = await receive()
            if not message.get("more_body"):
                return _chunk(message)
            async with asyncio.timeout(BODY_SECONDS):
                return await _collect(receive, _chunk(message))
        async with self._large, asyncio.timeout(BODY_SECONDS):
            return await _collect(receive, b"")

    async def _route(self, method: str, path: str, headers: _Headers, peer: Peer | None, body: bytes, send: Send) -> None:
        if path.startswith("/hook/"):
            if method != "POST" or headers.encoded:
                await self._reply(send, headers, peer, self._denial(path, "the request is no plain POST", "guard.unreadable"))
                return
            name = path.removeprefix("/hook/")
            way = Way.COMMAND if peer is not None else Way.HTTP
            result = await self._twins.once(name, body, way, lambda: self._hook(name, body, headers))
            await self._reply(send, headers, peer, result)
        elif path == "/health" and method in ("GET", "POST"):
            await self._reply(
                send,
                headers,
                peer,
                orjson.dumps({**self.controls.health(), "handled": self.handled, "turned_away": self._strangers.total}),
            )
        elif path == "/output" and method == "POST" and peer is not None:
            loop = asyncio.get_running_loop()
            await self._reply(send, headers, peer, await loop.run_in_executor(self._pool, self.hooks.output, body))
        elif path.startswith("/control/") and method == "POST" and peer is not None:
            reply = await self._control(path.removeprefix("/control/"), Request(peer, _object(body)))
            await self._reply(send, headers, peer, orjson.dumps(dict(reply.body)), reply.status)
        else:
            await self._reply(send, headers, peer, b'{"error":"there is nothing at this address"}', 404)

    async def _hook(self, name: str, body: bytes, headers: _Headers) -> bytes:
        """Read, judge (here what is small and light, else in a thread with a deadline), record here, and give the answer."""
        self.handled += 1
        loop = asyncio.get_running_loop()
        interactive = interactive_from(headers.entrypoint)
        if len(body) > LARGE:
            call = await loop.run_in_executor(self._pool, lambda: self.hooks.read(name, body, interactive=interactive))
        else:
            call = self.hooks.read(name, body, interactive=interactive)
        if call.refused is not None:
            return self.hooks.finish(call, call.refused, 0)
        judged = None
        if len(body) <= SMALL and call.event.session not in self._turns:
            judged = self.hooks.judge_at_once(call)  # two changes of thread would cost more than the decision
        return self.hooks.finish(call, *(judged or await self._judge(call)))

    async def _judge(self, call: Call) -> tuple[Decision, int]:
        """Judge in turn with the other calls of the same session; a refusal once the deadline has passed, waiting included."""
        start = time.monotonic()
        session = call.event.session
        turn = self._turns.setdefault(session, _Turn())
        turn.users += 1
        try:
            async with asyncio.timeout(self.deadline), turn.lock:
                return await self._in_thread(call)
        except TimeoutError:
            reason = f"the decision took longer than {self.deadline:g} seconds"
            return failure("guard.too-slow", reason), int((time.monotonic() - start) * 1e6)
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[session]

    async def _in_thread(self, call: Call) -> tuple[Decision, int]:
        work = self._pool.submit(self.hooks.judge, call)
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            if not work.cancel():  # it runs already, and a thread cannot be stopped
                loop = asyncio.get_running_loop()
                self.stuck += 1
                work.add_done_callback(lambda _work: loop.call_soon_threadsafe(self._unstick))
            raise

    def _unstick(self) -> None:
        self.stuck -= 1

    @property
    def wedged(self) -> bool:
        """True where every thread is caught in a decision that does not end: only a new process helps."""
        return self.stuck >= _THREADS

    async def _control(self, action: str, request: Request) -> Reply:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self.controls.control, action, request)

    def _denial(self, path: str, reason: str, rule: str) -> bytes:
        """A recorded refusal in the form of the hook that ``path`` names; a plain error for other addresses."""
        if path.startswith("/hook/"):
            return self.hooks.refuse(path.removeprefix("/hook/"), reason, rule=rule)
        return orjson.dumps({"error": reason})

    async def _failed(self, scope: dict[str, Any], exc: Exception, send: Send) -> None:
        """Refuse a request that failed for a reason of ours. Each reason goes to the log and the record once."""
        path: str = scope["path"]
        place = where(exc)
        if place not in self._failures and len(self._failures) < _FAILURES_KEPT:
            self._failures.add(place)
            log.error("requests fail in %s; this is said once", place)
            self.hooks.note("guard.decision-failed", f"requests fail in {place}")
        trouble = f"the service failed in {place}"
        is_hook = path.startswith("/hook/")
        if is_hook:
            name = path.removeprefix("/hook/")
            body = answer.refuse(EVENTS.get(name) or unknown(name[:100]), f"Stopped by checkrein: {trouble}. {_ADVICE}")
        else:
            body = orjson.dumps({"error": f"It did not work: {trouble}.", "trouble": trouble, "fix": _ADVICE})
        try:
            proof = answer_proof(self.token, _Headers.of(scope["headers"]).nonce, body).encode()
        except Exception:  # noqa: BLE001 - where the proof itself fails, no caller goes ahead without one
            proof = None
        await _send(send, 200 if is_hook else 500, body, proof)

    def _turned_away(self, path: str, trouble: str) -> bytes:
        """The refusal of a caller who is not ours; recorded while the budget lasts, so that nobody can fill the record."""
        if self._strangers.spend():
            log.warning("turned a caller away: %s", trouble)
            return self._denial(path, trouble, "guard.stranger")
        name = path.removeprefix("/hook/")
        return answer.refuse(EVENTS.get(name) or unknown(name[:100]), f"Stopped by checkrein: {trouble}.")

    async def _reply(self, send: Send, headers: _Headers, peer: Peer | None, body: bytes, status: int = 200) -> None:
        proof = answer_proof(self.token, headers.nonce, body).encode() if peer is not None else None
        await _send(send, status, body, proof, keep=peer is None)


async def _collect(receive: Receive, start: bytes) -> bytes:
    body = bytearray(start)
    size = len(start)
    more = True
    while more:
        message = await receive()
        chunk = _chunk(message)
        size += len(chunk)
        if size <= MAX_BYTES:
            body += chunk
        more = message.get("more_body", False)
    if size > MAX_BYTES:
        raise TooLargeError
    return bytes(body)


def _chunk(message: dict[str, Any]) -> bytes:
    if message["type"] == "http.disconnect":
        raise ConnectionError
    chunk: bytes = message.get("body", b"")
    return chunk


def _object(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a control request; an empty one where there is none, which then lacks what the action needs."""
    try:
        value = orjson.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def _send(send: Send, status: int, body: bytes, proof: bytes | None = None, *, keep: bool = False) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if not keep:
        headers.append((b"connection", b"close"))
    if proof is not None:
        headers.append((b"x-checkrein-proof", proof))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
