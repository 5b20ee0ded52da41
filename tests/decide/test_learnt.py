"""Values that become more all the time, in searches of three sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checkrein.core.sensitive import Sensitive
from checkrein.decide import learnt as module
from checkrein.decide.learnt import Learnt, Searched, search_for
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.known import KnownValues
from checkrein.detect.secrets.unwrapped import Unwrapped

OTHER = "omega-" + "4Wn8Km3T"


def scanned(learnt: Learnt, text: str) -> list[Sensitive]:
    encoded = Encoded(text)
    return list(learnt.scan(encoded, Unwrapped(encoded.data)))


def test_values_go_over_to_larger_searches_and_the_first_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIZES", (2, 4))
    monkeypatch.setattr(module, "MAX_VALUES", 6)
    waiting: list[Callable[[], None]] = []
    learnt = Learnt(waiting.append)
    values = [f"value-{number}-{OTHER}" for number in range(20)]
    for number, value in enumerate(values[:6]):
        learnt.learn({value: "TOKEN"})
        assert all((scanned(learnt, each)) for each in values[: number + 1])
    assert len(waiting) == 1  # nobody waits for it, and there is one at a time
    learnt.learn({values[6]: "TOKEN"})
    waiting.pop()()
    assert all((scanned(learnt, each)) for each in values[:7])
    for value in values[7:]:
        learnt.learn({value: "TOKEN"})
        while waiting:
            waiting.pop()()
    assert all((scanned(learnt, each)) for each in values[-6:])
    assert not (scanned(learnt, values[0]))


def test_what_went_over_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIZES", (2, 4))
    waiting: list[Callable[[], None]] = []
    learnt = Learnt(waiting.append)
    learnt.learn({f"value-{number}-{OTHER}": "TOKEN" for number in range(3)})
    waiting.pop()()
    assert len(learnt.searches) == 1
    assert len(scanned(learnt, f"value-1-{OTHER}")) == 1


def test_what_is_learnt_while_a_larger_search_is_made_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SIZES", (2, 4))
    waiting: list[Callable[[], None]] = []
    learnt = Learnt(waiting.append)
    values = [f"value-{number}-{OTHER}" for number in range(9)]
    learnt.learn(dict.fromkeys(values[:3], "TOKEN"))

    def search(values: Searched) -> KnownValues:
        monkeypatch.setattr(module, "search_for", search_for)
        learnt.learn(dict.fromkeys(more, "TOKEN"))
        return search_for(values)

    more = values[3:]
    monkeypatch.setattr(module, "search_for", search)
    waiting.pop()()
    assert all(scanned(learnt, each) for each in values)
    assert all(each in learnt for each in values)


def test_many_values_at_once_are_found() -> None:
    values = [f"value-{number}-{OTHER}" for number in range(300)]
    learnt = Learnt(lambda _: pytest.fail("nothing is to be done aside"))
    learnt.learn(dict.fromkeys(values, "TOKEN"))
    assert all((scanned(learnt, each)) for each in values)


def test_a_value_is_learnt_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def search(values: Searched) -> KnownValues:
        made.append(len(values))
        return KnownValues(())

    monkeypatch.setattr(module, "search_for", search)
    learnt = Learnt()
    before = len(made)
    for _ in range(3):
        learnt.learn({OTHER: "TOKEN"})
    assert made[before:] == [1]
