"""A gateway between a client that speaks ASGI and an API that speaks HTTP/1.1 on loopback, both in one event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from checkrein.core import VaultError
from checkrein.core.redacted import Redacted
from checkrein.enforce.gateway.app import Gateway
from checkrein.enforce.gateway.ports import Caller, Outgoing, Ports, Settings
from checkrein.enforce.gateway.upstream import Upstream
from checkrein.ledger.egress import Sent
from checkrein.policy.privacy import Attachments
from checkrein.vault import placeholder

SECRET = re.compile(r"s3cret-[a-z0-9-]+")
RULE = ("secret.test", "API_KEY")
_KEY = b"k" * 32


def placeholder_of(value: str) -> str:
    """The placeholder that stands for a value here."""
    return placeholder.make(_KEY, "API_KEY", value)


@dataclass
class Redaction:
    """Knows one kind of secret, and keeps values in memory. ``seen`` are all texts it was asked about, with their sources.

    It is its own batch; ``kept`` counts how often one was kept, ``unkept`` is what that raises.
    """

    version: int = 1
    known: int = 0
    values: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    failure: Exception | None = None
    kept: int = 0
    unkept: Exception | None = None

    def batch(self) -> Redaction:
        """See ``checkrein.enforce.gateway.ports.Redactor``."""
        return self

    def stands_in(self, redacted: str) -> bool:
        """What it knows it knows from the beginning."""
        return False

    def keep(self) -> None:
        """Count it."""
        if self.unkept is not None:
            raise self.unkept
        self.kept += 1

    def redact(self, text: str, source: str) -> Redacted:
        """Replace every secret."""
        self.seen.append((text, source))
        if self.failure is not None:
            raise self.failure
        count = 0

        def hide(found: re.Match[str]) -> str:
            nonlocal count
            count += 1
            mark = placeholder_of(found[0])
            self.values[mark] = found[0]
            return mark

        new = SECRET.sub(hide, text)
        return Redacted(new, {RULE: count} if count else {})

    def restore(self, mark: str) -> str | None:
        """The value of a placeholder."""
        if self.failure is not None:
            raise self.failure
        return self.values.get(mark)


@dataclass
class Records:
    """What was put on record."""

    begun: list[Sent] = field(default_factory=list)
    ended: dict[int, tuple[int, int]] = field(default_factory=dict)
    failure: Exception | None = None

    def begin(self, sent: Sent) -> int:
        """Keep it."""
        if self.failure is not None:
            raise self.failure
        self.begun.append(sent)
        return len(self.begun) - 1

    def finish(self, number: int, status: int, bytes_back: int) -> None:
        """Keep how it ended."""
        self.ended[number] = (status, bytes_back)


@dataclass
class Observed:
    """What the observer was told."""

    told: list[tuple[Sent | None, int]] = field(default_factory=list)

    def finished(self, sent: Sent | None, status: int, seconds: float) -> None:
        """Keep it."""
        assert seconds >= 0
        self.told.append((sent, status))


@dataclass(frozen=True)
class Arrival:
    """A request as the API got it. Headers have names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)


Answering = Callable[[Arrival, asyncio.StreamWriter], Awaitable[None]]


def plain(body: bytes, status: str = "200 OK", **headers: str) -> Answering:
    """An answer that is there at once. Header names are given with ``_`` for ``-``."""

    async def answer(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
        given = {"content_type": "application/json", "content_length": str(len(body)), **headers}
        lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in given.items())]
        writer.write("\r\n".join((*lines, "", "")).encode() + body)
        await writer.drain()

    return answer


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def streamed(pieces: Sequence[bytes], *, end: bytes = b"0\r\n\r\n", pause: float = 0) -> Answering:
    """A stream of events in these pieces; without ``end`` it breaks off."""

    async def answer(_arrival: Arrival, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for piece in pieces:
            writer.write(chunk(piece))
            await writer.drain()
            await asyncio.sleep(pause)
        if end:
            writer.write(end)
            await writer.drain()
        else:
            writer.close()

    return answer


class Api:
    """The API: keeps what arrives and answers as it is told."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.answer: Answering = plain(b"{}")
        self.cut = asyncio.Event()
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**26)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                arrival = await _arrival(reader)
                self.arrivals.append(arrival)
                await self.answer(arrival, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            self.cut.set()
        finally:
            writer.close()


async def _arrival(reader: asyncio.StreamReader) -> Arrival:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Arrival(method, target, headers, body)


@dataclass
class Reply:
    """What the client got. ``complete`` is False where the connection was cut."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    complete: bool = False

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)

    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)


@dataclass
class World:
    """Everything around a gateway."""

    api: Api
    app: Gateway
    redaction: Redaction
    records: Records
    observed: Observed
    asked: list[Caller]
    classified: list[Outgoing]

    async def call(
        self,
        path: str = "/v1/messages",
        body: Any = b"",
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        query: bytes = b"",
        leaves: Callable[[Reply], bool] | None = None,
    ) -> Reply:
        """One request. A body that is not bytes goes as JSON. The client leaves as soon as ``leaves`` says so of its reply."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        given = {"host": "gateway", "content-type": "application/json", **(headers or {})}
        if data:
            given["content-length"] = str(len(data))
        reply = Reply()
        left = asyncio.Event()
        events: list[dict[str, Any]] = [{"type": "http.request", "body": data, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if events:
                return events.pop(0)
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(event: dict[str, Any]) -> None:
            if event["type"] == "http.response.start":
                reply.status = event["status"]
                reply.headers = {name.decode(): value.decode() for name, value in event["headers"]}
            else:
                reply.pieces.append(event["body"])
                reply.complete = not event["more_body"]
            if leaves is not None and leaves(reply):
                left.set()

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }
        await self.app(scope, receive, send)
        return reply

    def sent(self) -> Any:
        """The body of the last request that reached the API."""
        return self.api.arrivals[-1].json()


_PLAIN = Settings("")


@asynccontextmanager
async def gateway(
    settings: Settings = _PLAIN,
    *,
    environment: Mapping[str, str] | None = None,
    attachments: Attachments = Attachments.COUNT,
    reasons: Callable[[Outgoing], Sequence[str]] = lambda _outgoing: (),
    prefix: str = "",
) -> AsyncIterator[World]:
    """A gateway before an API on loopback. ``settings.upstream`` is filled in where it is empty."""
    api = Api()
    await api.start()
    settings = replace(settings, upstream=settings.upstream or f"{api.url}{prefix}")
    redaction, records, observed = Redaction(), Records(), Observed()
    asked: list[Caller] = []
    classified: list[Outgoing] = []

    def redactor(caller: Caller) -> Redaction:
        asked.append(caller)
        return redaction

    def classify(outgoing: Outgoing) -> Sequence[str]:
        classified.append(outgoing)
        return reasons(outgoing)

    ports = Ports(redactor, lambda _caller: attachments, redaction.restore, classify, records, observed)
    app = Gateway(settings, ports, Upstream(settings.upstream, environment or {}))
    try:
        yield World(api, app, redaction, records, observed, asked, classified)
    finally:
        await app.close()
        await api.stop()


def run(work: Callable[[World], Awaitable[None]], **given: Any) -> None:
    """Run ``work`` with a gateway."""

    async def main() -> None:
        async with gateway(**given) as world:
            await work(world)

    asyncio.run(asyncio.wait_for(main(), 30))


def broken_vault() -> VaultError:
    """A vault that cannot be used at this moment."""
    return VaultError("the vault is locked", why="another process holds it", fix="try again", passing=True)
