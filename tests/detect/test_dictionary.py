"""The team's own names, in the forms in which people and programs write them."""

from __future__ import annotations

import unicodedata
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.dictionary import Dictionary

NAMES = Dictionary(
    [
        ("Nordwind Handel", "CUSTOMER"),
        ("Nordwind Handel Nord", "BRANCH"),
        ("QXF", "CUSTOMER"),
        ("Project Zürich", "PROJECT"),
        ("Straße", "PROJECT"),
        ("BlueHeron", "PROJECT"),
        ("Kestrel", "PROJECT"),
        ("Galaxy", "PROJECT"),
        ("db1.corp.internal", "HOST"),
        ("Müller & Söhne", "CUSTOMER"),
        ("Smørrebrød", "PROJECT"),
        ("翠鳥計画", "PROJECT"),
        ("X-15", "PROJECT"),
    ]
)


def found(text: str) -> list[str]:
    return [text[each.start : each.end] for each in NAMES.scan(text)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("we sold it to Nordwind Handel's owner", "Nordwind Handel"),
        ("nordwind handel", "nordwind handel"),
        ("nordwind-handel", "nordwind-handel"),
        ("/srv/nordwind_handel/x", "nordwind_handel"),
        ("NORDWIND_HANDEL_TOKEN", "NORDWIND_HANDEL"),
        ("nordwindhandel", "nordwindhandel"),
        ("NORDWINDHANDEL", "NORDWINDHANDEL"),
        ("https://nordwind.handel.internal/", "nordwind.handel"),
        ("class NordwindHandelClient:", "NordwindHandel"),
        ("getNordwindHandel()", "NordwindHandel"),
        ("nordwindHandel2", "nordwindHandel"),
        ("HTTPNordwindHandel", "NordwindHandel"),
        ("for Nordwind\n    Handel only", "Nordwind\n    Handel"),
        ("Nordwind\u00a0Handel", "Nordwind\u00a0Handel"),
        ("Nordwind\u2011Handel", "Nordwind\u2011Handel"),
        ("Nord\u00adwind\u200b Handel", "Nord\u00adwind\u200b Handel"),
        ("all Nordwind Handels", "Nordwind Handels"),
        ("Ｎｏｒｄｗｉｎｄ Ｈａｎｄｅｌ", "Ｎｏｒｄｗｉｎｄ Ｈａｎｄｅｌ"),
        ("nordwind-handel-nord", "nordwind-handel-nord"),
        ("QXF", "QXF"),
        ("QXFClient, two", "QXF"),
        ("myQXF", "QXF"),
        ("both QXFs", "QXFs"),
        ("project zurich", "project zurich"),
        ("Project Zu\u0308rich", "Project Zu\u0308rich"),
        ("PROJECT_ZUERICH", "PROJECT_ZUERICH"),
        ("strasse", "strasse"),
        ("STRASSE!", "STRASSE"),
        ("die Straße", "Straße"),
        ("blue heron", "blue heron"),
        ("blue-heron-v2", "blue-heron"),
        ("BLUEHERON", "BLUEHERON"),
        ("kestrel01", "kestrel"),
        ("2kestrels", "kestrels"),
        ("galaxies", "galaxies"),
        ("ssh DB1.CORP.INTERNAL", "DB1.CORP.INTERNAL"),
        ("db1-corp-internal", "db1-corp-internal"),
        ("MUELLER & SOEHNE", "MUELLER & SOEHNE"),
        ("muller & sohne", "muller & sohne"),
        ("smorrebrod", "smorrebrod"),
        ("smoerrebroed", "smoerrebroed"),
        ("極秘翠鳥計画の件", "翠鳥計画"),
        ("x15", "x15"),
        ("X-15", "X-15"),
    ],
)
def test_a_name_is_found_however_it_is_written(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "nordwindhandelung",
        "supernordwindhandel",
        "Nord wind Handel",
        "Nordwind, Handel",
        "Nordwind\n\nHandel",
        "Nordwind x Handel",
        "Nordwind",
        "Handel",
        "nordwind/handel",
        "nordwind--handel",
        "qxf",
        "Qxf",
        "AQXFB",
        "QXFA",
        "strassenbahn",
        "blueheronx",
        "kestrelson",
        "galaxie",
        "db12.corp.internal",
        "xdb1.corp.internal",
        "x150",
        "ax15",
        "",
        " ",
    ],
)
def test_what_only_looks_alike_is_none(text: str) -> None:
    assert found(text) == []


def test_what_is_found_says_what_it_is() -> None:
    assert NAMES.scan("at Kestrel") == (Sensitive("dictionary.term", "PROJECT", 3, 10, Certainty.KNOWN),)


def test_the_longest_name_gives_the_label() -> None:
    assert [each.label for each in NAMES.scan("Nordwind Handel Nord")] == ["BRANCH"]


def test_of_two_names_written_alike_the_first_counts() -> None:
    twice = Dictionary([("Blue Heron", "FIRST"), ("blue-heron", "SECOND")])
    assert [each.label for each in twice.scan("BlueHeron")] == ["FIRST"]


@pytest.mark.parametrize("term", ["", " ", "-", "x", "&", "東"])
def test_a_name_that_would_be_everywhere_is_an_error(term: str) -> None:
    with pytest.raises(ValueError, match="a name labelled X has fewer than 2 letters or digits"):
        Dictionary([("fine", "Y"), (term, "X")])


def test_an_empty_dictionary_finds_nothing() -> None:
    assert Dictionary([]).scan("anything") == ()


def test_thousands_of_names_are_looked_for_at_once() -> None:
    many = Dictionary((f"Customer {number} Holding", "CUSTOMER") for number in range(5_000))
    text = "x = 1\n" * 20_000 + "for customer_4711_holding" + " ü" * 10_000
    ((place),) = many.scan(text)
    assert text[place.start : place.end] == "customer_4711_holding"


WORDS = st.lists(st.text("abcdefghkmoprtuvwxzäöüéßåñ", min_size=3, max_size=9), min_size=1, max_size=3)
NOISE = st.text("0123456789 .,;:/()\n#=東\u0301\u200b", max_size=12).map(lambda text: text + "\n")


@settings(max_examples=200)
@given(WORDS, st.sampled_from(["", "-", "_", ".", " ", "\n  "]), st.sampled_from(["", "s", "'s"]), NOISE, NOISE, st.data())
def test_any_name_is_found_in_any_form(
    words: list[str], joint: str, ending: str, before: str, after: str, data: st.DataObject
) -> None:
    compose = data.draw(st.sampled_from([partial(unicodedata.normalize, "NFC"), partial(unicodedata.normalize, "NFD")]))
    case = data.draw(st.sampled_from([str.upper, str.lower, str.title]))
    written = compose(case(joint.join(words)))
    ending = ending if case is not str.upper else ending.upper()
    text = before + written + ending + after.lstrip("0123456789\u0301\u200b")
    names = Dictionary([(" ".join(words), "NAME")])
    places = [(each.start, each.end) for each in names.scan(text)]
    start, end = len(before), len(before) + len(written)
    assert len(places) == 1
    assert places[0][0] == start
    assert places[0][1] in (end, end + len(ending))


@settings(max_examples=200)
@given(st.text("nordwiNDWIHhael -_.\n東üß\u0308\u200bＮﬁ", max_size=80))
def test_any_text_can_be_scanned(text: str) -> None:
    for each in NAMES.scan(text):
        assert 0 <= each.start < each.end <= len(text)


def test_hostile_repetition_is_scanned() -> None:
    for text in (
        "nordwind " * 20_000,
        "nordwindhandel" * 20_000,
        "s\u0308" * 50_000,
        " " * 200_000,
        "Nordwind" + "\u200b" * 100_000 + "x",
    ):
        assert isinstance(NAMES.scan(text), tuple)
    assert len(NAMES.scan("Nordwind Handel, " * 10_000)) == 10_000
