"""Values that are known again only where they stand alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Sensitive
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.words import joins
from checkrein.vault import Kind
from checkrein.vault.alone import LONGEST_WORD, Alone, joined, marked, word_around
from checkrein.vault.vault import Vault

WORD = "sunflowergarden"
KNOWN = KnownValues([Known("PASSWORD", WORD, "")])


@pytest.mark.parametrize(
    ("value", "alone"),
    [
        *((WORD, True), ("83920174", True), ("12345678901", True)),
        *(("123456789012", False), ("xq9-4kd7", False), ("sunflower garden", False), ("", False)),
    ],
)
def test_numbers_and_words_are_known_again_alone(value: str, alone: bool) -> None:
    for kind in (Kind.CREDENTIAL, Kind.PERSONAL):
        assert marked(value, kind) == value
        assert isinstance(marked(value, kind), Alone) is alone
    assert type(marked(value, Kind.NAME)) is str


@given(st.characters(exclude_categories=("Cs",)))
def test_what_joins_a_value_is_what_hides_it_from_the_search(sign: str) -> None:
    assert joins(sign, WORD[0]) == (not KNOWN.scan(sign + WORD)) == (not KNOWN.scan(WORD + sign))


def test_nothing_joins_nothing() -> None:
    assert not joins("", "a")


@given(st.text(st.sampled_from("ab_ .\u00e9-"), max_size=9), st.text(st.sampled_from("ab_ .\u00e9-"), max_size=9))
def test_the_words_that_hold_a_value(before: str, after: str) -> None:
    text = before + WORD + after
    around = word_around(text, len(before), len(before) + len(WORD))
    assert before.endswith(around[0])
    assert after.startswith(around[1])
    assert list(joined(WORD, text)) == ([] if KNOWN.scan(text) else [WORD.join(around)])


def test_a_word_is_looked_at_up_to_a_length() -> None:
    assert word_around("a" * 9999 + WORD, 9999, 9999 + len(WORD)) == ("a" * LONGEST_WORD, "")


def test_the_vault_says_which_they_are(new_vault: Callable[..., Vault]) -> None:
    vault = new_vault()
    names = {
        vault.redact(value, [Sensitive(rule, "TOKEN", 0, len(value))]): kind
        for value, rule, kind in (
            (WORD, "secret.test", Alone),
            ("83920174", "pii.test", Alone),
            ("Sunflower", "dictionary.term", str),
            ("xq9-4kd7", "secret.test", str),
        )
    }
    for each in (vault, new_vault()):  # out of memory, and out of the store
        for _ in range(2):
            assert {name: type(value) for name, value in each.values(names).items()} == names
