"""The parts that checks of numbers are made of."""

from __future__ import annotations

from collections.abc import Sequence


def compact(value: str) -> str:
    """Letters and digits of ``value``, in upper case."""
    return "".join(filter(str.isalnum, value)).upper()


def weighted(digits: str, weights: Sequence[int]) -> int:
    """The sum of the products of ``digits`` and ``weights``, over as many as there are weights."""
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def luhn(digits: str) -> bool:
    """The check of ISO/IEC 7812: every second digit from the right doubled, the sum of all digits a multiple of ten."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    total = sum(doubled[int(digit)] if at % 2 else int(digit) for at, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def varied(digits: str, least: int = 3) -> bool:
    """Whether at least ``least`` different digits are in it: numbers that people are given are not all alike."""
    return len(set(digits)) >= least
