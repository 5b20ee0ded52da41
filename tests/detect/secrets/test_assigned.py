"""Values that only the name before them tells apart."""

from __future__ import annotations

import re

import pytest

from checkrein.detect.secrets import assigned

VALUE = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def values(words: list[str], text: str) -> list[str]:
    return [match[1] for match in re.finditer(assigned.pattern(words, "[0-9a-f]{32}"), text)]


@pytest.mark.parametrize(
    "text",
    [
        "NEW_RELIC_KEY={}",
        'export NEW_RELIC_KEY="{}"',
        '{{"newRelicKey": "{}"}}',
        'newRelic := "{}"',
        "new-relic.api.key : '{}'",
        "new relic license key: {}",
        "$newRelicKey .= '{}';",
        "NEW_RELIC_KEY ?= {}",
        "new_relic_key ::= `{}`",
        "  'new_relic' => '{}',",
        'new_relic_key: str = "{}"',
        'var newRelicKey string = "{}"',
        'System.setProperty("NEW_RELIC_KEY", "{}");',
        'os.environ.get("NEW_RELIC_KEY", "{}")',
        'config["new_relic_key"] = "{}"',
        "--new-relic-key {} --verbose",
        "--new-relic-key={}",
        "ENV NEW_RELIC_KEY {}",
        "<newRelicKey>{}</newRelicKey>",
        "<newRelicKey>\n    {}\n</newRelicKey>",
        "X-New-Relic-Auth: Token {}",
        'newRelic("{}")',
        "| new relic | {} |",
        '"new_relic_key\\": \\"{}\\"',
    ],
)
def test_it_is_found_in_every_way_to_assign(text: str) -> None:
    assert values(["new-relic"], text.format(VALUE)) == [VALUE]


@pytest.mark.parametrize(
    "text",
    [
        "checksum = '{}'",
        "new_relic_{}",
        "newrelic/{}",
        "new_relic_key = '{}.js'",
        "new_relic_key = '{}00'",
        "new_relic_key = ${{KEY}}\nsum: {}",
        "new_relic.load()\n\n\nmd5 {}",
    ],
)
def test_it_is_not_where_nothing_assigns_it(text: str) -> None:
    assert values(["new-relic"], text.format(VALUE)) == []


@pytest.mark.parametrize(
    "name", ["BOX_KEY", "boxKey", "my_box_key", "myBoxKey", "MyBoxSecret", "box", "boxtoken", "Box client secret"]
)
def test_a_short_word_stands_for_itself(name: str) -> None:
    assert values(["box"], f"{name}: {VALUE}") == [VALUE]


@pytest.mark.parametrize("name", ["boxes", "inbox_id", "textbox", "boxed_key", "sandbox"])
def test_a_short_word_is_not_a_part_of_another_one(name: str) -> None:
    assert values(["box"], f"{name}: {VALUE}") == []


def test_any_of_several_words_and_values() -> None:
    found = re.compile(assigned.pattern(["acme", "zenith"], "a{3}|b{5}"))
    assert [found.search(text)[1] for text in ("acme=aaa", "zenith_key: 'bbbbb'")] == ["aaa", "bbbbb"]  # type: ignore[index]


def test_the_longest_part_of_a_word_is_its_keyword() -> None:
    assert assigned.keywords(["new-relic", "NR"]) == ("relic", "nr")


def test_long_runs_of_blanks_take_no_long() -> None:
    assert values(["new-relic"], ("new_relic" + " " * 60) * 2_000) == []
