"""Numbers that pass every check and are nobody's: documentation, tests and films show them in place of real ones."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import yaml

import checkrein

NUMBERS = Path(checkrein.__file__).parent / "rules" / "pii" / "published" / "numbers.yaml"
_ROW = 8
"""Digits in a row that count up or down: in a number of sixteen digits that comes about once in ten million times."""
_ALIKE = 10
"""Equal digits in a number of sixteen: that comes about once in a hundred thousand times."""

_MOBILES_AU = (
    "0006|0110|015[6-9]|1266|1491|1804|2549|2665|2983|3087|3770|4118|4632|5254|5789|6398|6801|7426|7644|8148|8888|8957"
    "|9212|9455|9760"
)
FICTIONAL: Mapping[int, re.Pattern[str]] = {
    1: re.compile(r"\d{3}55501\d\d"),
    33: re.compile(r"(?:19900|26191|35301|46571|53649|63998)\d{4}"),
    44: re.compile(r"(?:11[3-8]4960|1[2-6]14960|1914980|2079460|2896496|2920180|1632960|7700900|8081570|9098790|3069990)\d{3}"),
    46: re.compile(r"(?:3139006|4062804|8465004)\d\d|9803192\d\d|7017406(?:0[5-9]|[1-9]\d)"),
    49: re.compile(r"(?:3023125|4066969|6990009|8999998|2214710)\d{3}"),
    61: re.compile(rf"[2378](?:5550|7010)\d{{4}}|49157(?:{_MOBILES_AU})"),
}
"""By the country's code the national numbers that its authority (NANPA, ARCEP, Ofcom, PTS, Bundesnetzagentur,
ACMA) keeps for films and books."""


def is_test_card(digits: str) -> bool:
    """Whether a payment provider publishes that card's number for tests, or somebody made it up by the look of it."""
    return digits in _published()["cards"] or Counter(digits).most_common(1)[0][1] >= _ALIKE or _counts(digits)


def is_example_account(number: str) -> bool:
    """Whether that IBAN (without blanks, in upper case) is an example of the registry or of a bank, or a made up one."""
    return number in _published()["ibans"] or _counts(number)


@cache
def _published() -> Mapping[str, frozenset[str]]:
    numbers: Mapping[str, Sequence[str]] = yaml.safe_load(NUMBERS.read_text(encoding="utf-8"))
    return {name: frozenset(each) for name, each in numbers.items()}


def _counts(text: str) -> bool:
    """Whether so many digits of it follow one another, up or down, with 0 behind 9."""
    up = down = 1
    for last, this in pairwise(text):
        step = (int(this) - int(last)) % 10 if last.isdigit() and this.isdigit() else 0
        up = up + 1 if step == 1 else 1
        down = down + 1 if step == 9 else 1
        if up >= _ROW or down >= _ROW:
            return True
    return False
