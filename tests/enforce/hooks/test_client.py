"""Both hook commands, the Python client and the native helper, against good, dead, hung, lying and foreign servers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checkrein.enforce.hooks import command

TOKEN = "5a" * 32
ANSWER = b'{"hookSpecificOutput":{"hookEventName":"PreToolUse"}}'
SHORT = b"TIMEOUT_SECONDS = 1"


@pytest.fixture(scope="session")
def programs() -> Iterator[dict[str, list[str]]]:
    """Both clients, and both with a timeout of a second."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quick = folder / "quick.py"
        quick.write_bytes(command.PYTHON_CLIENT.read_bytes().replace(b"TIMEOUT_SECONDS = 15", SHORT))
        python = [sys.executable, "-I", "-S"]
        found = {"python": [*python, str(command.PYTHON_CLIENT)], "python-quick": [*python, str(quick)]}
        helper = command.build(folder)
        if helper is not None:
            source = folder / "quick.c"
            source.write_bytes(command.SOURCE.read_bytes().replace(b"TIMEOUT_SECONDS = 15", SHORT))
            subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(folder / "quick"), str(source)], check=True)
            found |= {"native": [str(helper)], "native-quick": [str(folder / "quick")]}
        yield found


@dataclass
class Place:
    """A socket folder and a token, and a server in a thread that reads one request and does as it is told."""

    folder: Path
    requests: list[bytes] = field(default_factory=list)
    held: list[socket.socket] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def token(self) -> Path:
        return self.folder / "token"

    def serve(self, reply: Callable[[bytes, bytes], bytes | None]) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket))
        self.socket.chmod(0o600)
        listener.listen(5)
        self.held.append(listener)

        def run() -> None:
            with contextlib.suppress(OSError, StopIteration):  # nobody came, or it went away again
                answer_one()

        def answer_one() -> None:
            connection, _ = listener.accept()
            head, _, body = connection.recv(1 << 16).partition(b"\r\n\r\n")
            size = int(next(line.split()[1] for line in head.split(b"\r\n") if line.startswith(b"content-length")))
            while len(body) < size:
                body += connection.recv(1 << 20)
            self.requests.append(head + b"\r\n\r\n" + body)
            answer = reply(head, body)
            if answer is None:
                self.held.append(connection)
                return
            connection.sendall(answer)
            connection.close()

        threading.Thread(target=run, daemon=True).start()


@pytest.fixture
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="crc"))
    made = Place(folder)
    made.token.touch(0o600)
    made.token.write_text(TOKEN)
    yield made
    for held in made.held:
        held.close()
    shutil.rmtree(folder)


def header(head: bytes, name: bytes) -> bytes:
    return next(line.partition(b": ")[2] for line in head.split(b"\r\n") if line.startswith(name + b":"))


def proof(text: bytes) -> bytes:
    return hmac.new(TOKEN.encode(), text, hashlib.sha256).hexdigest().encode()


def honest(head: bytes, _body: bytes, answer: bytes = ANSWER, status: bytes = b"200 OK") -> bytes:
    nonce = header(head, b"x-checkrein-nonce")
    return b"HTTP/1.1 %s\r\nx-checkrein-proof: %s\r\nconnection: close\r\n\r\n%s" % (
        status,
        proof(b"answer\n" + nonce + b"\n" + answer),
        answer,
    )


def run(program: list[str], place: Place, body: bytes = b"{}", **options: object) -> subprocess.CompletedProcess[bytes]:
    words = [*program, "PreToolUse", str(place.socket), str(place.token)]
    env = {"CLAUDE_CODE_ENTRYPOINT": "sdk-cli"}
    return subprocess.run(words, input=body, capture_output=True, env=env, timeout=20, check=False, **options)  # type: ignore[call-overload,no-any-return]


def refused(done: subprocess.CompletedProcess[bytes], reason: bytes = b"") -> None:
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Stopped by checkrein" in done.stderr
    assert reason in done.stderr


compiler = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="needs a C compiler")
both = pytest.mark.parametrize("kind", ["python", pytest.param("native", marks=compiler)])


@both
@pytest.mark.parametrize("size", [0, 1, 55, 56, 64, 100_000, 16 * 1024 * 1024])
def test_the_answer_is_relayed_and_the_request_proven(
    kind: str, size: int, programs: dict[str, list[str]], place: Place
) -> None:
    place.serve(honest)
    body = b"x" * size
    done = run(programs[kind], place, body)
    assert (done.returncode, done.stdout, done.stderr) == (0, ANSWER, b"")
    head, _, sent = place.requests[0].partition(b"\r\n\r\n")
    assert sent == body
    assert head.startswith(b"POST /hook/PreToolUse HTTP/1.1\r\n")
    assert header(head, b"x-checkrein-entrypoint") == b"sdk-cli"
    expected = b"request\n" + header(head, b"x-checkrein-nonce") + b"\n/hook/PreToolUse\n" + body
    assert header(head, b"x-checkrein-proof") == proof(expected)
    assert TOKEN.encode() not in head


@both
def test_a_large_answer_is_relayed_whole(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    answer = b'{"a":"' + b"y" * 3_000_000 + b'"}'
    place.serve(lambda head, body: honest(head, body, answer))
    assert run(programs[kind], place).stdout == answer


@both
def test_input_above_the_limit_is_refused(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(honest)
    refused(run(programs[kind], place, b"x" * (16 * 1024 * 1024 + 1)))


@both
def test_no_server(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    refused(run(programs[kind], place), b"cannot be reached")


@both
def test_a_dead_server(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.socket))
    place.socket.chmod(0o600)
    listener.close()
    refused(run(programs[kind], place), b"cannot be reached")


LIES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "no proof": lambda head, body: b"HTTP/1.1 200 OK\r\n\r\n" + ANSWER,
    "wrong proof": lambda head, body: b"HTTP/1.1 200 OK\r\nx-checkrein-proof: " + b"0" * 64 + b"\r\n\r\n" + ANSWER,
    "echoed proof": lambda head, body: (
        b"HTTP/1.1 200 OK\r\nx-checkrein-proof: " + header(head, b"x-checkrein-proof") + b"\r\n\r\n" + ANSWER
    ),
    "altered body": lambda head, body: honest(head, body).replace(b'"PreToolUse"', b'"PretoolUse"'),
    "proof in the body": lambda head, body: b"HTTP/1.1 200 OK\r\n\r\n" + honest(head, body),
    "cut answer": lambda head, body: honest(head, body)[:-1],
    "error status": lambda head, body: honest(head, body, status=b"500 Oops"),
    "no JSON": lambda head, body: honest(head, body, b"ok"),
    "empty": lambda head, body: honest(head, body, b""),
    "nothing": lambda head, body: b"",
    "garbage": lambda head, body: b"\0\xff\r\n\r\n\r\n",
}


@both
@pytest.mark.parametrize("lie", LIES)
def test_a_lying_server(kind: str, lie: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(LIES[lie])
    refused(run(programs[kind], place))


@both
def test_a_hung_server(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(lambda head, body: None)
    refused(run(programs[f"{kind}-quick"], place), b"in time")


@both
def test_an_input_that_never_ends(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    reading, writing = os.pipe()
    try:
        words = [*programs[f"{kind}-quick"], "PreToolUse", str(place.socket), str(place.token)]
        refused(subprocess.run(words, stdin=reading, capture_output=True, timeout=20, check=False), b"in time")
    finally:
        os.close(reading)
        os.close(writing)


@both
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_end_by_signal_is_a_refusal(kind: str, number: int, programs: dict[str, list[str]], place: Place) -> None:
    arrived = threading.Event()
    place.serve(lambda head, body: arrived.set())  # type: ignore[func-returns-value]
    words = [*programs[kind], "PreToolUse", str(place.socket), str(place.token)]
    refused(interrupted(words, number, arrived), b"interrupted")


def interrupted(words: list[str], number: int, arrived: threading.Event) -> subprocess.CompletedProcess[bytes]:
    """How a hook command ends that gets a signal while it waits for the answer."""
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(b"{}")
            process.stdin.close()
            process.stdin = None
            assert arrived.wait(20)
            process.send_signal(number)
            out, err = process.communicate(timeout=10)
            return subprocess.CompletedProcess(words, process.returncode, out, err)
        finally:
            process.kill()


UNSEEN = """
import runpy, signal, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
runpy.run_path(sys.argv.pop(1), run_name="__main__")
"""
"""Another thread takes the signal, so that it ends no wait: as where it comes just before the wait begins."""


def test_a_signal_that_ends_no_wait_is_a_refusal_all_the_same(place: Place) -> None:
    arrived = threading.Event()
    place.serve(lambda head, body: arrived.set())  # type: ignore[func-returns-value]
    words = [sys.executable, "-c", UNSEEN, str(command.PYTHON_CLIENT), "PreToolUse", str(place.socket), str(place.token)]
    refused(interrupted(words, signal.SIGTERM, arrived), b"interrupted")


@both
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_descriptors(kind: str, closed: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(honest)
    words = ["sh", "-c", f'"$@" {closed}', "sh", *programs[kind], "PreToolUse", str(place.socket), str(place.token)]
    assert subprocess.run(words, input=b"{}", capture_output=True, timeout=20, check=False).returncode == 2
    assert not place.requests


@both
def test_a_reader_that_has_gone(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(honest)
    reading, writing = os.pipe()
    os.close(reading)
    words = [*programs[kind], "PreToolUse", str(place.socket), str(place.token)]
    done = subprocess.run(words, input=b"{}", stdout=writing, stderr=subprocess.PIPE, timeout=20, check=False)
    os.close(writing)
    assert done.returncode == 2


@both
@pytest.mark.parametrize(
    "change",
    [
        lambda place: place.folder.chmod(0o755),
        lambda place: place.socket.chmod(0o666),
        lambda place: place.token.chmod(0o644),
        lambda place: place.token.write_text("short"),
        lambda place: place.token.unlink(),
        lambda place: (place.token.rename(place.folder / "t"), place.token.symlink_to(place.folder / "t")),
    ],
)
def test_files_that_others_could_have_touched(
    kind: str, change: Callable[[Place], object], programs: dict[str, list[str]], place: Place
) -> None:
    place.serve(honest)
    change(place)
    refused(run(programs[kind], place))
    assert not place.requests


@both
def test_a_server_of_another_user(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, to serve as another user")
    script = """if True:
        import os, socket, sys
        listener = socket.socket(fileno=int(sys.argv[1]))
        os.setuid(65534)
        listener.listen(1)
        print("up", flush=True)
        listener.accept()[0].recv(9)
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place.socket))
    place.socket.chmod(0o600)
    words = [sys.executable, "-c", script, str(listener.fileno())]
    server = subprocess.Popen(words, pass_fds=[listener.fileno()], stdout=subprocess.PIPE)
    assert server.stdout is not None
    server.stdout.readline()
    refused(run(programs[kind], place), b"another user")
    server.kill()
    server.communicate()
    listener.close()


@both
@pytest.mark.parametrize("words", [[], ["PreToolUse"], ["a", "b", "c", "d"], ["PreToolUse", "/nowhere/" + "x" * 200, "/x"]])
def test_wrong_arguments(kind: str, words: list[str], programs: dict[str, list[str]]) -> None:
    refused(subprocess.run([*programs[kind], *words], input=b"{}", capture_output=True, timeout=20, check=False))


@both
def test_an_entrypoint_cannot_add_headers(kind: str, programs: dict[str, list[str]], place: Place) -> None:
    place.serve(honest)
    words = [*programs[kind], "PreToolUse", str(place.socket), str(place.token)]
    env = {"CLAUDE_CODE_ENTRYPOINT": "cli\r\nx-evil: 1"}
    assert subprocess.run(words, input=b"{}", capture_output=True, env=env, timeout=20, check=False).returncode == 0
    assert header(place.requests[0], b"x-checkrein-entrypoint") == b""
    assert b"x-evil" not in place.requests[0]


@compiler
def test_build_leaves_a_checked_program(tmp_path: Path) -> None:
    helper = command.build(tmp_path)
    assert helper == tmp_path / command.NAME
    assert command.intact(helper)
    helper.write_bytes(helper.read_bytes() + b"x")
    assert not command.intact(helper)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkrein-hook", "checkrein-hook.sha256"]
