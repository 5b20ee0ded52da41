"""Calls the service over its Unix socket, with proofs both ways. For the command line and for setup; hooks have their own."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from checkrein.core import ServiceError
from checkrein.service.paths import ServicePaths
from checkrein.service.peer import answer_proof, peer_of, request_proof, same

_FIX = "Run `checkrein status`, then `checkrein up`."


@dataclass(frozen=True, slots=True)
class Response:
    """The service's proven answer."""

    status: int
    body: Mapping[str, Any]


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a connected Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("checkrein", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect, and make sure that the program at the socket is ours."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
        if peer_of(self.sock).uid != os.geteuid():
            raise PermissionError("the program at the socket belongs to another user")


def call(paths: ServicePaths, path: str, body: Mapping[str, Any] | None = None, timeout: float = 5.0) -> Response:
    """POST ``body`` to ``path`` (``/health``, ``/control/...``); ServiceError without a proven answer in ``timeout`` s."""
    token, nonce = paths.token(), secrets.token_hex(16)
    data = orjson.dumps(dict(body or {}))
    headers = {"x-checkrein-nonce": nonce, "x-checkrein-proof": request_proof(token, nonce, path, data)}
    connection = _UnixConnection(str(paths.socket), timeout)
    try:
        connection.request("POST", path, data, headers)
        reply = connection.getresponse()
        answer, proof, status = reply.read(), reply.getheader("x-checkrein-proof", ""), reply.status
        if not same(proof.encode(), answer_proof(token, nonce, answer)):
            raise ServiceError("What answers at the socket is not this install's service.", why=str(paths.socket), fix=_FIX)
        return Response(status, orjson.loads(answer))
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise ServiceError("The service does not answer.", why=str(exc) or type(exc).__name__, fix=_FIX) from exc
    finally:
        connection.close()
