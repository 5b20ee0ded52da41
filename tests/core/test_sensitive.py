"""Findings that overlap become one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty, Sensitive, merged

GENERIC, SPECIFIC, KNOWN = Certainty

FOUND = st.builds(
    lambda rule, start, length, certainty: Sensitive(rule, rule.upper(), start, start + length, certainty),
    st.sampled_from(["pii.a", "secret.b", "vault.known"]),
    st.integers(0, 30),
    st.integers(1, 9),
    st.sampled_from(Certainty),
)


def covered(found: Sequence[Sensitive]) -> set[int]:
    return {at for each in found for at in range(each.start, each.end)}


@given(st.lists(FOUND))
def test_whatever_was_covered_is_covered_once(found: list[Sensitive]) -> None:
    result = merged(found)
    assert covered(result) == covered(found)
    assert sum(each.end - each.start for each in result) == len(covered(found))
    assert list(result) == sorted(result, key=lambda each: each.start)
    assert merged(result) == result


@given(st.lists(FOUND, min_size=1))
def test_each_has_the_name_of_one_of_the_most_certain_in_it(found: list[Sensitive]) -> None:
    for each in merged(found):
        inside = [one for one in found if each.start <= one.start and one.end <= each.end]
        assert each.certainty == max(one.certainty for one in inside)
        assert (each.rule, each.certainty) in {(one.rule, one.certainty) for one in inside}


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (("secret.a", 0, 9, GENERIC), ("pii.b", 2, 4, KNOWN), "pii.b"),
        (("pii.b", 0, 9, SPECIFIC), ("secret.a", 2, 4, SPECIFIC), "secret.a"),
        (("secret.a", 0, 4, SPECIFIC), ("secret.b", 2, 9, SPECIFIC), "secret.b"),
        (("secret.a", 0, 4, SPECIFIC), ("secret.b", 0, 4, SPECIFIC), "secret.a"),
    ],
    ids=["the more certain", "a credential", "the longer", "the first"],
)
def test_which_one_gives_the_name(
    first: tuple[str, int, int, Certainty], second: tuple[str, int, int, Certainty], name: str
) -> None:
    found = [Sensitive(rule, "X", start, end, certainty) for rule, start, end, certainty in (first, second)]
    (result,) = merged(found)
    assert result.rule == name
    assert (result.start, result.end) == (0, max(first[2], second[2]))


def test_neighbours_stay_apart() -> None:
    found = (Sensitive("secret.a", "A", 0, 3), Sensitive("secret.b", "B", 3, 5))
    assert merged(reversed(found)) == found
    assert merged(()) == ()
