"""``KeptConnection``: uvicorn's connection, which never drops a caller who has sent something.

A connection that is kept is closed from this side only while nothing of a request has arrived on it: a request lost like that
would fail for no reason.
"""

from __future__ import annotations

import asyncio
import fcntl
import termios
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LULL_SECONDS = 0.25  # before a handover: who has not called again by then hardly calls in the moment when it is closed
MAX_KEPT = 128  # connections; while there are more, each is closed after its answer
_ARRIVING = memoryview(bytearray(256 * 1024))
"""What arrives stands here until it is parsed, which is at once: a process needs no second one."""


class KeptConnection(HttpToolsProtocol):
    """One connection to a worker."""

    _reading = False  # a request has begun, and its headers are not complete
    _last = False  # it closes after the next answer

    def on_message_begin(self) -> None:
        """A request begins."""
        self._reading = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request is to be answered. Its connection is kept where there is room, unless another worker takes over."""
        self._reading = False
        super().on_headers_complete()
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


class Arriving(asyncio.BufferedProtocol):
    """Gives a connection what arrives, read into one place again and again: uvloop would make a buffer of 256 KiB for every
    record of TLS, and cut it to its 16. That is a fifth of a millisecond for a body of 1 MB.
    """

    def __init__(self, connection: KeptConnection) -> None:
        self._connection = connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is there."""
        self._connection.connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._connection.connection_lost(error)

    def get_buffer(self, _hint: int) -> memoryview:
        """Where to put what arrives."""
        return _ARRIVING

    def buffer_updated(self, count: int) -> None:
        """So many bytes have arrived."""
        self._connection.data_received(_ARRIVING[:count])  # type: ignore[arg-type] # the parser takes any bytes

    def eof_received(self) -> None:
        """The caller will send no more."""
        self._connection.eof_received()

    def pause_writing(self) -> None:
        """The caller takes what is sent too slowly."""
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        """The caller has taken it."""
        self._connection.resume_writing()
