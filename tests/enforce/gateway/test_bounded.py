from __future__ import annotations

from checkrein.enforce.gateway.bounded import Bounded, Pending


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_was_used_last_is_kept() -> None:
    cache: Bounded[str, int] = Bounded(30)
    for name, value in (("a", 1), ("b", 2), ("c", 3)):
        cache.put([(name, value, 10)])
    assert cache.get("a") == 1
    cache.put([("d", 4, 10)])
    assert [cache.get(name) for name in "abcd"] == [1, None, 3, 4]
    assert cache.size == 30


def test_an_entry_is_replaced_with_its_size() -> None:
    cache: Bounded[str, int] = Bounded(30)
    cache.put([("a", 1, 10)])
    cache.put([("a", 2, 25)])
    assert (cache.get("a"), cache.size) == (2, 25)
    cache.put([("b", 1, 31)])
    assert (cache.get("a"), cache.get("b"), cache.size) == (None, None, 0)


def test_what_is_too_old_is_gone() -> None:
    clock = Clock()
    cache: Bounded[str, int] = Bounded(30, 10, clock)
    cache.put([("a", 1, 5)])
    clock.now = 10
    assert cache.get("a") == 1
    clock.now = 10.5
    assert (cache.get("a"), cache.size) == (None, 0)


def test_what_is_too_old_makes_room_without_being_asked_for() -> None:
    clock = Clock()
    cache: Bounded[str, int] = Bounded(1000, 10, clock)
    for number in range(5):
        cache.put([(str(number), number, 5)])
    clock.now = 11
    cache.put([("new", 1, 5)])
    assert cache.size == 5


def test_what_one_request_puts_is_its_own_until_it_is_kept() -> None:
    shared: Bounded[str, int] = Bounded(100)
    one, other = Pending(shared), Pending(shared)
    one.put("a", 1, 10)
    assert (one.get("a"), other.get("a"), shared.get("a")) == (1, None, None)
    one.keep()
    assert (one.get("a"), other.get("a"), shared.size) == (1, 1, 10)
    other.put("a", 2, 20)
    assert (one.get("a"), other.get("a")) == (1, 2)
