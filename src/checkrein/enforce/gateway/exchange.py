"""One request and its answer, from the client's first byte to our last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import httpcore

from checkrein.core import RedactionError
from checkrein.enforce.gateway import encoding
from checkrein.enforce.gateway.answers import Answer, TooLongError, answer_for
from checkrein.enforce.gateway.http1 import Headers
from checkrein.enforce.gateway.ports import Ports, Scope, Settings
from checkrein.enforce.gateway.refuse import Refusal, RefusedError, refusal_of
from checkrein.enforce.gateway.request import (
    Arrived,
    ClientGoneError,
    Preparer,
    Ready,
    Receive,
    arrived,
    kept_headers,
    places,
    read_body,
)
from checkrein.enforce.gateway.stream import BrokenStreamError
from checkrein.enforce.gateway.upstream import Response, Upstream
from checkrein.ledger.egress import Sent
from checkrein.vault.placeholder import PREFIX

log = logging.getLogger("checkrein.gateway")

Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")

_PREFIX = PREFIX.encode()
_MAX_DECODED = 1024 * 1024 * 1024  # bytes of one answer that came compressed
_REWRITTEN = frozenset({b"content-length", b"content-encoding"})
_REPEATS = frozenset({307, 308})
"""A client that follows these sends its body once more, as it is, to wherever they point."""
_STATUSES = range(200, 600)
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Machinery:
    """What all exchanges share."""

    settings: Settings
    ports: Ports
    upstream: Upstream
    preparer: Preparer
    threads: ThreadPoolExecutor


class Exchange:
    """Runs once. Whatever fails is told to the client in the API's own form, or by a cut connection where it is too late."""

    def __init__(self, machinery: Machinery, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self._machinery = machinery
        self._scope = scope
        self._receive = receive
        self._send = send
        self._began = time.perf_counter()
        self._status = 0
        self._bytes_back = 0

    async def run(self) -> None:
        """Serve it."""
        try:
            request = arrived(self._scope, self._machinery.settings.mount)
            body = await read_body(request, self._receive, self._machinery.settings.max_bytes)
            ready = await self._in_thread(self._machinery.preparer.ready, request, body)
        except RefusedError as refused:
            await self._refuse(refused)
            self._tell(None)
            return
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - its message may hold what the request does
            log.error("a request could not be looked at: %s", places(error))
            await self._refuse(
                RefusedError(Refusal.UNSAFE, f"nothing was sent: looking at it failed ({type(error).__name__}).")
            )
            self._tell(None)
            return
        try:
            await self._while_client_stays(self._forward(request, ready))
        finally:
            self._machinery.threads.submit(self._finish, ready)
            self._tell(ready.sent)

    def _tell(self, sent: Sent | None) -> None:
        self._machinery.ports.observer.finished(sent, self._status, time.perf_counter() - self._began)

    def _finish(self, ready: Ready) -> None:
        try:
            self._machinery.ports.record.finish(ready.number, self._status, self._bytes_back)
        except Exception as error:  # noqa: BLE001 - in a thread of which nobody asks for the outcome
            log.error("how a request ended is not on record: %s", places(error))

    async def _while_client_stays(self, work: Awaitable[None]) -> None:
        """Run ``work``; where the client goes away first, it ends, and with it what we have open to the API."""
        working = asyncio.ensure_future(work)
        leaving = asyncio.ensure_future(self._client_gone())
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not working.done():
                working.cancel()
            with suppress(asyncio.CancelledError):
                await working

    async def _client_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _forward(self, request: Arrived, ready: Ready) -> None:
        """Send the request and relay its answer."""
        try:
            response = await self._machinery.upstream.send(request.method, request.target, ready.headers, ready.body)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            await self._refuse(self._unreached(error))
            return
        try:
            await self._relay(request, ready, response)
        except RefusedError as refused:
            await self._refuse(refused)
        except Exception as error:  # noqa: BLE001 - its message may hold what the answer does
            log.error("an answer could not be passed on: %s", places(error))
            if not self._status:
                await self._refuse(RefusedError(Refusal.UPSTREAM, f"the answer cannot be passed on ({type(error).__name__})."))
        finally:
            await response.aclose()

    async def _relay(self, request: Arrived, ready: Ready, response: Response) -> None:
        headers = [(name.lower(), value) for name, value in response.headers]
        named = dict(headers)
        content_type = named.get(b"content-type", b"").decode("latin-1")
        settings = self._machinery.settings
        answer = answer_for(request.path, content_type, settings.restore, lambda mark: self._value(ready, mark))
        if response.status not in _STATUSES:
            host = self._machinery.upstream.base.authority
            raise RefusedError(Refusal.UPSTREAM, f"{host} answered with the status {response.status}, which is none.")
        if response.status in _REPEATS and ready.body:
            raise RefusedError(Refusal.UPSTREAM, self._elsewhere(named))
        if request.method == "HEAD" or response.status in _WITHOUT_BODY:
            await self._start(response.status, kept_headers(headers))
            await self._give(b"", last=True)
        elif answer.changes:
            pieces = _decoded(response, named.get(b"content-encoding", b"").decode("latin-1"))
            await self._pass_on(answer, pieces, response.status, kept_headers(headers, without=_REWRITTEN))
        else:
            await self._pass_on(answer, response.pieces(), response.status, kept_headers(headers))

    async def _pass_on(self, answer: Answer, pieces: AsyncGenerator[bytes, None], status: int, headers: Headers) -> None:
        """Give the client what ``answer`` makes of the pieces. RefusedError as long as nothing was given."""
        if answer.at_once:
            await self._start(status, headers)
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self._bytes_back += len(piece)
                    if out := await self._fed(answer, piece):
                        await self._start(status, headers)
                        await self._give(out)
            last = await self._in_thread(answer.end) if answer.waits else answer.end()
        except BrokenStreamError as error:
            last = error.last
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, encoding.EncodingError) as error:
            if not self._status:
                raise self._unreached(error) from error
            words = answer.cut(self._unreached(error).message)
            if words is None:
                return
            last = words
        except (RedactionError, TooLongError) as error:
            if not self._status:
                raise _unrestored(error) from error
            return
        await self._start(status, headers)
        await self._give(last, last=True)

    async def _fed(self, answer: Answer, piece: bytes) -> bytes:
        """What a piece becomes. A value may have to be fetched from a store, which must not hold up other streams."""
        if answer.changes and (_PREFIX in piece or answer.waits):
            return await self._in_thread(answer.feed, piece)
        return answer.feed(piece)

    def _value(self, ready: Ready, mark: str) -> str | None:
        """The value of a placeholder that the client may have back."""
        ports, settings = self._machinery.ports, self._machinery.settings
        if settings.scope is Scope.REQUEST and mark not in ready.made:
            return None
        return ports.restore(mark)

    async def _start(self, status: int, headers: Headers) -> None:
        """Send the head of the answer, once."""
        if not self._status:
            self._status = status
            await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def _give(self, out: bytes, *, last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": out, "more_body": not last})

    async def _refuse(self, refused: RefusedError) -> None:
        body = refused.body()
        length = str(len(body)).encode()
        await self._start(refused.status, [(b"content-type", b"application/json"), (b"content-length", length)])
        await self._give(body, last=True)

    def _elsewhere(self, named: Mapping[bytes, bytes]) -> str:
        host, place = self._machinery.upstream.base.authority, named.get(b"location", b"").decode("latin-1")[:200]
        return f"{host} redirects to {place!r}, where your client would send everything unredacted. Set gateway.upstream to it."

    def _unreached(self, error: Exception) -> RefusedError:
        """For an API that does not answer as it should."""
        host = self._machinery.upstream.base.authority
        if isinstance(error, httpcore.TimeoutException):
            return RefusedError(Refusal.TIMEOUT, f"{host} did not answer in time ({type(error).__name__}).")
        if isinstance(error, encoding.EncodingError):
            return RefusedError(Refusal.UPSTREAM, f"the answer of {host} cannot be read: {error}.")
        if isinstance(error, httpcore.ProxyError):
            return RefusedError(Refusal.UPSTREAM, f"the proxy before {host} does not let the request through: {error}.")
        if isinstance(error, httpcore.ConnectError):
            return RefusedError(Refusal.UPSTREAM, f"{host} cannot be reached: {error}.")
        return RefusedError(Refusal.UPSTREAM, f"the connection to {host} was cut ({type(error).__name__}).")

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._machinery.threads, function, *arguments)


async def _decoded(response: Response, name: str) -> AsyncGenerator[bytes, None]:
    """The answer without its encoding. We ask for none, but an API may encode all the same. Raises EncodingError."""
    decoder = None if encoding.is_identity(name) else encoding.Decoder(name, _MAX_DECODED)
    async with aclosing(response.pieces()) as pieces:
        async for piece in pieces:
            yield piece if decoder is None else decoder.feed(piece)
    if decoder is not None:
        decoder.end()


def _unrestored(error: Exception) -> RefusedError:
    if isinstance(error, RedactionError):
        message = f"the answer holds placeholders that cannot be restored: {error.what} ({error.why})."
        return RefusedError(refusal_of(error), message)
    return RefusedError(Refusal.UPSTREAM, f"{error}.")
