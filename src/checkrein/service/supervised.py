"""``Supervised``: uvicorn's server as a worker under our supervisor, with a heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import uvicorn

from checkrein.service.connection import LULL_SECONDS, KeptConnection
from checkrein.service.inherited import Inherited

log = logging.getLogger("checkrein.service")

BEAT_SECONDS = 1.0
IDLE_SECONDS = 900  # a kept connection that nobody uses is closed: by then the client has let go of it
HANDSHAKE_SECONDS = 5.0  # who has not said hello by then, or speaks no TLS, is let go
_BACKLOG = 1024


class Supervised(uvicorn.Server):
    """Serves ``app`` on what was ``inherited``. It stops on its own when the supervisor is gone.

    ``drain``: seconds that answers under way are given once it is told to stop.
    """

    def __init__(self, app: Any, connection: type[KeptConnection], inherited: Inherited, drain: int) -> None:
        config = uvicorn.Config(
            app,
            http=connection,
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
            timeout_graceful_shutdown=drain,
        )
        super().__init__(config)
        self._connection_class = connection
        self._inherited = inherited
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving ``sockets``, and beat from now on."""
        await super().startup(sockets)
        asyncio.get_running_loop().add_reader(self._inherited.alive, self._orphaned)
        self._tasks.append(asyncio.create_task(self._keep_beating()))

    async def listen(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Serve ``sock`` too, by TLS where ``tls`` is given."""
        handshake = None if tls is None else HANDSHAKE_SECONDS
        self.servers.append(
            await asyncio.get_running_loop().create_server(
                self._protocol, sock=sock, backlog=_BACKLOG, ssl=tls, ssl_handshake_timeout=handshake
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more callers, wait for those who are just saying hello, and then for all answers."""
        for server in self.servers:
            server.close()
        await asyncio.sleep(LULL_SECONDS)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn raises the signal again once drained; ending by SIGTERM as asked is a normal end here."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.drain)
        yield

    def drain(self) -> None:
        """Answer what was begun, and stop."""
        self.should_exit = True

    def is_well(self) -> bool:
        """Whether it can still answer; where not, it goes silent and is replaced."""
        return True

    def _protocol(self) -> asyncio.BaseProtocol:
        """What serves a new connection."""
        return self._connection()

    def _connection(self) -> KeptConnection:
        return self._connection_class(self.config, self.server_state, self.lifespan.state)

    def _orphaned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._inherited.alive)
        log.error("the supervisor is gone; stopping")
        self.should_exit = True

    async def _keep_beating(self) -> None:
        while self.is_well():
            self._inherited.say()
            await asyncio.sleep(BEAT_SECONDS)
        log.error("nothing can be answered any more; waiting to be replaced")
