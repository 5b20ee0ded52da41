from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.bounded import MAX_AGE, Bounded
from checkrein.enforce.gateway.cache import Chunk, Origin
from checkrein.enforce.gateway.jsonbody import Wire
from checkrein.enforce.gateway.runs import Element, Key, Run, Runs, _piece

RULE = ("rule", "LABEL")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Shared:
    """What several requests share; what each of them learns is kept at once."""

    def __init__(self, max_bytes: int = 1_000_000, max_age: float = MAX_AGE) -> None:
        self.clock = Clock()
        self.max_age = max_age
        self.entries: Bounded[Key, tuple[Run, ...]] = Bounded(max_bytes, max_age, self.clock)

    def runs(self, version: int = 1, session: str = "s", known: int = 0) -> Runs:
        return Runs(version, Origin(session, known), self.entries, self.max_age, self.clock)


def items(count: int) -> list[str]:
    return [f'{{"role":"user","content":"{number:05d}", "n": "{"x" * 200}"}}' for number in range(count)]


def source(text: str) -> Wire:
    return Wire(text, text.encode())


def elements(text: str, parts: list[str], first: int = 0) -> list[Element]:
    out, at = [], 1
    for number, part in enumerate(parts):
        at = text.index(part, at)
        chunk = Chunk(
            f"new{number}", ((RULE, 1),), (("text", 1),), (), (), frozenset({f"m{number}"}), ((f"t{number}", "s"),), ()
        )
        out.append(Element(at, at + len(part), chunk))
        at += len(part)
    return out[first:]


def known(shared: Shared, count: int, **other: str) -> tuple[int, int]:
    """How many characters and pieces of a list of so many elements are known."""
    text = "[" + ",".join(items(count)) + "]"
    run = shared.runs(1, other.get("session", "s")).find(other.get("kind", "messages"), source(text), 1).run
    assert run.facts.found.get(RULE, 0) == len(run.pieces) == len(run.tools) == len(run.facts.made)
    return run.length, len(run.pieces)


def keep(shared: Shared, count: int) -> int:
    """Walk a list of so many elements; how many of them were not known."""
    parts = items(count)
    text = "[" + ",".join(parts) + "]"
    runs = shared.runs()
    walked = runs.find("messages", source(text), 1)
    new = elements(text, parts, len(walked.run.pieces))
    runs.note(walked, source(text), new)
    runs.keep()
    return len(new)


def test_the_beginning_of_a_list_is_known_again() -> None:
    shared = Shared()
    assert keep(shared, 6) == 6
    assert known(shared, 6) == (len(",".join(items(5))), 5)
    assert known(shared, 8) == (len(",".join(items(5))), 5)
    assert known(shared, 4) == (len(",".join(items(3))), 3)
    assert known(shared, 2) == (0, 0)


def test_a_conversation_that_grows_costs_what_is_new() -> None:
    shared = Shared()
    assert [keep(shared, count) for count in (5, 7, 9, 9, 11, 4, 11)] == [5, 3, 3, 1, 3, 2, 1]


def test_pieces_stand_where_they_stood() -> None:
    shared = Shared()
    keep(shared, 4)
    text = "[" + ",".join(items(5)) + "]"
    walked = shared.runs().find("messages", source(text), 1)
    assert [text[walked.at + start : walked.at + end] for start, end, _ in walked.run.pieces] == items(3)
    assert [new for _, _, new in walked.run.pieces] == ["new0", "new1", "new2"]


@given(before=st.text("ab"), old=st.text("abc"), new=st.text("abd"), after=st.text("ab"))
def test_a_piece_holds_what_differs(before: str, old: str, new: str, after: str) -> None:
    raw, changed = before + old + after, before + new + after
    start, end, text = _piece(raw, changed, 7)
    assert raw[: start - 7] + text + raw[end - 7 :] == changed
    assert len(text) <= len(new)
    assert start <= end


def test_of_a_long_element_only_what_was_replaced_is_kept() -> None:
    shared, parts = Shared(), items(3)
    text = "[" + ",".join(parts) + "]"
    runs = shared.runs()
    walked = runs.find("messages", source(text), 1)
    made = [
        Element(each.start, each.end, replace(each.chunk, text=part.replace("0000", "CKR_")))
        for each, part in zip(elements(text, parts), parts, strict=True)
    ]
    runs.note(walked, source(text), made)
    runs.keep()
    found = shared.runs().find("messages", source(text), 1).run.pieces
    assert [new for _, _, new in found] == ["CKR_"] * 2
    assert shared.entries.size < 10_000


@pytest.mark.parametrize("other", [{"session": "t"}, {"kind": "system"}])
def test_lists_of_others_are_not_known(other: dict[str, str]) -> None:
    shared = Shared()
    keep(shared, 6)
    assert known(shared, 6, **other) == (0, 0)


def test_a_list_that_differs_is_known_up_to_there() -> None:
    shared = Shared()
    keep(shared, 8)
    text = "[" + ",".join(items(8)).replace("00006", "changed") + "]"
    assert len(shared.runs().find("messages", source(text), 1).run.pieces) == 5
    assert shared.runs(2).find("messages", source(text), 1).run.length == 0


@pytest.mark.parametrize("count", [0, 1])
def test_short_lists_are_not_kept(count: int) -> None:
    shared = Shared()
    keep(shared, count)
    assert known(shared, 3) == (0, 0)


def test_what_is_too_old_is_not_known_though_it_grew_since() -> None:
    shared = Shared(max_age=10)
    keep(shared, 6)
    shared.clock.now = 8
    keep(shared, 8)
    assert known(shared, 8)[1] == 7
    shared.clock.now = 11
    assert known(shared, 8) == (0, 0)


def test_only_so_many_are_kept() -> None:
    shared = Shared(max_bytes=20_000)
    for number in range(50):
        parts = [f'{{"n{number}":"{number:05d}"}}' for _ in range(5)]
        text = "[" + ",".join(parts) + "]"
        runs = shared.runs()
        walked = runs.find("messages", source(text), 1)
        chunk = Chunk("x" * 1000, (), (), (), (), frozenset(), (), ())
        ends = [1 + (len(parts[0]) + 1) * index for index in range(5)]
        runs.note(walked, source(text), [Element(at, at + len(parts[0]), chunk) for at in ends])
        runs.keep()
        assert shared.entries.size <= 20_000
