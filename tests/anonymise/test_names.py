"""Names in every spelling, and hosts with all that is below them."""

from __future__ import annotations

import pytest

from checkrein.anonymise.names import HOST, NAME, Names, words_of

NAMES = Names([words_of("Acme Corp"), words_of("Zed")], ["acme.io"])


def found(text: str) -> list[str]:
    return sorted({text[each.start : each.end] for each in NAMES.scan(text)})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *(("Acme Corp", ("acme", "corp")), ("acme_corp", ("acme", "corp")), ("AcmeCorp", ("acme", "corp"))),
        *(("IBM", ("ibm",)), ("  x-y.z ", ("x", "y", "z")), ("", ())),
    ],
)
def test_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize("spelled", ["Acme Corp", "acme-corp", "ACME_CORP", "acmeCorp", "acmecorp", "acme.corp"])
@pytest.mark.parametrize("around", ["{}", "x{}server", "my_{}_2", "({}'s)", "İ {}"])
def test_a_long_name_is_found_also_within_words(spelled: str, around: str) -> None:
    assert spelled in [each.rstrip("s") for each in found(around.format(spelled))] or spelled in found(around.format(spelled))


@pytest.mark.parametrize(("text", "there"), [("zed", ["zed"]), ("ZedClient", ["Zed"]), ("zedonk", []), ("amazed", [])])
def test_a_short_name_is_found_only_as_a_word(text: str, there: list[str]) -> None:
    assert found(text) == there


@pytest.mark.parametrize(
    ("text", "there"),
    [("https://api.ACME.io/x", True), ("acme.io:80", True), ("acme.iox", False), ("xacme.io", False), ("acme.io-x", False)],
)
def test_hosts(text: str, there: bool) -> None:
    assert (HOST in {each.rule for each in NAMES.scan(text)}) is there


def test_nothing_to_look_for() -> None:
    assert Names([], []).scan("Acme Corp acme.io") == ()


def test_rules() -> None:
    assert {each.rule for each in NAMES.scan("Acme Corp at acme.io")} == {NAME, HOST}
