"""Dates: those in numbers of persons, and those that stand by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

_MONTHS = (
    ("jan", "ene"),
    ("feb", "fév", "fev"),
    ("mar", "mär", "mrt"),
    ("apr", "avr", "abr"),
    ("may", "mai", "mei", "mag"),
    ("jun", "jui", "giu"),
    ("jul", "juillet", "lug"),
    ("aug", "ago", "aoû", "aou"),
    ("sep", "set"),
    ("oct", "okt", "ott", "out"),
    ("nov",),
    ("dec", "dez", "dic", "déc"),
)
_FIRST, _LAST = 1880, 2100


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has that day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def six_digits_are_day(digits: str) -> bool:
    """``YYMMDD`` in some century: 29 February passes, since the century is not known."""
    return is_day(2000, int(digits[2:4]), int(digits[4:6]))


def is_date(value: str) -> bool:
    """A full date in one of the common orders, with four or two digits of the year, or a month's name (of western Europe)."""
    numbers = re.findall(r"\d+", value)
    if named := re.search(r"[^\W\d_]{3,}", value):
        days = (int(number) for number in numbers if len(number) <= 2)
        return _month(named[0]) > 0 and any(is_day(2000, _month(named[0]), day) for day in days)
    if len(numbers) < 3:
        return False
    first, second, third = numbers[:3]
    if len(first) == 4:
        return _FIRST <= int(first) <= _LAST and is_day(int(first), int(second), int(third))
    year = int(third) if len(third) == 4 else 2000
    orders = ((int(second), int(first)), (int(first), int(second)))
    short = len(third) == 2 and len(first) == 2 and is_day(2000, int(second), int(third))
    return short or (_FIRST <= year <= _LAST and any(is_day(year, month, day) for month, day in orders))


def _month(name: str) -> int:
    """1 to 12, or 0 where it names no month."""
    lowered = name.lower()
    return next((at for at, starts in enumerate(_MONTHS, 1) if lowered.startswith(starts)), 0)


def is_partial_date(value: str) -> bool:
    """Day and month, or month and year: ``5/21``, ``05/2021``, ``May-2021``."""
    if named := re.match(r"[A-Za-z]+", value):
        return _month(named[0]) > 0
    first, second = (int(number) for number in re.findall(r"\d+", value))
    if second > 31:
        return 1 <= first <= 12 and _FIRST <= second <= _LAST
    return is_day(2000, first, second) or is_day(2000, second, first)


VALIDATORS: Mapping[str, Callable[[str], bool]] = {"date": is_date, "partial-date": is_partial_date}
