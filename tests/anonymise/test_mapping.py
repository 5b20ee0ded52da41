"""Stand-ins: one for each original, none twice, and a way back that is exact."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.anonymise.mapping import Maker, Mapping, replaced
from checkrein.anonymise.names import HOST, NAME, Names, resolved, words_of
from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive

KEY = bytes(32)
TERMS = ("Acme Corp", "Bluefin", "IBM")
SPELLINGS = (
    "Acme Corp",
    "ACME_CORP",
    "acme-corp",
    "AcmeCorp",
    "acmeCorp",
    "acmecorp",
    "Acme Corps",
    "bluefin",
    "BLUEFIN",
    "IBM",
    "aCmE CoRp",
)


def there(text: str, mapping: Mapping) -> str:
    maker = Maker(mapping, text.lower(), TERMS)
    return replaced(text, resolved(Names(map(words_of, TERMS), ("acme.io",)).scan(text)), maker.stand_in)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("class AcmeCorpClient", "class {A}{B}Client"),
        ("ACME_CORP_URL", "{AA}_{BB}_URL"),
        ("acme_corp_client", "{a}_{b}_client"),
        ("acme-corp's", "{a}-{b}'s"),
        ("acmeCorp2", "{a}{B}2"),
        ("acmecorpserver", "{a}{b}server"),
        ("import acme.corp", "import {a}.{b}"),
    ],
)
def test_case_and_joints_stay(text: str, shape: str) -> None:
    mapping = Mapping(KEY)
    made = there(text, mapping)
    a, b = mapping.terms[("acme", "corp")]
    assert made == shape.format(a=a, b=b, A=a.capitalize(), B=b.capitalize(), AA=a.upper(), BB=b.upper())


def test_a_host_stays_a_host() -> None:
    made = there("https://api.acme.io/v1, xacme.io, acme.iox", Mapping(KEY))
    assert made.startswith("https://api.")
    assert made.endswith(".example/v1, xacme.io, acme.iox")


@settings(deadline=None)
@given(st.lists(st.sampled_from((*SPELLINGS, " ", "_", "Client", "client", "\n", "x", "S", "s", "acme", "maple", "BIRCH"))))
def test_there_and_back(words: list[str]) -> None:
    text, mapping = "".join(words), Mapping(KEY)
    made = there(text, mapping)
    assert mapping.back().text(made) == text
    assert Mapping.parse(mapping.dumped()).back().text(made) == text
    assert "acmecorp" not in made.lower()
    assert "bluefin" not in made.lower()


@settings(deadline=None)
@given(
    st.lists(st.text("abcXYZ019-_. ", min_size=1, max_size=12), unique=True, max_size=30),
    st.sampled_from(["secret.x", "pii.card", "pii.email", HOST, NAME]),
)
def test_no_stand_in_is_given_twice(values: list[str], rule: str) -> None:
    mapping = Mapping(KEY)
    maker = Maker(mapping, "\n".join(values).lower(), ())
    made = [maker.stand_in(rule, value) for value in values]
    assert len(set(made)) == len(values)
    assert made == [maker.stand_in(rule, value) for value in values]
    assert not [value for value, shown in zip(values, made, strict=True) if value == shown]


def test_a_value_of_several_lines_comes_back_line_by_line() -> None:
    value = "first line of a value\nsecond line of it 77"
    mapping = Mapping(KEY)
    made = Maker(mapping, value, ()).stand_in("secret.x", value)
    patch = "".join(f"+{line}\n" for line in made.split("\n"))
    assert mapping.back().text(patch) == "".join(f"+{line}\n" for line in value.split("\n"))


def test_new_text_in_the_copy_is_understood() -> None:
    mapping = Mapping(KEY)
    there("Acme Corp", mapping)
    a, b = mapping.terms[("acme", "corp")]
    assert mapping.back().text(f"{a.upper()}_{b.upper()}_NEW {a}{b.capitalize()} {a}") == f"ACME_CORP_NEW acmeCorp {a}"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "key": "x", "terms": [], "pairs": {}}'])
def test_what_is_no_map(text: str) -> None:
    with pytest.raises(UsageError):
        Mapping.parse(text)


def test_no_map_shows_what_is_in_it() -> None:
    mapping = Mapping(KEY)
    there("Bluefin", mapping)
    assert "luefin" not in repr(mapping).lower()


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))))
def test_what_is_resolved_covers_the_same_and_does_not_overlap(places: list[tuple[int, int]]) -> None:
    found = [Sensitive("r", "L", start, start + length, Certainty.KNOWN) for start, length in places]
    result = resolved(found)
    assert {at for each in found for at in range(each.start, each.end)} == {
        at for each in result for at in range(each.start, each.end)
    }
    assert all(first.end <= second.start for first, second in itertools.pairwise(result))
