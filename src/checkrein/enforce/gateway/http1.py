"""One connection of HTTP/1.1 to the API: asyncio's transport, and llhttp (by httptools) that reads the answers.

It is here because it delays an answer and its first event much less than a general client does, and for nothing else: proxies
and HTTP/2 are httpcore's. What fails is raised as httpcore raises it.

A connection carries one exchange at a time. It is kept only where the answer was whole, nothing came behind it, and the API did
not say otherwise; in every other case, and when the one who reads it stops, it is closed.
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import cast

import httpcore
import httptools

from checkrein.enforce.gateway.gathered import MAX_AHEAD

Headers = Sequence[tuple[bytes, bytes]]

MAX_HEAD = 100 * 1024
"""Bytes that an answer may have before its body begins, interim answers (1xx) included."""

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, 5.6.2
_TARGET = re.compile(rb"[!-~]+")
_IN_NO_VALUE = re.compile(rb"[\x00\r\n]")


def head_of(method: str, target: bytes, headers: Headers) -> bytes:
    """A request's head as it goes over the wire. httpcore.LocalProtocolError where a part of it would be read as another."""
    verb = method.encode("latin-1", "replace")
    if not _TOKEN.fullmatch(verb) or not _TARGET.fullmatch(target):
        raise httpcore.LocalProtocolError("the method or the address is none")
    lines = [verb + b" " + target + b" HTTP/1.1"]
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or _IN_NO_VALUE.search(value):
            raise httpcore.LocalProtocolError("a header is none")
        lines.append(name + b": " + value)
    return b"\r\n".join((*lines, b"", b""))


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self, silence: float) -> None:
        """``silence``: seconds that the API may say nothing while it is asked."""
        self._silence = silence
        self._transport = cast("asyncio.Transport", None)  # there from ``connection_made`` on
        self._response: Response | None = None
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        self._transport = cast("asyncio.Transport", transport)
        self._open = True

    def data_received(self, data: bytes) -> None:
        """Something of the answer. What nobody asked for is no answer to whoever asks next."""
        if self._response is None:
            self.abort()
        else:
            self._response.feed(data)

    def eof_received(self) -> None:
        """The API ends it: so do we."""
        if self._response is not None:
            self._response.lost(None)
        self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._open = False
        if self._response is not None:
            self._response.lost(error)

    @property
    def usable(self) -> bool:
        """Whether a request may go out on it: it is open, and nothing has come, its end included."""
        if not self._open or self._transport.is_closing():
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def chosen(self) -> str | None:
        """The protocol that both sides agreed on during the TLS handshake; None where there was no such talk."""
        tls = self._transport.get_extra_info("ssl_object")
        return None if tls is None else cast("str | None", tls.selected_alpn_protocol())

    def ask(self, head: bytes, body: bytes, *, bodiless: bool, ended: Callable[[Connection, bool], None]) -> Response:
        """Send a request. ``bodiless``: whatever its head says, the answer has no body (HEAD).

        ``ended`` is called when the answer is over, or given up; with True where the connection can be used again.
        Raises httpcore.ConnectError where the connection is not open any more: nothing was sent then.
        """
        if not self._open or self._transport.is_closing():
            self.abort()
            raise httpcore.ConnectError("it closed the connection before it was asked")

        def over(*, whole: bool) -> None:
            self._response = None
            kept = whole and self._open and not self._transport.is_closing() and not self._transport.get_write_buffer_size()
            if not kept:
                self.abort()
            ended(self, kept)

        self._response = Response(self._transport, self._silence, over, bodiless=bodiless)
        self._transport.writelines((head, body) if body else (head,))
        return self._response

    def abort(self) -> None:
        """Close it now."""
        if self._open:
            self._open = False
            self._transport.abort()


class Response:
    """An answer: its head once ``head`` was awaited, its body by ``pieces``. ``aclose`` it, whatever came of it."""

    status = 0

    def __init__(self, transport: asyncio.Transport, silence: float, over: Callable[..., None], *, bodiless: bool) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self._transport = transport
        self._over = over
        self._bodiless = bodiless
        self._parser: httptools.HttpResponseParser | None  # let go of in ``aclose``, as they hold each other
        self._parser = httptools.HttpResponseParser(self)
        self._loop = asyncio.get_running_loop()
        self._before = 0  # bytes that came before the body began
        self._begun = False  # the head is complete
        self._complete = False
        self._kept = False  # the API lets the connection be used again
        self._until_end = False  # the body ends where the connection does
        self._error: Exception | None = None
        self._held: list[bytes] = []
        self._size = 0
        self._paused = False
        self._waiting: asyncio.Future[None] | None = None
        self._silence = silence
        self._heard = self._loop.time()
        self._unsent = 0
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(silence, self._listen)

    async def head(self) -> None:
        """Wait for status and headers. Raises what httpcore raises."""
        while not self._begun:
            await self._more()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body: all that has arrived since the last piece was taken, as soon as there is any. Raises what httpcore raises,
        once all that came before was given out."""
        while True:
            if self._held:
                piece = b"".join(self._held)
                self._held.clear()
                self._size = 0
                self._read_on()
                yield piece
            elif self._complete:
                return
            else:
                await self._more()

    async def aclose(self) -> None:
        """It is over. What was not read of it closes the connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._parser = None
            self._read_on()
            self._over(whole=self._complete and self._kept)

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._heard = self._loop.time()
        if self._complete or self._parser is None:  # what comes behind the end answers nothing
            self._kept = False
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(httpcore.RemoteProtocolError("this is no answer in HTTP/1.1"))
        if not self._begun:
            self._before += len(data)
            if self._before > MAX_HEAD:
                self._fail(httpcore.RemoteProtocolError("the head of the answer is too long"))
        elif self._size >= MAX_AHEAD and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._kept = False
        if self._begun and self._until_end and error is None:
            self._complete = True
        self._fail(httpcore.ReadError(type(error).__name__) if error else httpcore.RemoteProtocolError("it broke off"))
        self._wake()

    def on_message_begin(self) -> None:
        """Of an interim answer, of the answer, or of something that nobody asked for."""
        if self._complete:
            self._kept = False
            return
        self._begun = False
        self.headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers are left out."""
        if not self._begun:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._complete or self._parser is None:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            return
        self.status = status
        self._begun = True
        self._kept = self._parser.should_keep_alive()
        codings = b",".join(value for name, value in self.headers if name.lower() == b"transfer-encoding")
        if codings and codings.strip(b" \t").lower() != b"chunked":
            self._begun = False
            self._fail(httpcore.RemoteProtocolError("its transfer coding is another than chunked, alone and once"))
            return
        self._until_end = not codings and not any(name.lower() == b"content-length" for name, _ in self.headers)
        if self._bodiless:
            self._complete = True

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        if self._complete:
            self._kept = False
            return
        self._held.append(piece)
        self._size += len(piece)

    def on_message_complete(self) -> None:
        """All is there, unless that was an interim answer."""
        if self._begun:
            self._complete = True

    async def _more(self) -> None:
        """Wait until something has come. Raises what went wrong."""
        if self._error is not None:
            raise self._error
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _read_on(self) -> None:
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self._complete and self._error is None:
            self._error = error

    def _listen(self) -> None:
        """Give up where the API was silent for too long. It is not where it takes the request, or we do not take the answer."""
        unsent = self._transport.get_write_buffer_size()
        if unsent != self._unsent or self._waiting is None:
            self._unsent, self._heard = unsent, self._loop.time()
        left = self._heard + self._silence - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._listen)
        else:
            self._fail(httpcore.ReadTimeout("nothing came"))
            self._wake()
