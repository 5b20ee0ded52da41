"""A scripted API in trouble: slow, cut off, overloaded, or talking nonsense when the conversation has come to a turn."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from checkrein.prove.api import Recorded, Script, ScriptedApi, Turn, _Handler, stream

Fault = Callable[["_Troubled", Recorded], None]
"""Answers one request in place of the API."""
PAUSE = 0.1  # seconds between two parts of a slow answer


class FaultyApi(ScriptedApi):
    """As ``ScriptedApi``; the first ``times`` requests for ``turn`` of the conversation meet ``fault``."""

    def __init__(self, turns: Sequence[Turn], fault: Fault | None, turn: int = 1, times: int = 1) -> None:
        super().__init__(Script(turns))
        self._fault, self._turn, self._left = fault, turn, times
        self._guard = threading.Lock()
        self._server.RequestHandlerClass = _Troubled
        self.met = 0

    def fault_for(self, request: Recorded) -> Fault | None:
        """What befalls a request."""
        body = request.json()
        played = sum(message.get("role") == "assistant" for message in body.get("messages", ()))
        with self._guard:
            if request.path != "/v1/messages" or not body.get("tools") or played != self._turn or not self._left:
                return None
            self._left -= 1
            self.met += 1
            return self._fault


class _Troubled(_Handler):
    _read: Recorded | None = None

    def do_POST(self) -> None:  # noqa: N802 - the base class looks methods up by these names
        api: Any = self.server.api
        request = self._record()
        fault = api.fault_for(request)
        if fault is None:
            self._read = request
            super().do_POST()
        else:
            fault(self, request)

    def _record(self) -> Recorded:
        """The request, which is read and kept once."""
        known, self._read = self._read, None
        return known or super()._record()

    def begin(self, status: int, **headers: str) -> None:
        """The head of an answer. Header names are given with ``_`` for ``-``."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def events(self, request: Recorded) -> list[bytes]:
        """The whole answer that the script has, event by event."""
        return list(stream(self.server.api.answer(request)))

    def part(self, data: bytes) -> None:
        """One chunk of a body."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def error(status: int, kind: str, message: str, **headers: str) -> Fault:
    """An error as the API words it."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}).encode()
    return answer(status, body, **headers)


def answer(status: int, body: bytes, **headers: str) -> Fault:
    """These bytes, said to be JSON."""

    def given(handler: _Troubled, _request: Recorded) -> None:
        handler.begin(status, content_type="application/json", content_length=str(len(body)), **headers)
        handler.wfile.write(body)

    return given


def slow(handler: _Troubled, request: Recorded) -> None:
    """Everything arrives, a few bytes at a time."""
    handler.begin(200, content_type="text/event-stream", transfer_encoding="chunked")
    whole = b"".join(handler.events(request))
    size = len(whole) // 12
    for at in range(0, len(whole), size):
        handler.part(whole[at : at + size])
        time.sleep(PAUSE)
    handler.part(b"")


def cut(handler: _Troubled, request: Recorded) -> None:
    """The connection ends in the middle of a message."""
    if not request.json().get("stream"):
        handler.begin(200, content_type="application/json", content_length="4711")
        handler.wfile.write(b'{"type": "message", "content": [{"type": "text", "text": "All')
        handler.close_connection = True
        return
    handler.begin(200, content_type="text/event-stream", transfer_encoding="chunked")
    for event in handler.events(request)[:3]:
        handler.part(event)
    handler.close_connection = True  # without the chunk that says that all is said
