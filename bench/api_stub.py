"""A Messages API that answers at once, so that what stands before it is what is measured. Run as a process of its own."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from typing import Any

import uvloop

PIECE = 7  # characters of an echoed text that one event carries: placeholders are cut in the middle
PIECES_AT_ONCE = 10
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_STAMP = "sent at "


def stamp_of(event: bytes) -> int | None:
    """When the stub sent the first event of an answer, by the clock of ``time.monotonic_ns``; None for another event."""
    _, found, rest = event.partition(_STAMP.encode())
    return int(rest.split(b'"', 1)[0]) if found else None


async def serve(port: int, certificate: str = "") -> None:
    """Serve until the process is ended: by TLS with the ``certificate`` (a PEM file that holds its key too), without one in the
    clear."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH) if certificate else None
    if tls is not None:
        tls.load_cert_chain(certificate)
    server = await asyncio.start_server(_connection, "127.0.0.1", port, limit=1 << 20, ssl=tls)
    async with server:
        await server.serve_forever()


async def _connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-len")), 0
            )
            body = await reader.readexactly(length)
            writer.write(_HEAD)
            await (_echo(writer, json.loads(body)) if b"echo=1" in head.split(b"\r\n", 1)[0] else _canned(writer))
            writer.write(b"0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _canned(writer: asyncio.StreamWriter) -> None:
    _send(writer, _start(f"{_STAMP}{time.monotonic_ns()}"))
    _send(writer, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for number in range(20):
        _delta(writer, f"This is part {number} of an answer. ")
    _end(writer)


async def _echo(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
    """The last message's text, in small pieces, with pauses in which other answers go on."""
    content = body["messages"][-1]["content"]
    text = content if isinstance(content, str) else content[-1]["text"]
    _send(writer, _start("echo"))
    _send(writer, {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for at in range(0, len(text), PIECE):
        _delta(writer, text[at : at + PIECE])
        if at // PIECE % PIECES_AT_ONCE == 0:
            await asyncio.sleep(0.005)
    _end(writer)


def _start(identity: str) -> dict[str, Any]:
    message = {"id": identity, "type": "message", "role": "assistant", "model": "stub", "content": [], "stop_reason": None}
    return {"type": "message_start", "message": {**message, "usage": {"input_tokens": 1, "output_tokens": 1}}}


def _delta(writer: asyncio.StreamWriter, text: str) -> None:
    _send(writer, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})


def _end(writer: asyncio.StreamWriter) -> None:
    _send(writer, {"type": "content_block_stop", "index": 0})
    _send(writer, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}})
    _send(writer, {"type": "message_stop"})


def _send(writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
    data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), *sys.argv[2:]))
