"""Every kind of personal data: its examples, its shapes, its words."""

from __future__ import annotations

import re
from functools import cache

import pytest

from checkrein.detect.pii import Kind, Pii, default_kinds, load
from checkrein.detect.pii.backends import PortableBackend
from checkrein.detect.pii.catalogue import read
from checkrein.detect.pii.patterns import compiled, needs_digit, trigger, width, word_trigger
from checkrein.detect.pii.validators import is_validator, validator
from pii_examples import found_in, not_found_in

SEEDS = (0, 1)

each_kind = pytest.mark.parametrize("kind", load(), ids=lambda kind: kind.id)


@cache
def scanner(kind: str) -> Pii:
    return Pii([kind], PortableBackend)


@each_kind
def test_bad_examples_are_found_where_they_stand(kind: Kind) -> None:
    for template in kind.bad:
        for seed in SEEDS:
            text, spans = found_in(kind, template, seed)
            assert spans, template
            found = scanner(kind.id).scan(text)
            assert [(each.start, each.end) for each in found] == list(spans), template
            assert {(each.rule, each.label) for each in found} == {(kind.rule, kind.label)}


@each_kind
def test_good_examples_are_not(kind: Kind) -> None:
    for template in kind.good:
        for seed in SEEDS:
            text = not_found_in(kind, template, seed)
            assert [text[each.start : each.end] for each in scanner(kind.id).scan(text)] == [], template


@pytest.mark.parametrize(
    "shape", [r"\d", r"x\d{2}", "[0-9]", "[3-7]a", "(?:a1|b2)", "(5)", r"(?:a|\d)\d", r"[\d4]x", "a{0,2}7"]
)
def test_a_shape_that_needs_a_digit(shape: str) -> None:
    assert needs_digit(shape)


@pytest.mark.parametrize(
    "shape", ["", "x", r"\d?", r"(?:\d)*x", "[0-9a]", r"(?:a|\d)", r"[^\d]", r"\w", r"\D", "[^0-9]", r"(?:x\d)?y"]
)
def test_a_shape_that_can_do_without(shape: str) -> None:
    assert not needs_digit(shape)


@pytest.mark.parametrize("shape", ["", "x?", "x*", "x{401}"])
def test_a_shape_without_bounds_is_an_error(shape: str) -> None:
    with pytest.raises(ValueError, match="1 to 400 are possible"):
        width(shape)


@each_kind
def test_every_shape_has_a_width(kind: Kind) -> None:
    for shape in (*kind.anywhere, *kind.alone, *kind.near):
        assert width(shape) > 0


@each_kind
def test_the_trigger_matches_in_every_match(kind: Kind) -> None:
    if not kind.anywhere:
        return
    for template in kind.bad:
        text, _ = found_in(kind, template)
        for shape in kind.anywhere:
            for match in compiled(shape).finditer(text):
                assert re.search(kind.trigger, match[0]) if kind.trigger else True
                begins = text[match.start() :].encode()
                assert re.match(trigger(shape).replace(rb"\z", rb"\Z"), begins), match[0]


def test_there_are_kinds_enough_and_each_country_is_known() -> None:
    kinds = load()
    assert len(kinds) >= 120
    assert len({kind.country for kind in kinds}) >= 45
    assert default_kinds() < {kind.id for kind in kinds}
    assert {"email-private", "phone", "card", "iban", "us-ssn", "pl-pesel"} <= default_kinds()


@pytest.mark.parametrize("kind", [kind for kind in load() if kind.default], ids=lambda kind: kind.id)
def test_what_is_looked_for_unasked_has_evidence(kind: Kind) -> None:
    """A check confirms it, words announce it, or its shape has letters and digits in fixed places."""
    shapes = (*kind.anywhere, *kind.alone)
    assert kind.validator or all(re.search(r"\[[A-Z]", shape) for shape in shapes)


@each_kind
def test_words_are_found_as_they_are_written(kind: Kind) -> None:
    for word in kind.words:
        pattern = re.compile(word_trigger(word.lower()).replace(rb"\z", rb"\Z"))
        for spelled in (word, word.lower(), f"x: {word}", f"{word}: 1"):
            assert pattern.search(spelled.encode())


def test_words_are_found_in_names_of_programs() -> None:
    pattern = re.compile(word_trigger("social security").replace(rb"\z", rb"\Z"))
    assert all(
        pattern.search(text) for text in (b"social_security", b"SOCIAL-SECURITY", b"userSocialSecurity", b"socialSecurityNo")
    )
    short = re.compile(word_trigger("sin").replace(rb"\z", rb"\Z"))
    assert all(short.search(text) for text in (b"sin: 1", b"SIN", b"user_sin=", b"userSin "))
    assert not any(short.search(text) for text in (b"using", b"single", b"cousin", b"Singapore", b"userSingle"))


ENTRY = """
- id: some-number
  label: SOME_NUMBER
  title: some number
  country: XX
  default: false
  near: ['\\d{5}']
  words: [some]
  bad: ['some [[{digit:5}]]']
  good: ['{digit:5}']
"""


def test_an_entry_is_read() -> None:
    (kind,) = read(ENTRY, "here")
    assert (kind.rule, kind.near, kind.words, kind.apart, kind.validator) == (
        "pii.some-number",
        (r"\d{5}",),
        ("some",),
        False,
        "",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  title: some number\n", "", r"missing fields \['title'\]"),
        ("  country: XX\n", "  country: Xland\n", "the country 'Xland' is not of the form"),
        ("  country: XX\n", "  country: NO\n", "country is not a text"),
        ("  label: SOME", "  label: some", "the label 'some_NUMBER' is not of the form"),
        ("  words: [some]\n", "", "near needs words"),
        ("  words: [some]\n", "  words: [1]\n", "words is not a list of texts"),
        ("  near: ['\\d{5}']\n", "", "it has no shape"),
        ("'\\d{5}'", "'('", "near holds no regular expression"),
        ("'\\d{5}'", "'(a)(b)'", "near has more than one group"),
        ("default: false", "default: 3", "default is not true or false"),
        ("default: false", "default: false\n  apart: 1", "apart is not true or false"),
        ("default: false", "default: false\n  trigger: 1", "trigger is not a text"),
        ("default: false", "default: false\n  validator: stdnum.zz.none", "there is no validator 'stdnum.zz.none'"),
        ("default: false", "default: false\n  anywhere: [ö]", "is written in ASCII"),
        ("default: false", "default: false\n  weight: 1", r"unknown fields \['weight'\]"),
        ("  good: ['{digit:5}']\n", "  good: []\n", "good is empty"),
    ],
)
def test_an_entry_that_is_not_as_it_has_to_be_is_an_error(old: str, new: str, said: str) -> None:
    assert old in ENTRY
    with pytest.raises(ValueError, match=said) as caught:
        list(read(ENTRY.replace(old, new), "here"))
    assert str(caught.value).startswith("here: some-number: ")


@pytest.mark.parametrize("text", ["id: x", "- just a text"])
def test_a_file_of_another_form_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"^here: "):
        list(read(text, "here"))


def test_validators_are_known_by_name() -> None:
    assert is_validator("card")
    assert is_validator("stdnum.pl.pesel")
    assert not is_validator("stdnum.zz.none")
    assert not is_validator("stdnum.pl.none")
    assert not is_validator("nobody")
    assert not is_validator(None)
    with pytest.raises(KeyError):
        validator("nobody")


def test_a_template_that_cannot_be_filled_is_an_error() -> None:
    kind = next(kind for kind in load() if kind.id == "gb-driving-licence")
    with pytest.raises(ValueError, match="no value of MORGA600054SM9IJ is as it has to be"):
        found_in(kind, "[[MORGA600054SM9IJ]]")
