"""A streamed answer of the Messages API on its way back: placeholders become values, whatever the pieces they arrive in.

Each content block has a tail of its own. Of what arrives, only characters that may be the beginning of a placeholder wait, or
are one whose neighbour decides about it. They go out before the block ends, and before the message or the stream does. A
frame in which nothing changes goes on as the very bytes that came, at once; so do thinking, signatures, what the provider's own
tools are called with, and all that is unknown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from checkrein.core import RedactionError
from checkrein.enforce.gateway.frames import Frame, Frames
from checkrein.enforce.gateway.jsonbody import Json
from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.refuse import error_body
from checkrein.enforce.gateway.restore import JSON, Tail, Value, restored
from checkrein.vault.placeholder import PREFIX

MAX_FRAME = 64 * 1024 * 1024
_FIRST, _ESCAPE = PREFIX[:1].encode(), rb"\u"
_INDEX = re.compile(rb'"index": ?(\d+)')
_TEXTS = (b'"text_delta"', b'"input_json_delta"')
_TELLS_NO_END = (b'""', rb'\\"')
"""Of a text that is empty, or that ends with a backslash: how the text before it ends still counts."""


class BrokenStreamError(Exception):
    """The stream cannot go on. ``last`` is what the client gets before it ends: what was held back, and an error event."""

    def __init__(self, last: bytes) -> None:
        super().__init__("the stream cannot go on")
        self.last = last


@dataclass(slots=True)
class _Block:
    """A block of the answer that is being written. ``delta`` is the type of its deltas, ``member`` where their text stands."""

    delta: str
    member: str
    tail: Tail


class AnswerStream:
    """Takes the bytes of the answer as they come, and gives those that go to the client."""

    changes: Final = True
    at_once: Final = True

    def __init__(self, restore: Restore, value: Value) -> None:
        self._restore = restore
        self._value = value
        self._frames = Frames(MAX_FRAME)
        self._blocks: dict[int, _Block] = {}
        self._unread: dict[bytes, Frame] = {}  # of each block the last piece, where it went on without a look at it

    @property
    def waits(self) -> bool:
        """Whether characters of a block are held back."""
        return any(block.tail.held for block in self._blocks.values())

    def feed(self, piece: bytes) -> bytes:
        """What goes on, now that ``piece`` has come. Raises BrokenStreamError."""
        out: list[bytes] = []
        waits = self.waits
        try:
            for frame in self._frames.feed(piece):
                if not waits and (index := _unchanged(frame.raw)):
                    self._unread[index] = frame
                    out.append(frame.raw)
                else:
                    self._catch_up()
                    out += self._frame(frame)
                    waits = self.waits
        except RedactionError as error:
            raise BrokenStreamError(b"".join((*out, _unrestored(error)))) from error
        except ValueError as error:
            raise BrokenStreamError(b"".join((*out, _error(str(error))))) from error
        return b"".join(out)

    def end(self) -> bytes:
        """What is left to go out, now that the stream has ended. Raises BrokenStreamError."""
        return b"".join((*self._last(), self._frames.rest()))

    def cut(self, why: str) -> bytes:
        """What the client gets where the stream broke off: what was held back, and an error event."""
        self._frames.rest()
        try:
            return b"".join((*self._last(), _error(why)))
        except BrokenStreamError as error:
            return error.last

    def _last(self) -> list[bytes]:
        out: list[bytes] = []
        try:
            out += self._flush_all()
        except RedactionError as error:
            raise BrokenStreamError(b"".join((*out, _unrestored(error)))) from error
        return out

    def _catch_up(self) -> None:
        """Let the tails know what went by: how it ends may decide about a placeholder behind it."""
        for frame in self._unread.values():
            for _ in self._frame(frame):
                pass  # it is out already
        self._unread.clear()

    def _frame(self, frame: Frame) -> Iterator[bytes]:
        event = _parsed(frame.data) if frame.data else None
        kind = event.get("type") if event is not None else None
        if event is None or kind == "ping":
            yield frame.raw
        elif kind == "content_block_delta":
            yield from self._delta(frame, event)
        elif kind == "content_block_start":
            yield self._start(frame, event)
        elif kind == "content_block_stop":
            yield from self._flush(_index(event))
            yield frame.raw
        else:
            yield from self._flush_all()
            yield frame.raw

    def _start(self, frame: Frame, event: dict[str, Json]) -> bytes:
        content = event.get("content_block")
        if not isinstance(content, dict):
            return frame.raw
        if content.get("type") == "text":
            block = self._blocks[_index(event)] = _Block("text_delta", "text", Tail(self._value))
            return self._changed(frame, event, content, "text", block.tail.feed)
        if content.get("type") == "tool_use":
            if self._restore is Restore.TEXT_AND_TOOLS:
                self._blocks[_index(event)] = _Block("input_json_delta", "partial_json", Tail(self._value, JSON))
            return self._changed(frame, event, content, "name", lambda name: restored(name, self._value))
        return frame.raw

    def _changed(
        self, frame: Frame, event: dict[str, Json], content: dict[str, Json], member: str, put: Callable[[str], str]
    ) -> bytes:
        """The frame with one text of its block as ``put`` gives it."""
        text = content.get(member)
        new = put(text) if isinstance(text, str) else text
        if new == text:
            return frame.raw
        content[member] = new
        return frame.with_data(_spelled(event))

    def _delta(self, frame: Frame, event: dict[str, Json]) -> Iterator[bytes]:
        block = self._blocks.get(_index(event))
        delta = event.get("delta")
        if block is None or not isinstance(delta, dict) or delta.get("type") != block.delta:
            yield frame.raw
            return
        text = delta.get(block.member)
        if not isinstance(text, str):
            yield frame.raw
            return
        new = block.tail.feed(text)
        if new == text:
            yield frame.raw
        elif new:
            delta[block.member] = new
            yield frame.with_data(_spelled(event))

    def _flush(self, index: int) -> Iterator[bytes]:
        block = self._blocks.pop(index, None)
        left = block.tail.flush() if block is not None else ""
        if block is not None and left:
            delta: dict[str, Json] = {"type": block.delta, block.member: left}
            event: dict[str, Json] = {"type": "content_block_delta", "index": index, "delta": delta}
            yield b"event: content_block_delta\ndata: " + _spelled(event) + b"\n\n"

    def _flush_all(self) -> Iterator[bytes]:
        for index in list(self._blocks):
            yield from self._flush(index)


def _unchanged(raw: bytes) -> bytes:
    """Where a frame is only a piece of a block in which no placeholder begins, the number of that block; else b"".

    It lacks the letter that they begin with, and escapes that could spell it.
    """
    if _FIRST in raw or _ESCAPE in raw or not any(kind in raw for kind in _TEXTS) or any(end in raw for end in _TELLS_NO_END):
        return b""
    index = _INDEX.search(raw)
    return index[1] if index else b""


def _parsed(data: bytes) -> dict[str, Json] | None:
    """The event, or None where it is no JSON object: then it is not ours to change."""
    try:
        event: Json = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            event = json.loads(data)  # half a surrogate pair, whose other half comes with the next event
        except ValueError:
            return None
    return event if isinstance(event, dict) else None


def _spelled(event: dict[str, Json]) -> bytes:
    try:
        return orjson.dumps(event)
    except (TypeError, orjson.JSONEncodeError):
        return json.dumps(event).encode()


def _index(event: dict[str, Json]) -> int:
    index = event.get("index")
    return index if isinstance(index, int) else -1


def _unrestored(error: RedactionError) -> bytes:
    return _error(f"{error.what} ({error.why})")


def _error(why: str) -> bytes:
    return b"event: error\ndata: " + error_body("api_error", why) + b"\n\n"
