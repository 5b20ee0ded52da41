"""The gateway as an ASGI application: whatever the client sends to the API goes through here, and so does every answer.

Everything is passed on: methods, paths, headers, status, errors and streams; credentials are neither looked at nor logged.
What changes is the text in a request's body, and the placeholders in the model's answer. A request that cannot be searched,
judged and recorded is not sent, and the client gets an error in the API's own form that says why.

Values in a tool's input are restored here only where ``Restore.TEXT_AND_TOOLS`` says so. Hooks let a value back only to the
file or host that it belongs to; an answer restored here would reach them with the value already in it, and a model that was
talked into sending a placeholder elsewhere would succeed. So where hooks are on, tool inputs keep their placeholders until they
have judged them. Text is for the person: the client keeps it on disk and sends it again with the next turn, when the same value
becomes the same placeholder.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from checkrein.enforce.gateway import heap
from checkrein.enforce.gateway.exchange import Exchange, Machinery, Send
from checkrein.enforce.gateway.memory import Memory
from checkrein.enforce.gateway.ports import Ports, Settings
from checkrein.enforce.gateway.request import Preparer, Receive
from checkrein.enforce.gateway.upstream import Upstream

log = logging.getLogger("checkrein.gateway")

_THREADS = 4
CLOSE_SECONDS = 5.0
"""How long exchanges may take to end once their connections are closed."""


class Gateway:
    """The application. ``upstream`` is closed with it, at ASGI's shutdown or by ``close``."""

    def __init__(self, settings: Settings, ports: Ports, upstream: Upstream) -> None:
        preparer = Preparer(settings, ports, upstream.base.authority, Memory())
        self._running = 0  # exchanges
        self._ended = 0  # of them, since memory was given back
        self._idle = asyncio.Event()
        self._idle.set()
        self._machinery = Machinery(settings, ports, upstream, preparer, ThreadPoolExecutor(_THREADS, "checkrein-gateway"))

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def close(self) -> None:
        """Close the connections, and wait until the exchanges have ended and how they did is on record."""
        await self._machinery.upstream.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
        except TimeoutError:
            log.error("%d exchanges did not end in time; how they ended is not on record", self._running)
        self._machinery.threads.shutdown()

    async def _exchange(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self._running += 1
        self._idle.clear()
        try:
            await Exchange(self._machinery, scope, receive, send).run()
        finally:
            self._running -= 1
            self._ended += 1
            if not self._running:
                self._idle.set()
                if self._ended >= heap.EVERY:  # while nobody waits: all threads stand still for it
                    self._ended = 0
                    asyncio.get_running_loop().run_in_executor(None, heap.give_back)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})
