"""A service on a Unix socket for tests of programs that ask it: it answers with the proof that it knows the token."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import socket
import threading
from collections.abc import Callable
from pathlib import Path

TOKEN = "5a" * 32


class AnsweringSocket:
    """Serves ``folder``/s until it is closed; ``answer`` is given each body and what it returns goes back, proven.

    Where ``answer`` returns None, the caller is left without an answer. ``bodies`` is all that came.
    """

    def __init__(self, folder: Path, answer: Callable[[bytes], bytes | None], *, token: str = TOKEN) -> None:
        folder.chmod(0o700)
        self.socket, self.token_file = folder / "s", folder / "token"
        self.token_file.touch(0o600)
        self.token_file.write_text(TOKEN)
        self.bodies: list[bytes] = []
        self._answer, self._token = answer, token
        self._held: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.socket))
        self.socket.chmod(0o600)
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more callers; the path is free again."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            connection.close()
        self.socket.unlink(missing_ok=True)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(1 << 20)
        head, _, body = data.partition(b"\r\n\r\n")
        headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        while len(body) < int(headers[b"content-length"]):
            body += connection.recv(1 << 20)
        self.bodies.append(body)
        answer = self._answer(body)
        if answer is None:
            self._held.append(connection)
            return
        label = b"answer\n" + headers[b"x-checkrein-nonce"] + b"\n"
        proof = hmac.new(self._token.encode(), label + answer, hashlib.sha256).hexdigest().encode()
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nx-checkrein-proof: " + proof + b"\r\n\r\n" + answer)
        connection.close()
