"""Reading ahead: what has arrived goes on as one piece, so that many small ones do not each cost a write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

MAX_AHEAD = 256 * 1024
"""Bytes that are read before the client has taken what came before them."""


async def gathered(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The bytes of ``pieces``: all that has arrived since the last ones were taken, as soon as there are any.

    What ``pieces`` raises comes after the bytes that came before it.
    """
    ahead = _Ahead()
    reading = asyncio.create_task(ahead.read(pieces))
    try:
        while piece := await ahead.taken():
            yield piece
        await reading
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError, Exception):  # it was raised above where anybody still waits for it
            await reading


class _Ahead:
    """What was read and not taken yet."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._ended = False
        self._some = asyncio.Event()
        self._room = asyncio.Event()

    async def read(self, pieces: AsyncIterator[bytes]) -> None:
        """Hold all pieces one after the other, with not too many bytes at once."""
        try:
            async for piece in pieces:
                if piece:
                    self._held.append(piece)
                    self._size += len(piece)
                    self._some.set()
                if self._size >= MAX_AHEAD:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._ended = True
            self._some.set()

    async def taken(self) -> bytes:
        """All that is held, once there is any; nothing at the end."""
        if not self._held and not self._ended:
            self._some.clear()
            await self._some.wait()
        taken = b"".join(self._held)
        self._held.clear()
        self._size = 0
        self._room.set()
        return taken
