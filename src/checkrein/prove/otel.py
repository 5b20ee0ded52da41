"""A sink for the client's own OpenTelemetry events, sent as OTLP over HTTP in JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from checkrein.prove.api import read_body

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class OtelEvent:
    """One log record: its ``event.name`` (without ``claude_code.``) and its attributes."""

    name: str
    attributes: dict[str, Value]


class OtelSink:
    """The server. Use it as a context manager, and give the client ``environment()``."""

    def __init__(self) -> None:
        self.events: list[OtelEvent] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.sink = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def environment(self) -> dict[str, str]:
        """What makes a client send its events here. They come in batches, the last one when it ends."""
        return {
            "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
            "OTEL_LOGS_EXPORTER": "otlp",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "OTEL_LOGS_EXPORT_INTERVAL": "200",
        }

    def named(self, name: str) -> list[OtelEvent]:
        """The events called ``name``."""
        return [event for event in self.events if event.name == name]


def read_events(body: bytes) -> Iterator[OtelEvent]:
    """The events of one OTLP logs request. ValueError where it is not JSON."""
    for resource in json.loads(body).get("resourceLogs", []):
        for scope in resource.get("scopeLogs", []):
            for record in scope.get("logRecords", []):
                attributes = {item["key"]: _value(item.get("value", {})) for item in record.get("attributes", [])}
                yield OtelEvent(str(attributes.get("event.name", "")), attributes)


def _value(value: dict[str, Any]) -> Value:
    """An OTLP AnyValue of a scalar type; 64-bit integers come as strings."""
    if "intValue" in value:
        return int(value["intValue"])
    for kind in ("doubleValue", "boolValue", "stringValue"):
        if kind in value:
            scalar: Value = value[kind]
            return scalar
    return json.dumps(value)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    sink: OtelSink


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Nothing."""

    def do_POST(self) -> None:
        """Take one batch."""
        body = read_body(self)
        if self.path.endswith("/v1/logs"):
            self.server.sink.events.extend(read_events(body))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
