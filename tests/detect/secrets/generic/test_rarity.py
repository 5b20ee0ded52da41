"""How unlike ordinary text a value is."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic.rarity import pieces, shape

WORDED = [
    "getConnectionTimeout",
    "default_access_policy",
    "TestSourceLocation",
    "some-file-name",
    "application.settings.module",
    "HTTPResponseHeader",
]


def test_camel_case_is_divided() -> None:
    assert pieces("getHTTPNameOf") == ["get", "HTTP", "Name", "Of"]


@pytest.mark.parametrize("value", WORDED)
def test_names_are_made_of_words(value: str) -> None:
    assert shape(value).worded > 0.8
    assert shape(value).strange < 5


@settings(deadline=None)
@given(st.integers(0, 2000))
def test_what_a_generator_makes_is_not(seed: int) -> None:
    made = shape(expand("{alnum:40}", seed))
    assert made.worded < 0.5
    assert made.strange > 4.5
    assert made.turns >= 3


def test_most_that_a_generator_makes_is_far_from_it() -> None:
    strange = sorted(shape(expand("{alpha:24}", seed)).strange for seed in range(200))
    assert strange[10] > 5.6


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_measures_are_within_their_bounds(value: str) -> None:
    made = shape(value)
    assert made.lower + made.upper + made.digits + made.others == made.length == len(value)
    assert made.letters == made.lower + made.upper
    assert 0 <= made.worded <= 1
    assert 0 <= made.entropy <= math.log2(max(made.distinct, 2)) + 1e-9
    assert made.strange >= 0
    assert made.turns < made.length


def test_entropy_and_turns() -> None:
    assert shape("aaaa").entropy == 0
    assert shape("abcd").entropy == 2
    assert shape("aB1c").turns == 3
    assert shape("CamelCase2").turns == 2
    assert shape("snake_case").turns == 0
