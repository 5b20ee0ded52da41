"""Addresses that the history of a project names."""

from __future__ import annotations

import pytest

from checkrein.detect.dictionary import Dictionary
from checkrein.detect.pii import Pii, default_kinds
from checkrein.detect.pii.published import search
from checkrein.detect.secrets.engine import standard
from checkrein.detect.sensitive import Scanner

AUTHOR = "jo.author" + "@somewhere.org"
CUSTOMER = "kim.customer" + "@elsewhere.org"
PUBLISHED = frozenset({AUTHOR})


def found(kinds: frozenset[str], text: str) -> list[str]:
    return [text[each.start : each.end] for each in search(kinds, PUBLISHED).scan(text)]


@pytest.mark.parametrize(
    "text",
    [
        f'authors = [{{name = "Jo", email = "{AUTHOR}"}}]',
        f"Copyright (c) 2024 Jo <{AUTHOR}>",
        f"Author: Jo <{AUTHOR.upper()}>",
        AUTHOR,
    ],
)
def test_an_author_is_nobody_s_secret(text: str) -> None:
    assert found(default_kinds(), text) == []


def test_everybody_else_is() -> None:
    assert found(default_kinds(), f"{AUTHOR}, {CUSTOMER}") == [CUSTOMER]


@pytest.mark.parametrize("text", [f"x{AUTHOR}", f"{AUTHOR}.uk", AUTHOR.replace("@", "+list@")])
def test_what_only_holds_the_address_is_another_one(text: str) -> None:
    assert found(default_kinds(), text) == [text]


@pytest.mark.parametrize("kinds", [frozenset({"email"}), default_kinds() | {"email"}])
def test_who_asks_for_all_addresses_gets_them(kinds: frozenset[str]) -> None:
    assert found(kinds, f"{AUTHOR}, {CUSTOMER}") == [AUTHOR, CUSTOMER]


def test_a_name_of_the_dictionary_in_an_author_s_address_is_still_found() -> None:
    scanner = Scanner(
        standard(), pii=search(default_kinds(), PUBLISHED), dictionary=Dictionary([("somewhere", "CUSTOMER")]), generic=False
    )
    assert [each.label for each in scanner.scan(f"by {AUTHOR}")] == ["CUSTOMER"]


def test_without_a_history_nothing_is_public() -> None:
    assert isinstance(search({"email-private"}, frozenset()), Pii)
