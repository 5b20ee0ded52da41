from __future__ import annotations

import pytest

from checkrein.enforce.gateway.cache import Chunk
from checkrein.enforce.gateway.jsonbody import Wire
from checkrein.enforce.gateway.runs import Element, Runs

RULE = ("rule", "LABEL")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


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


def known(runs: Runs, count: int, **other: str) -> tuple[int, int]:
    """How many characters and pieces of a list of so many elements are known."""
    text = "[" + ",".join(items(count)) + "]"
    run = runs.find(1, other.get("session", "s"), other.get("kind", "messages"), source(text), 1).run
    assert run.facts.found.get(RULE, 0) == len(run.pieces) == len(run.tools) == len(run.facts.made)
    return run.length, len(run.pieces)


def keep(runs: Runs, count: int) -> int:
    """Walk a list of so many elements; how many of them were not known."""
    parts = items(count)
    text = "[" + ",".join(parts) + "]"
    walked = runs.find(1, "s", "messages", source(text), 1)
    new = elements(text, parts, len(walked.run.pieces))
    runs.keep(walked, source(text), new)
    return len(new)


def test_the_beginning_of_a_list_is_known_again() -> None:
    runs = Runs()
    assert keep(runs, 6) == 6
    assert known(runs, 6) == (len(",".join(items(5))), 5)
    assert known(runs, 8) == (len(",".join(items(5))), 5)
    assert known(runs, 4) == (len(",".join(items(3))), 3)
    assert known(runs, 2) == (0, 0)


def test_a_conversation_that_grows_costs_what_is_new() -> None:
    runs = Runs()
    assert [keep(runs, count) for count in (5, 7, 9, 9, 11, 4, 11)] == [5, 3, 3, 1, 3, 2, 1]


def test_pieces_stand_where_they_stood() -> None:
    runs = Runs()
    keep(runs, 4)
    text = "[" + ",".join(items(5)) + "]"
    walked = runs.find(1, "s", "messages", source(text), 1)
    assert [text[walked.at + start : walked.at + end] for start, end, _ in walked.run.pieces] == items(3)
    assert [new for _, _, new in walked.run.pieces] == ["new0", "new1", "new2"]


@pytest.mark.parametrize("other", [{"session": "t"}, {"kind": "system"}])
def test_lists_of_others_are_not_known(other: dict[str, str]) -> None:
    runs = Runs()
    keep(runs, 6)
    assert known(runs, 6, **other) == (0, 0)


def test_a_list_that_differs_is_known_up_to_there() -> None:
    runs = Runs()
    keep(runs, 8)
    text = "[" + ",".join(items(8)).replace("00006", "changed") + "]"
    assert len(runs.find(1, "s", "messages", source(text), 1).run.pieces) == 5
    assert runs.find(2, "s", "messages", source(text), 1).run.length == 0


@pytest.mark.parametrize("count", [0, 1])
def test_short_lists_are_not_kept(count: int) -> None:
    runs = Runs()
    keep(runs, count)
    assert known(runs, 3) == (0, 0)


def test_what_is_too_old_is_not_known_though_it_grew_since() -> None:
    clock = Clock()
    runs = Runs(max_age=10, clock=clock)
    keep(runs, 6)
    clock.now = 8
    keep(runs, 8)
    assert known(runs, 8)[1] == 7
    clock.now = 11
    assert known(runs, 8) == (0, 0)


def test_only_so_many_are_kept() -> None:
    runs = Runs(max_bytes=20_000)
    for number in range(50):
        parts = [f'{{"n{number}":"{number:05d}"}}' for _ in range(5)]
        text = "[" + ",".join(parts) + "]"
        walked = runs.find(1, "s", "messages", source(text), 1)
        chunk = Chunk("x" * 1000, (), (), (), (), frozenset(), (), ())
        ends = [1 + (len(parts[0]) + 1) * index for index in range(5)]
        runs.keep(walked, source(text), [Element(at, at + len(parts[0]), chunk) for at in ends])
        assert vars(runs)["_entries"].size <= 20_000
