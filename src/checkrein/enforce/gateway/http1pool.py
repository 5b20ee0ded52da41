"""Connections of HTTP/1.1 to one API: opened where there is none, kept for a while, used by one exchange at a time."""

from __future__ import annotations

import asyncio
import socket
import ssl
from asyncio.staggered import staggered_race
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import zip_longest
from typing import Any

import httpcore

from checkrein.enforce.gateway.http1 import Connection, Response

CONNECT_SECONDS = 15.0
READ_SECONDS = 900.0
"""How long the API may be silent. It sends pings while it thinks; clients give up after ten minutes."""

KEEPALIVE_SECONDS = 60.0
CONNECTIONS = 1000
IDLE = 100

PROTOCOL = "http/1.1"
"""By its name in TLS (ALPN, RFC 7301)."""

_Address = tuple[int, int, int, str, Any]
"""As ``getaddrinfo`` gives it."""

_ATTEMPTS = 2
_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305, 5: until the next address is tried beside one that does not answer


class OtherProtocolError(Exception):
    """The API did not agree to HTTP/1.1 in the TLS handshake. Nothing was sent."""


class Pool:
    """The connections to one host."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """``tls``: None for plain HTTP. It is told to offer ``PROTOCOL`` alone."""
        if tls is not None:
            tls.set_alpn_protocols([PROTOCOL])
        self._host = host
        self._port = port
        self._tls = tls
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._idle: dict[Connection, asyncio.TimerHandle] = {}
        self._busy: set[Connection] = set()

    async def ask(self, head: bytes, body: bytes, *, bodiless: bool) -> Response:
        """Send a request; the answer, with its head. Raises what httpcore raises, or OtherProtocolError."""
        await self._place()
        try:
            response = await self._sent(head, body, bodiless=bodiless)
        except BaseException:
            self._places.release()
            raise
        try:
            await response.head()
        except BaseException:
            await response.aclose()
            raise
        return response

    async def close(self) -> None:
        """Close all connections."""
        for connection in (*self._idle, *self._busy):
            self._drop(connection)
            connection.abort()

    async def _sent(self, head: bytes, body: bytes, *, bodiless: bool) -> Response:
        """Send a request, on another connection where the first was closed before it could be asked."""
        for _ in range(_ATTEMPTS - 1):
            connection = self._kept() or await self._opened()
            with suppress(httpcore.ConnectError):
                return self._asked(connection, head, body, bodiless=bodiless)
        return self._asked(await self._opened(), head, body, bodiless=bodiless)

    def _asked(self, connection: Connection, head: bytes, body: bytes, *, bodiless: bool) -> Response:
        response = connection.ask(head, body, bodiless=bodiless, ended=self._ended)
        self._busy.add(connection)
        return response

    async def _place(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._places.acquire()
        except TimeoutError as error:
            raise httpcore.PoolTimeout("all connections are in use") from error

    def _kept(self) -> Connection | None:
        """The connection that was used last, where one is still good."""
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.usable:
                return connection
            connection.abort()
        return None

    def _ended(self, connection: Connection, again: bool) -> None:  # noqa: FBT001 - as ``Connection.ask`` calls it
        self._busy.discard(connection)
        self._places.release()
        if not again:
            return
        if len(self._idle) >= IDLE:
            oldest = next(iter(self._idle))
            self._drop(oldest)
            oldest.abort()
        self._idle[connection] = asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self._expire, connection)

    def _expire(self, connection: Connection) -> None:
        self._drop(connection)
        connection.abort()

    def _drop(self, connection: Connection) -> None:
        timer = self._idle.pop(connection, None)
        if timer is not None:
            timer.cancel()

    async def _opened(self) -> Connection:
        """A new connection. Where there is none at first, it is tried once more."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._open()
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                pass
        return await self._open()

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        named = self._host if self._tls is not None else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                sock = await _connected(self._host, self._port)
                _, connection = await loop.create_connection(
                    partial(Connection, READ_SECONDS), sock=sock, ssl=self._tls, server_hostname=named
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("it did not answer") from error
        except ssl.SSLError as error:
            if "NO_APPLICATION_PROTOCOL" in (error.reason or ""):
                raise OtherProtocolError from error
            raise httpcore.ConnectError(str(error)) from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        if self._tls is not None and connection.chosen() != PROTOCOL:
            connection.abort()
            raise OtherProtocolError
        return connection


async def _connected(host: str, port: int) -> socket.socket:
    """A socket that is connected, to whichever address of the host answers first (RFC 8305). OSError where none does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    attempts = [partial(_connect, family, address) for family, _, _, _, address in _alternating(found)]
    won, _, errors = await staggered_race(attempts, _NEXT_ADDRESS_SECONDS)
    if won is None:
        raise next((error for error in errors if isinstance(error, OSError)), OSError("it has no address"))
    sock: socket.socket = won
    return sock


async def _connect(family: int, address: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)  # noqa: FBT003 - the method's only form
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


def _alternating(found: Sequence[_Address]) -> list[_Address]:
    """The addresses in the resolver's order, but both families in turn: one of them may lead nowhere from here."""
    first = [each for each in found if each[0] == found[0][0]]
    others = [each for each in found if each[0] != found[0][0]]
    mixed = [each for pair in zip_longest(first, others) for each in pair]
    return [each for each in mixed if each is not None]
