"""Services for tests: in folders of their own, on loopback, ended with the test."""

from __future__ import annotations

import shutil
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from checkrein.service import certificate, manage
from checkrein.service.launch import Runner
from checkrein.service.paths import ServicePaths

FAKE = Path(__file__).with_name("fake_worker.py")


@dataclass
class Service:
    """One running service and what tests ask of it."""

    paths: ServicePaths
    env: dict[str, str]

    @property
    def worker(self) -> tuple[str, ...]:
        return (sys.executable, "-I", str(FAKE), str(self.paths.state), str(self.paths.runtime))

    def start(self) -> manage.Status:
        return manage.start(self.paths, env=self.env, worker=self.worker, runner=Runner.BACKGROUND)

    @property
    def port(self) -> int:
        port = self.paths.port()
        assert port is not None
        return port

    @property
    def records(self) -> list[str]:
        record = self.paths.state / "record"
        return record.read_text().splitlines() if record.exists() else []

    def request(self, body: bytes, name: str = "PreToolUse", method: str = "POST", **headers: str) -> bytes:
        found = {"host": f"127.0.0.1:{self.port}", "x-checkrein-token": self.paths.token(), "content-length": str(len(body))}
        found["connection"] = "close"
        found |= {key.replace("_", "-"): value for key, value in headers.items()}
        lines = "".join(f"{key}: {value}\r\n" for key, value in found.items() if value)
        return f"{method} /hook/{name} HTTP/1.1\r\n{lines}\r\n".encode() + body

    def exchange(self, data: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer to raw bytes."""
        with self.connect() as connection:
            connection.sendall(data)
            return read(connection)

    def connect(self) -> ssl.SSLSocket:
        """A connection to the port, which knows our certificate."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        return certificate.calling(self.paths).wrap_socket(plain, server_hostname="127.0.0.1")

    def hook(self, command: str, **fields: Any) -> tuple[int, dict[str, Any]]:
        return self.exchange(self.request(payload(command, **fields)))


def read(connection: ssl.SSLSocket) -> tuple[int, dict[str, Any]]:
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    head, _, body = b"".join(parts).partition(b"\r\n\r\n")
    return int(head.split()[1]), orjson.loads(body)


def payload(command: str, **fields: Any) -> bytes:
    return orjson.dumps(
        {
            "hook_event_name": "PreToolUse",
            "session_id": "s",
            "cwd": "/tmp",
            "tool_name": "Bash",
            "tool_input": {"command": command},
            **fields,
        }
    )


@pytest.fixture
def stopped() -> Iterator[Service]:
    """A service that does not run yet. Its folder has a short path, since a socket's may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="crs"))
    service = Service(ServicePaths(folder / "state", folder / "run"), {"HOME": str(folder), "PATH": "/usr/bin:/bin"})
    service.paths.prepare()
    try:
        yield service
    finally:
        manage.stop(service.paths, env=service.env)
        shutil.rmtree(folder)


@pytest.fixture
def service(stopped: Service) -> Service:
    stopped.start()
    return stopped
