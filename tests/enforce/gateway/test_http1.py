from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.gathered import MAX_AHEAD
from checkrein.enforce.gateway.http1 import MAX_HEAD, Connection, Response, head_of

TAIL = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother"


class Wire(asyncio.Transport):
    """A transport without an API behind it: keeps what is written. ``unsent`` is what it says is still in its buffer."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.written, self.unsent, self.paused, self.closed = b"", 0, False, False
        super().__init__({"socket": self.ours})

    def writelines(self, list_of_data: Any) -> None:
        self.written += b"".join(list_of_data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False


@dataclass
class Talk:
    """A connection on which one request was made. ``kept`` is what it said when the answer was over."""

    wire: Wire = field(default_factory=Wire)
    connection: Connection = field(default_factory=lambda: Connection(100))
    kept: list[bool] = field(default_factory=list)

    def ask(self, *, bodiless: bool = False) -> Response:
        self.connection.connection_made(self.wire)
        return self.connection.ask(b"head", b"body", bodiless=bodiless, ended=lambda _, kept: self.kept.append(kept))

    def hear(self, data: bytes, places: tuple[int, ...] = ()) -> None:
        """What the API sends, cut at these places."""
        ends = sorted({0, len(data), *(min(place, len(data)) for place in places)})
        for start, end in pairwise(ends):
            if not self.wire.closed:
                self.connection.data_received(data[start:end])


def run(work: Callable[[Talk], Awaitable[None]]) -> None:
    async def main() -> None:
        talk = Talk()
        with talk.wire.ours, talk.wire.theirs:
            await work(talk)

    asyncio.run(main())


async def everything(response: Response) -> bytes:
    return b"".join([piece async for piece in response.pieces()])


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nX-Trailer: 1\r\n\r\n"


WHOLE = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello", 200, b"hello", True),
    (b"HTTP/1.1 529 \r\ncontent-length: 0\r\n\r\n", 529, b"", True),
    (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hel", b"lo"), 200, b"hello", True),
    (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", False),
    (b"HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", True),
    (b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, b"", True),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b"", True),
    (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        200,
        b"hi",
        True,
    ),
]


@pytest.mark.parametrize(("answer", "status", "body", "kept"), WHOLE)
@given(places=st.lists(st.integers(0, 120), max_size=6).map(tuple))
def test_an_answer_is_the_same_wherever_it_is_cut(
    answer: bytes, status: int, body: bytes, kept: bool, places: tuple[int, ...]
) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(answer, places)
        await response.head()
        assert (response.status, await everything(response)) == (status, body)
        last_head = answer.split(b"HTTP/1.")[-1].partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        assert [name + b": " + value for name, value in response.headers] == last_head
        await response.aclose()
        assert (talk.kept, talk.wire.closed) == ([kept], not kept)
        assert talk.wire.written == b"headbody"

    run(work)


@pytest.mark.parametrize("lost", [True, False])
def test_on_a_connection_that_is_closed_nothing_is_asked(lost: bool) -> None:
    async def work(talk: Talk) -> None:
        talk.connection.connection_made(talk.wire)
        if lost:
            talk.connection.connection_lost(None)
        else:
            talk.wire.closed = True  # as its transport knows already, and nobody was told yet
        with pytest.raises(httpcore.ConnectError):
            talk.connection.ask(b"head", b"", bodiless=False, ended=lambda _, kept: talk.kept.append(kept))
        assert (talk.wire.written, talk.kept) == (b"", [])

    run(work)


@pytest.mark.parametrize("step", [1, 7])
@pytest.mark.parametrize(("answer", "status", "body", "kept"), WHOLE)
def test_an_answer_may_come_byte_by_byte(answer: bytes, status: int, body: bytes, kept: bool, step: int) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(answer, tuple(range(0, len(answer), step)))
        await response.head()
        assert (response.status, await everything(response)) == (status, body)
        await response.aclose()
        assert talk.kept == [kept]

    run(work)


@pytest.mark.parametrize(("answer", "body"), [(WHOLE[0][0], b"hello"), (WHOLE[2][0], b"hello"), (WHOLE[-1][0], b"hi")])
def test_what_breaks_off_is_said_after_what_came(answer: bytes, body: bytes) -> None:
    found: list[bytes] = []

    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(answer[: len(found)])
        talk.connection.connection_lost(None)
        found.append(b"")

        async def read() -> None:
            await response.head()
            async for piece in response.pieces():
                found[-1] += piece

        with pytest.raises(httpcore.RemoteProtocolError):
            await read()
        await response.aclose()
        assert talk.kept == [False]

    for _ in answer:
        run(work)
    assert found == sorted(found)
    assert all(body.startswith(each) for each in found)
    assert found[-1] in (body, body[:-1])


@pytest.mark.parametrize("cut", range(6))
def test_a_body_without_a_length_ends_with_the_connection(cut: int) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(b"HTTP/1.1 200 OK\r\n\r\nhello"[: 19 + cut])
        talk.connection.eof_received()
        await response.head()
        assert await everything(response) == b"hello"[:cut]
        await response.aclose()
        assert talk.kept == [False]

    run(work)


def test_a_connection_that_was_reset_is_no_end_of_a_body() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(b"HTTP/1.1 200 OK\r\n\r\nhello")
        talk.connection.connection_lost(ConnectionResetError())
        pieces = response.pieces()
        assert await anext(pieces) == b"hello"
        with pytest.raises(httpcore.ReadError):
            await anext(pieces)
        await response.aclose()

    run(work)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD,
        b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_HEAD // 20),
    ],
    ids=[
        *("http2", "ssh", "upgrade", "two-lengths", "gzip-coded", "gzip-and-chunked", "chunked-twice"),
        *("lengths-that-differ", "negative", "long", "interim-only"),
    ],
)
def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(answer, tuple(range(0, len(answer), 1000)))
        with pytest.raises(httpcore.RemoteProtocolError):
            await response.head()
        await response.aclose()
        assert (talk.kept, talk.wire.closed) == ([False], True)

    run(work)


def test_a_chunk_that_is_none_is_an_error_after_what_came() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n")
        pieces = response.pieces()
        assert await anext(pieces) == b"hi"
        with pytest.raises(httpcore.RemoteProtocolError):
            await anext(pieces)
        await response.aclose()

    run(work)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("answer", [WHOLE[0][0], WHOLE[2][0]])
def test_what_comes_behind_an_answer_is_nobodys(answer: bytes, together: bool) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(answer + TAIL, () if together else (len(answer),))
        await response.head()
        assert (response.status, await everything(response)) == (200, b"hello")
        await response.aclose()
        assert (talk.kept, talk.wire.closed) == ([False], True)

    run(work)


def test_what_comes_unasked_closes_the_connection() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(WHOLE[0][0])
        await response.aclose()
        assert talk.kept == [True]
        assert talk.connection.usable
        talk.connection.data_received(TAIL)
        assert talk.wire.closed
        assert not talk.connection.usable

    run(work)


def test_a_connection_on_which_something_waits_is_not_usable() -> None:
    async def work(talk: Talk) -> None:
        talk.connection.connection_made(talk.wire)
        assert talk.connection.usable
        talk.wire.theirs.send(b"x")
        assert not talk.connection.usable

    run(work)


@pytest.mark.parametrize("length", [0, 5])
def test_an_answer_to_head_has_no_body(length: int) -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask(bodiless=True)
        talk.hear(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length)
        await response.head()
        assert (response.headers, await everything(response)) == ([(b"Content-Length", b"%d" % length)], b"")
        await response.aclose()
        assert talk.kept == [True]

    run(work)


def test_an_answer_before_the_request_was_taken_ends_the_connection() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.wire.unsent = 9
        talk.hear(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        assert await everything(response) == b"no"
        await response.aclose()
        assert (talk.kept, talk.wire.closed) == ([False], True)

    run(work)


def test_an_answer_that_is_given_up_ends_the_connection() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        talk.hear(WHOLE[0][0][:-2])
        await response.head()
        await response.aclose()
        await response.aclose()
        assert (talk.kept, talk.wire.closed) == ([False], True)

    run(work)


def test_who_takes_slowly_is_waited_for() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        size = 2 * MAX_AHEAD
        talk.hear(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        talk.hear(b"x" * MAX_AHEAD)
        assert talk.wire.paused
        pieces = response.pieces()
        assert len(await anext(pieces)) == MAX_AHEAD
        assert not talk.wire.paused
        talk.hear(b"x" * MAX_AHEAD)
        assert talk.wire.paused
        await response.aclose()
        assert talk.kept == [True]
        assert not talk.wire.paused

    run(work)


async def pass_time(seconds: float) -> None:
    """Let the loop's clock jump, and what falls due happen."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
    for _ in range(3):
        await asyncio.sleep(0)


def test_an_api_that_is_silent_is_given_up() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        waiting = asyncio.create_task(response.head())
        await pass_time(60)
        assert not waiting.done()
        await pass_time(60)
        with pytest.raises(httpcore.ReadTimeout):
            await waiting
        await response.aclose()
        assert talk.wire.closed

    run(work)


def test_an_api_that_takes_the_request_or_waits_for_us_is_not_silent() -> None:
    async def work(talk: Talk) -> None:
        response = talk.ask()
        waiting = asyncio.create_task(response.head())
        for unsent in range(5, 0, -1):
            talk.wire.unsent = unsent
            await pass_time(101)
        talk.wire.unsent = 0
        assert not waiting.done()
        talk.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        await waiting
        await pass_time(1000)
        talk.hear(b"hi")
        assert await everything(response) == b"hi"
        await response.aclose()

    run(work)


def test_a_request_goes_as_it_is() -> None:
    head = head_of("POST", b"/a%20b//c?x=%2F", [(b"Host", b"h"), (b"X-Key", b"a\xff b")])
    assert head == b"POST /a%20b//c?x=%2F HTTP/1.1\r\nHost: h\r\nX-Key: a\xff b\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET /x HTTP/1.1\r\nA:", b"/", []),
        ("", b"/", []),
        ("GET", b"", []),
        ("GET", b"/ HTTP/1.1\r\nA: b", []),
        ("GET", b"/\xff", []),
        ("GET", b"/", [(b"a\r\nb", b"c")]),
        ("GET", b"/", [(b"a ", b"c")]),
        ("GET", b"/", [(b"", b"c")]),
        ("GET", b"/", [(b"a", b"b\r\nc: d")]),
        ("GET", b"/", [(b"a", b"b\nc: d")]),
        ("GET", b"/", [(b"a", b"b\x00")]),
    ],
)
def test_what_would_be_read_as_another_request_is_not_sent(
    method: str, target: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    with pytest.raises(httpcore.LocalProtocolError):
        head_of(method, target, headers)
