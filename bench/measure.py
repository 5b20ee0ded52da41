"""Timing: distributions, alternating runs, and what starting a program costs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution by its count, median, 99th percentile and largest value, in the unit of the values."""

    count: int
    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of ``values``, of which there must be at least one."""
        return cls(len(values), quantile(values, 0.5), quantile(values, 0.99), max(values))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed (nearest rank: never better than measured)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The slope of costs over sizes between the first and the last, both logarithmic: 1 is linear, 2 quadratic."""
    return math.log(costs[-1] / costs[0]) / math.log(sizes[-1] / sizes[0])


def alternate(rounds: int, arms: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """What each arm returned in each round. All arms take their turn in every round, so that load falls on all of them."""
    found: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, run in arms.items():
            found[name].append(run())
    return found


def milliseconds(action: Callable[[], object]) -> float:
    """How long ``action`` takes."""
    start = time.perf_counter_ns()
    action()
    return (time.perf_counter_ns() - start) / 1e6


def start_milliseconds(words: Sequence[str], env: Mapping[str, str], stdin: Path, expected: int = 0) -> float:
    """From a program's start to its end, its output thrown away. RuntimeError where it does not exit with ``expected``."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, str(stdin), os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    start = time.perf_counter_ns()
    pid = os.posix_spawn(words[0], list(words), dict(env), file_actions=actions)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    spent = (time.perf_counter_ns() - start) / 1e6
    if status != expected:
        raise RuntimeError(f"{words[0]} ended with {status} in place of {expected}: what was measured is not what was meant")
    return spent
