"""One event, one decision, where both transports run side by side.

The client then sends every event twice, over HTTP and through the command hook. The one that comes second gets the answer of
the first: it is judged once, recorded once, and a permission for once is used once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

REMEMBERED = 1024
TOGETHER_SECONDS = 20.0
"""Twins come at once. What comes later than a client would wait for a hook is judged anew: the world may have changed."""


class Way(StrEnum):
    """How an event came in."""

    HTTP = "http"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class _First:
    way: Way
    at: float  # when it came, by the loop's clock
    answer: asyncio.Future[bytes]


class Twins:
    """The answers that a twin may still ask for. For use in one event loop."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, bytes], _First] = OrderedDict()

    async def once(self, name: str, body: bytes, way: Way, judge: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer to event ``name``: that of its twin where the same body came in the other way, else ``judge()``."""
        key = (name, hashlib.blake2b(body, digest_size=16).digest())
        loop = asyncio.get_running_loop()
        first = self._waiting.get(key)
        if first is not None and first.way is not way and loop.time() - first.at <= TOGETHER_SECONDS:
            del self._waiting[key]
            try:
                return await asyncio.shield(first.answer)
            except asyncio.CancelledError:
                if not first.answer.cancelled():
                    raise  # this caller went away, not the first one
        answer: asyncio.Future[bytes] = loop.create_future()
        self._waiting[key] = _First(way, loop.time(), answer)
        if len(self._waiting) > REMEMBERED:
            self._waiting.popitem(last=False)
        try:
            body_of_answer = await judge()
        except BaseException:
            answer.cancel()
            self._waiting.pop(key, None)
            raise
        answer.set_result(body_of_answer)
        return body_of_answer
