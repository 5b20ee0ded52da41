"""A Messages API on loopback that answers from a script, and keeps every request that the client sends.

The state of a conversation is in the request itself: the number of assistant messages in it is the number of turns that were
played. So retries, parallel subagents and requests out of order all get the right answer, and nothing has to be remembered.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Json = dict[str, Any]
MODEL = "claude-scripted"


@dataclass(frozen=True, slots=True)
class Text:
    """A text block."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call."""

    name: str
    input: Mapping[str, Any]


Turn = Sequence[Text | ToolUse]


@dataclass(frozen=True, slots=True)
class Script:
    """What the model says. ``subagents`` maps a subagent's prompt (as its Agent call gives it) to its turns."""

    turns: Sequence[Turn]
    subagents: Mapping[str, Sequence[Turn]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: its method, path without query, headers in lower case, and body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        """The body as a JSON object; empty where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the client told the model about one tool call."""

    id: str
    text: str
    is_error: bool


class Traffic:
    """All that a client sent, and what it says. ``failure`` is what went wrong while it was answered."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.failure: BaseException | None = None

    def messages(self) -> list[Recorded]:
        """The requests that carried conversation."""
        return [request for request in self.requests if request.path == "/v1/messages"]

    def sent(self, text: str) -> bool:
        """Whether ``text`` went out in any request, as it stands or as JSON writes it."""
        wanted = {text.encode(), json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
        return any(form in request.body for request in self.requests for form in wanted)

    def results(self) -> dict[str, ToolResult]:
        """The tool results that were sent, by the call's id (see ``call_id``)."""
        found: dict[str, ToolResult] = {}
        for request in self.messages():
            for block in _blocks(request.json(), "user"):
                if block.get("type") == "tool_result":
                    result = ToolResult(str(block.get("tool_use_id")), _text(block.get("content")), bool(block.get("is_error")))
                    found.setdefault(result.id, result)
        return found


class ScriptedApi(Traffic):
    """The server. Use it as a context manager. ``before_turn`` is called once before each turn of the main conversation."""

    def __init__(self, script: Script, before_turn: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self.script = script
        self._before_turn = before_turn
        self._reached = -1
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.api = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """What the client gets as ANTHROPIC_BASE_URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: Recorded) -> Json:
        """The message that answers ``request``."""
        body = request.json()
        if not body.get("tools"):
            return _message([{"type": "text", "text": '{"title": "A scripted session"}'}], 0)
        name, turns = self._conversation(body)
        played = sum(message.get("role") == "assistant" for message in _messages(body))
        if not name:
            self._reach(played)
        turn = turns[played] if played < len(turns) else (Text("Done."),)
        return _message([_block(part, call_id(played, index, name)) for index, part in enumerate(turn)], played)

    def _conversation(self, body: Json) -> tuple[str, Sequence[Turn]]:
        first = "\n".join(_text(message.get("content")) for message in _messages(body)[:3] if message.get("role") == "user")
        for number, (prompt, turns) in enumerate(self.script.subagents.items(), 1):
            if prompt in first:
                return f"sub{number}", turns
        return "", self.script.turns

    def _reach(self, turn: int) -> None:
        """Call ``before_turn`` for each turn that is reached for the first time. What it raises is kept for the caller."""
        with self._lock:
            while self._before_turn is not None and self._reached < turn:
                self._reached += 1
                try:
                    self._before_turn(self._reached)
                except BaseException as exc:  # noqa: BLE001 - a thread of the server: the run itself raises it again
                    self.failure = exc


def call_id(turn: int, index: int, conversation: str = "") -> str:
    """The id of the tool call at ``index`` of ``turn``, both from 0; ``conversation`` is ``sub1`` for the first subagent."""
    return f"toolu_{conversation or 'main'}_{turn}_{index}"


def _messages(body: Json) -> list[Json]:
    messages = body.get("messages")
    return [message for message in messages if isinstance(message, dict)] if isinstance(messages, list) else []


def _blocks(body: Json, role: str) -> Iterator[Json]:
    for message in _messages(body):
        content = message.get("content")
        if message.get("role") == role and isinstance(content, list):
            yield from (block for block in content if isinstance(block, dict))


def _text(content: object) -> str:
    """All text in a content value: a string, or a list of blocks."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    return "\n".join(str(block.get("text", "")) for block in blocks if isinstance(block, dict) and "text" in block)


def _block(part: Text | ToolUse, identity: str) -> Json:
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    return {"type": "tool_use", "id": identity, "name": part.name, "input": dict(part.input)}


def _message(content: list[Json], turn: int) -> Json:
    calls = any(block["type"] == "tool_use" for block in content)
    return {
        "id": f"msg_scripted_{turn}",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": content,
        "stop_reason": "tool_use" if calls else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0},
    }


def stream(message: Json) -> Iterator[bytes]:
    """``message`` as server-sent events, as the Messages API streams it."""
    start = {**message, "content": [], "stop_reason": None}
    yield _event({"type": "message_start", "message": start})
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty: Json = {"type": "text", "text": ""}
            delta: Json = {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield _event({"type": "content_block_start", "index": index, "content_block": empty})
        yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield _event({"type": "message_delta", "delta": end, "usage": {"output_tokens": 10}})
    yield _event({"type": "message_stop"})


def _event(data: Json) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    api: ScriptedApi

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error of ours."""


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    """The request's body, of a stated length or chunked."""
    if handler.headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    while handler.rfile.readline().strip():
        pass
    return body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing: requests are kept, not logged."""

    def do_POST(self) -> None:
        """Answer a request of the client."""
        request = self._record()
        if request.path == "/v1/messages":
            message = self.server.api.answer(request)
            if request.json().get("stream"):
                self._send(b"".join(stream(message)), "text/event-stream")
            else:
                self._send(json.dumps(message).encode())
        elif request.path == "/v1/messages/count_tokens":
            self._send(b'{"input_tokens": 100}')
        else:
            self._send(b"{}")

    def do_GET(self) -> None:
        """Anything else that a client may ask for: nothing is there."""
        self._record()
        self._send(b"{}")

    do_HEAD = do_GET  # noqa: N815 - the base class looks methods up by these names

    def _record(self) -> Recorded:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Recorded(self.command, self.path.partition("?")[0], headers, read_body(self))
        self.server.api.requests.append(request)
        return request

    def _send(self, body: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
