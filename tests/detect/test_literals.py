"""Texts found exactly, by Hyperscan and by the automaton alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect import literals as module
from checkrein.detect.literals import Found, Literals
from missing_hyperscan import without_hyperscan

SIGNS = st.sampled_from([b"a", b"b", b"ab", b"\0", b"\xff", b"\\", b"(.*)", b"\n", b" ", "é".encode()])
BYTES = st.lists(SIGNS, min_size=1, max_size=6).map(b"".join)


def expected(texts: list[bytes], data: bytes) -> list[Found]:
    return sorted(
        (number, at, at + len(text))
        for number, text in enumerate(texts)
        for at in range(len(data))
        if data.startswith(text, at)
    )


@settings(deadline=None)
@given(st.lists(BYTES, max_size=8, unique=True), st.lists(SIGNS, max_size=60).map(b"".join))
def test_every_occurrence_is_found_once(texts: list[bytes], data: bytes) -> None:
    assert sorted(Literals(texts).find(data)) == expected(texts, data)
    assert sorted(Literals(texts, short_lived=True).find(data)) == expected(texts, data)


@pytest.mark.parametrize("length", [1, 2, 255, 7_999, 8_000, 8_001, 16_001, 70_000])
def test_of_any_length(length: int) -> None:
    text = bytes(number % 251 + 1 for number in range(length))
    literals = Literals([b"short", text])
    assert sorted(literals.find(b"- " + text + b" short")) == expected([b"short", text], b"- " + text + b" short")


def test_many_are_found_before_and_after_hyperscan_is_ready() -> None:
    tasks: list[Callable[[], None]] = []
    texts = [f"<{number}>".encode() for number in range(3_000)]
    literals = Literals(texts, aside=tasks.append)
    data = b"<17><2999>" + bytes(5_000_000)
    for _ in range(5):
        assert sorted(literals.find(data)) == [(17, 0, 4), (2999, 4, 10)]
    (task,) = tasks
    task()
    assert sorted(literals.find(data)) == [(17, 0, 4), (2999, 4, 10)]
    assert len(tasks) == 1


def test_very_many_are_left_to_the_automaton(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAYS", 1)
    texts = [f"<{number}>".encode() for number in range(16_001)]
    literals = Literals(texts, aside=lambda _: pytest.fail("nothing is to be prepared"))
    assert sorted(literals.find(b"<17><16000>" + bytes(100_000))) == [(17, 0, 4), (16_000, 4, 11)]


def test_a_short_lived_search_is_not_prepared_further_before_it_pays() -> None:
    tasks: list[Callable[[], None]] = []
    literals = Literals([b"abc"], short_lived=True, aside=tasks.append)
    assert literals.find(b"xabc") == [(0, 1, 4)]
    assert not tasks
    literals.find(bytes(10_000))
    assert len(tasks) == 1


def test_without_hyperscan_the_same_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    without_hyperscan(monkeypatch)
    tasks: list[Callable[[], None]] = []
    literals = Literals([b"ab", b"b\0"], aside=tasks.append)
    for data in (b"", b"ab\0ab", bytes(20_000), b"ab\0ab"):
        assert sorted(literals.find(data)) == expected([b"ab", b"b\0"], data)
    for task in tasks:
        task()
    assert sorted(literals.find(b"ab\0ab")) == [(0, 0, 2), (0, 3, 5), (1, 1, 3)]
