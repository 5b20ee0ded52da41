"""Templates of examples: what they expand to."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.checks import CHECKS
from checkrein.detect.secrets.examples import expand, fields


@pytest.mark.parametrize(
    ("template", "form"),
    [
        ("{alnum:20}", r"[A-Za-z0-9]{20}"),
        ("{ALNUM:20}", r"[A-Z0-9]{20}"),
        ("{lowernum:20}", r"[a-z0-9]{20}"),
        ("{alpha:9}", r"[A-Za-z]{9}"),
        ("{lower:9}", r"[a-z]{9}"),
        ("{upper:9}", r"[A-Z]{9}"),
        ("{digit:9}", r"[0-9]{9}"),
        ("{hex:32}", r"[0-9a-f]{32}"),
        ("{HEX:32}", r"[0-9A-F]{32}"),
        ("{b32:16}", r"[A-Z2-7]{16}"),
        ("{b64:40}", r"[A-Za-z0-9+/]{40}"),
        ("{b64url:40}", r"[A-Za-z0-9_-]{40}"),
        ("{uuid}", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("{jwt}", r"eyJ[\w-]+\.[\w-]+\.[\w-]+"),
        ("a_{hex:4-9}_b", r"a_[0-9a-f]{4,9}_b"),
    ],
)
def test_a_field_is_filled(template: str, form: str) -> None:
    for seed in range(20):
        assert re.fullmatch(form, expand(template, seed))


@given(st.integers(), st.sampled_from(["{hex:32}", "k={alnum:8}", "{jwt}", "{uuid}"]))
def test_the_same_seed_gives_the_same_text(seed: int, template: str) -> None:
    assert expand(template, seed) == expand(template, seed)


def test_seeds_and_fields_differ() -> None:
    assert len({expand("{hex:32}", seed) for seed in range(50)}) == 50
    left, right = expand("{hex:32} {hex:32}").split()
    assert left != right


@pytest.mark.parametrize("text", ['{"a": {"b": 1}}', "${HOME}", "{name}", "{nope:3}", "{}", "{hex}", "{uuid:3}", "plain"])
def test_other_braces_stay(text: str) -> None:
    assert expand(text) == text
    assert fields(text) == ()


def test_values_are_varied() -> None:
    for seed in range(300):
        value = expand("{alnum:6}", seed)
        assert re.search(r"\d", value)
        assert re.search(r"[A-Za-z]", value)


def test_fields_are_named() -> None:
    assert fields("a {hex:3} {uuid} {x}") == ("hex", "uuid")


def test_a_token_is_one() -> None:
    token = expand("{jwt}")
    assert CHECKS["jwt"](token.encode())
    assert json.loads('"' + token + '"') == token
