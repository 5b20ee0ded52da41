from __future__ import annotations

from pathlib import Path

import pytest
from bench.measure import Spread, alternate, exponent, quantile, start_milliseconds


def test_a_quantile_is_a_measured_value_and_never_better_than_the_share_asked_for() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile([7.0], 0.99) == 7
    assert quantile([1.0, 9.0], 0.99) == 9


def test_a_spread_needs_values() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(3, 2.0, 3.0, 3.0)
    with pytest.raises((ValueError, IndexError)):
        Spread.of([])


@pytest.mark.parametrize("power", [0, 1, 2])
def test_growth_is_the_power_of_the_size(power: int) -> None:
    sizes = [50.0, 100.0, 200.0]
    assert exponent(sizes, [size**power for size in sizes]) == pytest.approx(power)


def test_arms_take_turns() -> None:
    order: list[str] = []

    def arm(name: str, value: float) -> float:
        order.append(name)
        return value

    found = alternate(3, {"a": lambda: arm("a", 1), "b": lambda: arm("b", 2)})
    assert order == ["a", "b"] * 3
    assert found == {"a": [1, 1, 1], "b": [2, 2, 2]}


def test_a_program_that_ends_in_another_way_than_expected_is_no_measurement(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    assert start_milliseconds(("/bin/sh", "-c", "exit 2"), {}, empty, expected=2) > 0
    with pytest.raises(RuntimeError, match="ended with 3"):
        start_milliseconds(("/bin/sh", "-c", "exit 3"), {}, empty)
