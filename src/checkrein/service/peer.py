"""Who is at the other end of a socket of this machine, and the proofs that both ends exchange over a Unix socket.

On the socket the token itself is never sent: an impostor that got hold of the socket's path would learn it. Each side proves
that it knows the token instead: ``HMAC-SHA256(token, label LF nonce LF ... body)``, with the caller's fresh nonce.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CREDENTIALS = struct.Struct("3i")
NONCE_MIN, NONCE_MAX = 16, 128  # characters
PROC = Path("/proc")
_ESTABLISHED = "01"
_FORMS = ("plain", "mapped")  # an IPv4 connection of an IPv6 socket stands in the table by its mapped address


@dataclass(frozen=True, slots=True)
class Peer:
    """The process that made the connection, as the kernel knows it."""

    pid: int
    uid: int


def peer_of(sock: socket.socket) -> Peer:
    """The peer of a connected Unix socket. OSError for other sockets."""
    pid, uid, _gid = _CREDENTIALS.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return Peer(pid, uid)


def user_of(sock: socket.socket, proc: Path = PROC) -> int | None:
    """The user id of the program at the other end of a connection over the loopback; None where the kernel does not tell.

    A connection that has an end on this machine stands in the kernel's own table with its owner (proc_net_tcp(5)). What comes
    from elsewhere has none there.
    """
    ours, theirs = sock.getsockname(), sock.getpeername()
    if not ipaddress.ip_address(theirs[0]).is_loopback:
        return None
    wanted = {(f"{_address(theirs, form)}", f"{_address(ours, form)}") for form in _FORMS}
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            if len(words) > 7 and words[3] == _ESTABLISHED and (words[1], words[2]) in wanted:
                return int(words[7])
    return None


def _address(place: tuple[Any, ...], form: str) -> str:
    """Address and port as the kernel's table has them: 32 bits at a time in the machine's own byte order."""
    packed = ipaddress.ip_address(place[0]).packed
    if form == "mapped" and len(packed) == 4:
        packed = bytes(10) + b"\xff\xff" + packed
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words) + f":{place[1]:04X}"


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
