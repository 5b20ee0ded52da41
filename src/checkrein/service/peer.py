"""Who is at the other end of a Unix socket, and the proofs that both ends exchange over it.

On the socket the token itself is never sent: an impostor that got hold of the socket's path would learn it. Each side proves
that it knows the token instead: ``HMAC-SHA256(token, label LF nonce LF ... body)``, with the caller's fresh nonce.
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import struct
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("3i")
NONCE_MIN, NONCE_MAX = 16, 128  # characters


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that made the connection, as the kernel knows it."""

    pid: int
    uid: int


def peer_of(sock: socket.socket) -> Peer:
    """The peer of a connected Unix socket. OSError for other sockets."""
    pid, uid, _gid = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Peer(pid, uid)


def request_proof(token: str, nonce: str, path: str, body: bytes) -> str:
    """What a caller on the socket sends: it knows the token, and means this request."""
    return _proof(token, f"request\n{nonce}\n{path}\n", body)


def answer_proof(token: str, nonce: str, body: bytes) -> str:
    """What the service sends back: it knows the token, and this is its answer to that nonce."""
    return _proof(token, f"answer\n{nonce}\n", body)


def _proof(token: str, head: str, body: bytes) -> str:
    return hmac.new(token.encode(), head.encode() + body, hashlib.sha256).hexdigest()


def same(left: str | bytes, right: str) -> bool:
    """Whether both are equal, in a time that does not depend on where they differ."""
    data = left if isinstance(left, bytes) else left.encode()
    return hmac.compare_digest(data, right.encode())
