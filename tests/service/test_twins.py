"""One event that comes in twice is judged once."""

from __future__ import annotations

import asyncio

import pytest

from checkrein.service.twins import REMEMBERED, Twins, Way


class Judge:
    """Counts its calls, and answers with the count."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self) -> bytes:
        self.calls += 1
        await asyncio.sleep(0)
        return b"%d" % self.calls


def run(body: object) -> object:
    return asyncio.run(body)  # type: ignore[arg-type]


def test_the_second_transport_gets_the_answer_of_the_first() -> None:
    async def body() -> None:
        twins, judge = Twins(), Judge()
        both = [twins.once("PreToolUse", b"{}", way, judge) for way in (Way.HTTP, Way.COMMAND)]
        assert await asyncio.gather(*both) == [b"1", b"1"]
        assert judge.calls == 1

    run(body())


def test_a_repeat_over_the_same_transport_is_judged_anew() -> None:
    async def body() -> None:
        twins, judge = Twins(), Judge()
        assert await twins.once("PreToolUse", b"{}", Way.HTTP, judge) == b"1"
        assert await twins.once("PreToolUse", b"{}", Way.HTTP, judge) == b"2"

    run(body())


def test_an_answer_is_given_to_one_twin_only() -> None:
    async def body() -> None:
        twins, judge = Twins(), Judge()
        await twins.once("PreToolUse", b"{}", Way.HTTP, judge)
        assert await twins.once("PreToolUse", b"{}", Way.COMMAND, judge) == b"1"
        assert await twins.once("PreToolUse", b"{}", Way.COMMAND, judge) == b"2"

    run(body())


@pytest.mark.parametrize(("name", "body"), [("PreToolUse", b'{"a":2}'), ("PostToolUse", b"{}")])
def test_another_body_or_event_is_no_twin(name: str, body: bytes) -> None:
    async def both() -> None:
        twins, judge = Twins(), Judge()
        await twins.once("PreToolUse", b"{}", Way.HTTP, judge)
        assert await twins.once(name, body, Way.COMMAND, judge) == b"2"

    run(both())


def test_a_failed_first_one_leaves_the_twin_to_be_judged() -> None:
    async def body() -> None:
        twins, judge = Twins(), Judge()

        async def fails() -> bytes:
            await asyncio.sleep(0)
            raise RuntimeError("gone")

        first = asyncio.create_task(twins.once("PreToolUse", b"{}", Way.HTTP, fails))
        await asyncio.sleep(0)
        second = asyncio.create_task(twins.once("PreToolUse", b"{}", Way.COMMAND, judge))
        with pytest.raises(RuntimeError):
            await first
        assert await second == b"1"

    run(body())


def test_old_answers_are_forgotten() -> None:
    async def body() -> None:
        twins, judge = Twins(), Judge()
        for number in range(REMEMBERED + 1):
            await twins.once("PreToolUse", b"%d" % number, Way.HTTP, judge)
        await twins.once("PreToolUse", b"0", Way.COMMAND, judge)
        assert judge.calls == REMEMBERED + 2

    run(body())


def test_an_answer_that_is_older_than_a_hook_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checkrein.service.twins.TOGETHER_SECONDS", -1.0)

    async def body() -> None:
        twins, judge = Twins(), Judge()
        await twins.once("PreToolUse", b"{}", Way.HTTP, judge)
        assert await twins.once("PreToolUse", b"{}", Way.COMMAND, judge) == b"2"

    run(body())
