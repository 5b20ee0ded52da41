from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpcore
import pytest

from checkrein.enforce.gateway import http1pool
from checkrein.enforce.gateway.http1 import Connection, Response
from checkrein.enforce.gateway.http1pool import Pool
from gateway_world import Api, plain, streamed

HEAD = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"


class CountingApi(Api):
    """Counts connections, and can end those that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.writers: list[asyncio.StreamWriter] = []

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        await super()._serve(reader, writer)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])


@asynccontextmanager
async def pool_of(api: CountingApi) -> AsyncIterator[Pool]:
    await api.start()
    pool = Pool("127.0.0.1", api.port, None)
    try:
        yield pool
    finally:
        await pool.close()
        await api.stop()


def run(work: Callable[[Pool, CountingApi], Awaitable[None]]) -> None:
    async def main() -> None:
        api = CountingApi()
        async with pool_of(api) as pool:
            await work(pool, api)

    asyncio.run(asyncio.wait_for(main(), 30))


async def ask(pool: Pool) -> Response:
    return await pool.ask(HEAD, b"", bodiless=False)


async def body(response: Response) -> bytes:
    try:
        return b"".join([piece async for piece in response.pieces()])
    finally:
        await response.aclose()


def test_a_connection_is_used_again() -> None:
    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        assert [await body(await ask(pool)) for _ in range(3)] == [b"hi"] * 3
        assert len(api.writers) == 1

    run(work)


def test_two_exchanges_have_two_connections_and_both_are_kept() -> None:
    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        for _ in range(3):
            both = [await ask(pool), await ask(pool)]
            assert [await body(each) for each in both] == [b"hi"] * 2
        assert len(api.writers) == 2

    run(work)


def test_a_connection_that_the_api_ended_is_not_used() -> None:
    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        for _ in range(3):
            assert await body(await ask(pool)) == b"hi"
            api.writers[-1].close()
            await api.writers[-1].wait_closed()
        assert len(api.writers) == 3

    run(work)


def test_what_the_api_did_not_answer_is_not_asked_again() -> None:
    async def work(pool: Pool, api: CountingApi) -> None:
        async def go(_arrival: Any, writer: asyncio.StreamWriter) -> None:
            writer.close()

        api.answer = plain(b"hi")
        assert await body(await ask(pool)) == b"hi"
        api.answer = go
        with pytest.raises(httpcore.RemoteProtocolError):
            await ask(pool)
        assert len(api.arrivals) == 2

    run(work)


@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_that_ends_before_it_is_asked_has_no_request(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    monkeypatch.setattr(http1pool, "CONNECTIONS", 1)
    ended: list[Connection] = []

    async def work(pool: Pool, api: CountingApi) -> None:
        opened = pool._opened

        async def ending() -> Connection:
            connection = await opened()
            if len(ended) < times:
                ended.append(connection)
                connection.abort()
                await asyncio.sleep(0)
            return connection

        monkeypatch.setattr(pool, "_opened", ending)
        api.answer = plain(b"hi")
        if times > 1:
            with pytest.raises(httpcore.ConnectError, match="before it was asked"):
                await ask(pool)
        assert await body(await ask(pool)) == b"hi"
        assert len(ended) == times
        assert len(api.arrivals) == 1
        assert not pool._busy

    run(work)


def test_a_connection_is_let_go_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1pool, "KEEPALIVE_SECONDS", 0.01)

    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        assert await body(await ask(pool)) == b"hi"
        await api.cut.wait()
        assert await body(await ask(pool)) == b"hi"
        assert len(api.writers) == 2

    run(work)


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1pool, "IDLE", 2)

    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        for _ in range(2):
            for response in [await ask(pool) for _ in range(3)]:
                await body(response)
        assert len(api.writers) == 4

    run(work)


def test_only_so_many_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1pool, "CONNECTIONS", 1)
    monkeypatch.setattr(http1pool, "CONNECT_SECONDS", 0.2)

    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = plain(b"hi")
        first = await ask(pool)
        with pytest.raises(httpcore.PoolTimeout):
            await ask(pool)
        second = asyncio.create_task(ask(pool))
        await asyncio.sleep(0)
        await body(first)
        assert await body(await second) == b"hi"

    run(work)


def test_places_are_given_back_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http1pool, "CONNECTIONS", 1)

    async def work(pool: Pool, api: CountingApi) -> None:
        asked = asyncio.Event()

        async def never(_arrival: Any, _writer: asyncio.StreamWriter) -> None:
            asked.set()
            await asyncio.Event().wait()

        api.answer = never
        leaving = asyncio.create_task(ask(pool))
        await asked.wait()
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        api.answer = streamed([b"a"], end=b"")
        with pytest.raises(httpcore.RemoteProtocolError):
            await body(await ask(pool))
        api.answer = plain(b"hi")
        assert await body(await ask(pool)) == b"hi"

    run(work)


def test_all_end_with_the_pool() -> None:
    async def work(pool: Pool, api: CountingApi) -> None:
        api.answer = streamed([b"a"] * 1000, pause=0.05)
        response = await ask(pool)
        await pool.close()
        await api.cut.wait()
        with pytest.raises((httpcore.RemoteProtocolError, httpcore.ReadError)):
            await body(response)

    run(work)


def test_where_nobody_listens_it_is_said() -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            for host in ("127.0.0.1", "x" * 70):
                with pytest.raises(httpcore.ConnectError):
                    await ask(Pool(host, taken.getsockname()[1], None))

    asyncio.run(main())


def test_an_address_that_leads_nowhere_is_passed_over() -> None:
    async def work(_pool: Pool, api: CountingApi) -> None:
        async def found(*_given: object, **_options: object) -> list[Any]:
            kind = (socket.SOCK_STREAM, 6, "")
            return [(socket.AF_INET, *kind, ("127.0.0.1", 9)), (socket.AF_INET, *kind, ("127.0.0.1", api.port))]

        asyncio.get_running_loop().getaddrinfo = found  # type: ignore[method-assign]
        api.answer = plain(b"hi")
        other = Pool("api.example", 443, None)
        assert await body(await ask(other)) == b"hi"
        await other.close()

    run(work)


def test_both_families_have_their_turn() -> None:
    def at(family: int, host: str) -> Any:
        return family, socket.SOCK_STREAM, 6, "", (host, 1)

    six = [at(socket.AF_INET6, f"::{number}") for number in range(3)]
    four = [at(socket.AF_INET, "127.0.0.1")]
    assert http1pool._alternating([*six, *four]) == [six[0], four[0], six[1], six[2]]
    assert http1pool._alternating(four) == four
