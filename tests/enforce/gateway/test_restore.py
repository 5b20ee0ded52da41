from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.enforce.gateway.jsonbody import escaped
from checkrein.enforce.gateway.restore import Tail, restored
from checkrein.vault.placeholder import make
from gateway_world import placeholder_of

VALUES = {placeholder_of(value): value for value in ("s3cret-a", 's3cret-"quoted"\n', "s3cret-\u00e9")}
MARKS = list(VALUES)
PIECES = st.lists(
    st.sampled_from([*MARKS, *(mark[:-3] for mark in MARKS), "CKR_", "C", "CK", "x", " CKR_A_2222", "\n", "CKR_API_KEY_"])
    | st.text(max_size=5),
    max_size=12,
)


def all_of(text: str) -> str:
    return restored(text, VALUES.get)


def test_known_placeholders_become_values_and_others_stay() -> None:
    foreign = placeholder_of("s3cret-of-another")
    assert all_of(f"<{MARKS[0]}>{foreign}{MARKS[1]}x") == f'<s3cret-a>{foreign}s3cret-"quoted"\nx'
    assert restored(f'"{MARKS[1]}"', VALUES.get, escaped) == '"s3cret-\\"quoted\\"\\n"'


@pytest.mark.parametrize("cut", range(len(MARKS[0]) + 9))
def test_a_placeholder_cut_anywhere_is_restored(cut: int) -> None:
    text = f"ab {MARKS[0]} cd C"
    tail = Tail(VALUES.get)
    out = tail.feed(text[:cut]) + tail.feed(text[cut:]) + tail.flush()
    assert out == "ab s3cret-a cd C"


def test_every_character_by_itself() -> None:
    text = f"C{MARKS[0]}{MARKS[1]}CKR_{MARKS[2]}CKR"
    tail = Tail(VALUES.get)
    assert "".join(map(tail.feed, text)) + tail.flush() == all_of(text)


@pytest.mark.parametrize("text", ["", "a", "no end of it", "CKR_x", "CK-", "C."])
def test_nothing_waits_that_cannot_become_a_placeholder(text: str) -> None:
    assert Tail(VALUES.get).feed(text) == text


def test_no_more_waits_than_a_placeholder_is_long() -> None:
    tail = Tail(VALUES.get)
    for letter in "CKR_" + "A" * 200:
        tail.feed(letter)
        assert len(tail.held) < 52


@given(PIECES, st.lists(st.integers(0, 400), max_size=8))
def test_however_a_text_is_cut_it_is_restored_as_if_it_were_whole(pieces: list[str], cuts: list[int]) -> None:
    text = "".join(pieces)
    tail = Tail(VALUES.get)
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    out = "".join(tail.feed(text[start:end]) for start, end in pairwise(places))
    assert out + tail.flush() == all_of(text)


@pytest.mark.parametrize("label", ["A", "A" * 31, "A_" * 15 + "B", "A1_2B", "CKR", "CKR_C"])
def test_a_placeholder_of_any_label_is_restored_from_any_pieces(label: str) -> None:
    mark = make(b"k" * 32, label, "s3cret")
    for cut in range(len(mark) + 1):
        tail = Tail({mark: "s3cret"}.get)
        out = tail.feed(f"a {mark[:cut]}")
        assert out + tail.feed(f"{mark[cut:]}.") + tail.flush() == "a s3cret."
