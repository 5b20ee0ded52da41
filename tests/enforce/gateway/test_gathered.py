from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import aclosing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.gathered import MAX_AHEAD, gathered


class CutError(Exception):
    pass


class Source:
    """Gives pieces; at None it waits once, at an exception it raises. ``given`` counts what was taken from it."""

    def __init__(self, pieces: Sequence[bytes | Exception | None]) -> None:
        self.pieces, self.given, self.closed = pieces, 0, False

    async def read(self) -> AsyncIterator[bytes]:
        try:
            for piece in self.pieces:
                if piece is None:
                    await asyncio.sleep(0)
                elif isinstance(piece, Exception):
                    raise piece
                else:
                    self.given += 1
                    yield piece
        finally:
            self.closed = True


async def everything(source: Source) -> list[bytes]:
    return [piece async for piece in gathered(source.read())]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def test_what_has_arrived_goes_on_as_one_piece() -> None:
    assert run(everything(Source([b"a", b"b", b"c"]))) == [b"abc"]
    assert run(everything(Source([]))) == []


def test_what_has_arrived_does_not_wait_for_the_rest() -> None:
    pieces: list[bytes | None] = [b"a", b"b", *[None] * 9, b"", b"c"]
    assert run(everything(Source(pieces))) == [b"ab", b"c"]


@given(st.lists(st.none() | st.binary(max_size=9), max_size=30))
def test_every_byte_in_its_order(pieces: list[bytes | None]) -> None:
    found = run(everything(Source(pieces)))
    assert b"".join(found) == b"".join(piece for piece in pieces if piece)
    assert all(found)


def test_an_error_comes_behind_what_came_before_it() -> None:
    async def read() -> list[bytes]:
        found = []
        try:
            async for piece in gathered(Source([b"a", b"b", CutError()]).read()):
                found.append(piece)  # noqa: PERF401 - what was found is wanted though it raises
        except CutError:
            found.append(b"cut")
        return found

    assert run(read()) == [b"ab", b"cut"]


def test_only_so_much_is_read_ahead() -> None:
    source = Source([bytes(MAX_AHEAD // 4)] * 100)

    async def read() -> None:
        async with aclosing(gathered(source.read())) as pieces:
            assert len(await anext(pieces)) == MAX_AHEAD
            for _ in range(9):
                await asyncio.sleep(0)
            assert source.given <= 8

    run(read())
    assert source.closed


def test_who_stops_ends_the_reading() -> None:
    source = Source([b"a", *[None] * 1000, b"b"])

    async def read() -> None:
        async with aclosing(gathered(source.read())) as pieces:
            assert await anext(pieces) == b"a"

    run(read())
    assert source.closed
    assert source.given == 1
