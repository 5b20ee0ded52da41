"""The hook command: hands one hook call to the service over its Unix socket and relays the answer. Runs on its own:

    /absolute/python -I -S client.py EVENT SOCKET TOKEN_FILE

Exit 0 with the service's JSON on stdout, or exit 2 with the reason on stderr, on any trouble at all: 2 is the only exit status
that every client version takes as a refusal. An answer counts only with the proof that its sender knows the install's token,
which itself never goes over the socket. Imports only what is built into the interpreter or costs next to nothing to load.
"""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False  # `typing` takes longer to import than everything else here
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

TIMEOUT_SECONDS = 15  # shorter than the timeout that the hook is registered with: a client that gives up may go ahead
TICK_SECONDS = 0.25  # a signal that comes just before a call that waits does not end the wait: the next tick does
MAX_INPUT = 16 * 1024 * 1024
MAX_ANSWER = 64 * 1024 * 1024
CHUNK = 1 << 18
SO_PEERCRED = 17
O_NOFOLLOW = 0o400000 if sys.platform == "linux" else 0x100
FORMAT_MASK, FOLDER, FILE, SOCKET = 0o170000, 0o040000, 0o100000, 0o140000


class TroubleError(Exception):
    """Why there is no answer."""


def read_all(read: Callable[[int], bytes], limit: int, what: str) -> bytes:
    """Everything that ``read`` gives until it gives nothing. TroubleError above ``limit`` bytes."""
    parts: list[bytes] = []
    size = 0
    while chunk := read(CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TroubleError(what + " is too large")
    return b"".join(parts)


def own(found: posix.stat_result, kind: int, what: str) -> None:
    """TroubleError unless what was found is of this kind, ours, and closed to others."""
    if found.st_mode & FORMAT_MASK != kind or found.st_uid != posix.geteuid():
        raise TroubleError(what + " is not ours")
    if found.st_mode & 0o077:
        raise TroubleError(what + " is open to other users")


def read_token(path: str) -> bytes:
    """The install's token: 64 hexadecimal characters."""
    descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | O_NOFOLLOW)
    own(posix.fstat(descriptor), FILE, "the token file")
    token = posix.read(descriptor, 200).strip()
    posix.close(descriptor)
    if len(token) != 64:
        raise TroubleError("the token file is damaged")
    return token


def prove(token: bytes, head: bytes, body: bytes) -> bytes:
    """HMAC-SHA256 in hexadecimal. The token is exactly one block long, so it is the key as it stands."""
    try:
        from _sha256 import sha256  # type: ignore[import-not-found] # noqa: PLC0415
    except ImportError:  # Python 3.12 and later
        from _sha2 import sha256  # type: ignore[import-not-found] # noqa: PLC0415
    inner = sha256(bytes(byte ^ 0x36 for byte in token) + head)
    inner.update(body)
    return sha256(bytes(byte ^ 0x5C for byte in token) + inner.digest()).hexdigest().encode()  # type: ignore[no-any-return]


def ask(event: str, socket_path: str, token: bytes, body: bytes) -> bytes:
    """The service's proven answer to the hook call ``body``: a JSON object."""
    answer = exchange(b"/hook/" + event.encode(), socket_path, token, body)
    if not (answer.startswith(b"{") and answer.endswith(b"}")):
        raise TroubleError("the service gave no usable answer")
    return answer


def exchange(path: bytes, socket_path: str, token: bytes, body: bytes, seconds: float | None = None) -> bytes:
    """The service's proven answer to ``body``, sent to the address ``path``. ``seconds``: how long one step may take."""
    import _socket  # noqa: PLC0415

    folder = socket_path.rpartition("/")[0]
    own(posix.lstat(folder), FOLDER, "the socket's folder")
    own(posix.lstat(socket_path), SOCKET, "the socket")
    nonce = posix.urandom(16).hex().encode()
    entrypoint = posix.environ.get(b"CLAUDE_CODE_ENTRYPOINT", b"")
    if len(entrypoint) > 32 or not entrypoint.replace(b"-", b"").replace(b"_", b"").isalnum():
        entrypoint = b""
    proof = prove(token, b"request\n" + nonce + b"\n" + path + b"\n", body)
    head = (
        b"POST %s HTTP/1.1\r\nhost: checkrein\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
        b"x-checkrein-nonce: %s\r\nx-checkrein-proof: %s\r\nx-checkrein-entrypoint: %s\r\n\r\n"
    ) % (path, len(body), nonce, proof, entrypoint)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(seconds)
    connection.connect(socket_path)
    credentials = connection.getsockopt(_socket.SOL_SOCKET, SO_PEERCRED, 12)
    if int.from_bytes(credentials[4:8], sys.byteorder) != posix.geteuid():
        raise TroubleError("the program at the socket belongs to another user")
    connection.sendall(head + body)
    head, _, answer = read_all(connection.recv, MAX_ANSWER, "the answer").partition(b"\r\n\r\n")
    connection.close()
    lines = head.split(b"\r\n")
    wanted = b"x-checkrein-proof: " + prove(token, b"answer\n" + nonce + b"\n", answer)
    if wanted not in lines[1:]:
        raise TroubleError("the answer does not come from this install's service")
    if lines[0].split()[1:2] != [b"200"]:
        raise TroubleError("the service gave no usable answer")
    return answer


def refuse(reason: str) -> NoReturn:
    """Say why, and leave with the one status that is always a refusal."""
    text = "Stopped by checkrein: " + reason + ". Tell the person, who can run `checkrein doctor`.\n"
    try:
        posix.write(2, text.encode("utf-8", "backslashreplace"))
    finally:
        posix._exit(2)


def on_signal(_number: int, _frame: object) -> None:
    """An end by a signal would not count as a refusal."""
    refuse("the hook was interrupted")


def watch() -> None:
    """Refuse at signals, and once the time is up."""
    import _signal  # type: ignore[import-not-found] # noqa: PLC0415
    import time  # noqa: PLC0415

    ends_at = time.monotonic() + TIMEOUT_SECONDS

    def on_tick(_number: int, _frame: object) -> None:
        if time.monotonic() >= ends_at:
            refuse("the guard did not answer in time")

    for number in (_signal.SIGTERM, _signal.SIGHUP, _signal.SIGINT):
        _signal.signal(number, on_signal)
    _signal.signal(_signal.SIGALRM, on_tick)
    _signal.setitimer(_signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)


def main(arguments: list[str]) -> None:
    """Do it. Leaves the process in every case."""
    watch()
    event, socket_path, token_path = arguments
    posix.fstat(0), posix.fstat(1)  # a closed one would be taken by the next file that is opened
    body = read_all(lambda size: posix.read(0, size), MAX_INPUT, "the hook's input")
    answer = memoryview(ask(event, socket_path, read_token(token_path), body))
    while answer:
        answer = answer[posix.write(1, answer) :]
    posix._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TroubleError as exc:
        refuse(str(exc))
    except OSError as exc:
        refuse("the guard's service cannot be reached (" + (exc.strerror or type(exc).__name__) + ")")
    except BaseException as exc:  # noqa: BLE001 - whatever it is, it must end in a refusal
        refuse("the hook failed (" + type(exc).__name__ + ")")
