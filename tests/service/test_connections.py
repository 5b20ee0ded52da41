"""Connections that are kept from one hook to the next, over real sockets."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httptools
import orjson
import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from checkrein.service import manage
from checkrein.service.caller import call
from checkrein.service.connection import LULL_SECONDS, MAX_KEPT
from checkrein.service.worker import ServiceConnection

FIELDS = {"hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/tmp", "tool_name": "Bash"}


class Answer:
    """Reads one answer by its length, as a client that keeps its connection does."""

    def __init__(self, connection: socket.socket) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.complete = False
        self._parser = httptools.HttpResponseParser(self)
        while not self.complete:
            data = connection.recv(1)
            if not data:
                raise ConnectionError("closed before the answer was complete")
            self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name] = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def keeps(self) -> bool:
        return self.headers.get(b"connection") != b"close"

    @property
    def denies(self) -> bool:
        return bool(orjson.loads(self.body)["hookSpecificOutput"]["permissionDecision"] == "deny")


def request(service: Any, command: str = "deny", **headers: str) -> bytes:
    body = orjson.dumps({**FIELDS, "tool_input": {"command": command}})
    return cast("bytes", service.request(body, **{"connection": "keep-alive", **headers}))


@contextmanager
def connected(service: Any) -> Iterator[socket.socket]:
    with service.connect() as connection:
        yield connection


def is_closed(connection: socket.socket) -> bool:
    """Whether the service has closed it; waits for that."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False


def test_one_connection_serves_many_hooks(service: Any) -> None:
    with connected(service) as connection:
        for _ in range(20):
            connection.sendall(request(service))
            answer = Answer(connection)
            assert answer.keeps
            assert answer.denies
    assert len(service.records) == 20


def test_hooks_sent_at_once_are_answered_in_turn(service: Any) -> None:
    with connected(service) as connection:
        connection.sendall(request(service, "sleep 0.1") + request(service, "deny") + request(service, "approve"))
        verdicts = [orjson.loads(Answer(connection).body).get("hookSpecificOutput", {}) for _ in range(3)]
    assert [verdict.get("permissionDecision") for verdict in verdicts] == [None, "deny", "allow"]


def test_a_caller_may_close_and_a_stranger_has_to(service: Any) -> None:
    for headers in ({"connection": "close"}, {"x_checkrein_token": "0" * 64}, {"host": "evil.example"}):
        with connected(service) as connection:
            connection.sendall(request(service, **headers))
            assert not Answer(connection).keeps
            assert is_closed(connection)


def test_a_kept_connection_does_not_vouch_for_what_comes_next(service: Any) -> None:
    with connected(service) as connection:
        connection.sendall(request(service, "approve"))
        assert not Answer(connection).denies
        connection.sendall(request(service, "approve", x_checkrein_token=""))
        answer = Answer(connection)
        assert answer.denies
        assert not answer.keeps


def test_no_more_than_some_are_kept(service: Any) -> None:
    connections = [service.connect() for _ in range(MAX_KEPT + 1)]
    try:
        for connection in connections:
            connection.sendall(request(service))
        answers = [Answer(connection) for connection in connections]
        assert all(answer.denies for answer in answers)
        assert not all(answer.keeps for answer in answers)
        assert sum(answer.keeps for answer in answers) <= MAX_KEPT
    finally:
        for connection in connections:
            connection.close()


def test_a_handover_closes_what_is_idle_and_loses_nothing(service: Any) -> None:
    over = threading.Event()
    found: list[bool] = []
    failures: list[BaseException] = []

    def keep_calling() -> None:
        try:
            while not over.is_set():
                with connected(service) as connection:
                    while not over.is_set() and not select.select([connection], [], [], 0)[0]:  # it was not closed meanwhile
                        connection.sendall(request(service))
                        answer = Answer(connection)
                        found.append(answer.denies)
                        if not answer.keeps:
                            break
        except (OSError, ValueError, LookupError) as error:
            failures.append(error)

    with connected(service) as idle:
        idle.sendall(request(service))
        assert Answer(idle).keeps
        threads = [threading.Thread(target=keep_calling) for _ in range(2)]
        for thread in threads:
            thread.start()
        first = call(service.paths, "/health").body["pid"]
        manage.reload(service.paths)
        assert is_closed(idle)
        over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(found) > 20
    assert all(found)
    assert len(service.records) == len(found) + 1
    assert call(service.paths, "/health").body["pid"] != first


def test_a_killed_worker_closes_what_is_kept(service: Any) -> None:
    with connected(service) as connection:
        connection.sendall(request(service))
        assert Answer(connection).keeps
        os.kill(call(service.paths, "/health").body["pid"], signal.SIGKILL)
        assert is_closed(connection)
    assert service.hook("deny")[1]["hookSpecificOutput"]["permissionDecision"] == "deny"


class Transport:
    """A transport over one end of a socket pair; remembers what is done with it."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.closed = False

    def get_extra_info(self, name: str) -> socket.socket | None:
        return self.end if name == "socket" else None

    def write(self, data: bytes) -> None:
        self.end.sendall(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def resume_reading(self) -> None: ...
    def pause_reading(self) -> None: ...


async def answer_all(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


async def served(ours: socket.socket) -> tuple[ServiceConnection, Transport]:
    """A connection on which one request was answered."""
    made = ServiceConnection(Config(cast("Any", answer_all)), ServerState(), {})
    transport = Transport(ours)
    made.connection_made(cast("asyncio.Transport", transport))
    await feed(made, REQUEST)
    return made, transport


async def feed(connection: ServiceConnection, data: bytes) -> None:
    connection.data_received(data)
    await asyncio.gather(*connection.tasks)


@pytest.mark.parametrize("end", ["shutdown", "timeout_keep_alive_handler"])
@pytest.mark.parametrize("seen", [0, 1, len(REQUEST) - 1])
def test_a_request_that_comes_just_before_the_end_is_answered(
    pair: tuple[socket.socket, socket.socket], end: str, seen: int
) -> None:
    async def play() -> None:
        connection, transport = await served(pair[0])
        answer = pair[1].recv(1000)
        pair[1].sendall(REQUEST[seen:])
        if seen:
            connection.data_received(REQUEST[:seen])
        getattr(connection, end)()
        connection.timeout_keep_alive_handler()
        assert not transport.closed
        await feed(connection, pair[0].recv(1000))
        assert pair[1].recv(1000).startswith(answer.partition(b"\r\n")[0])
        assert transport.closed == (end == "shutdown")
        connection.connection_lost(None)

    asyncio.run(play())


@pytest.mark.parametrize("end", ["shutdown", "timeout_keep_alive_handler"])
def test_an_idle_connection_is_closed(pair: tuple[socket.socket, socket.socket], end: str) -> None:
    async def play() -> None:
        connection, transport = await served(pair[0])
        assert not transport.closed
        getattr(connection, end)()
        if end == "shutdown":
            assert not transport.closed
            await asyncio.sleep(LULL_SECONDS * 2)
        assert transport.closed
        connection.connection_lost(None)

    asyncio.run(play())


def test_an_answer_arrives_as_one(pair: tuple[socket.socket, socket.socket]) -> None:
    writes: list[bytes] = []

    async def play() -> None:
        connection, transport = await served(pair[0])
        transport.write = writes.append  # type: ignore[method-assign]
        await feed(connection, REQUEST)
        connection.connection_lost(None)

    asyncio.run(play())
    assert len(writes) == 1
    assert writes[0].endswith(b"\r\n\r\n{}")
