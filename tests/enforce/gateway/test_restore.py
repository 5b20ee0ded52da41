from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.enforce.gateway.restore import JSON, PLAIN, Tail, restored
from checkrein.vault.alone import Alone
from checkrein.vault.placeholder import find, make
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
    assert restored(f'"{MARKS[1]}"', VALUES.get, JSON) == '"s3cret-\\"quoted\\"\\n"'


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


WORDS = {placeholder_of(value): Alone(value) for value in ("sunflowergarden", "83920174")}
WORD, NUMBER = WORDS
SEARCH = KnownValues(Known("PASSWORD", value, "") for value in WORDS.values())
BOTH = {**VALUES, **WORDS}
BESIDE = [
    "",
    "x",
    "Z",
    "7",
    "_",
    "-",
    "C",
    " ",
    "\n",
    "\t",
    '"',
    "\\",
    "/",
    "=",
    ".",
    "\u00e9",
    "\u6771",
    "\u201c",
    "\U0001f600",
]
TEXTS = st.lists(st.sampled_from([*BESIDE, *BOTH, WORD[:-3], "CKR_", "\\n"]) | st.text(max_size=3), max_size=10).map("".join)


@pytest.mark.parametrize("mark", WORDS)
@pytest.mark.parametrize("after", BESIDE)
@pytest.mark.parametrize("before", BESIDE)
def test_a_word_is_put_back_where_it_is_found_again(before: str, after: str, mark: str) -> None:
    value = WORDS[mark]
    again = bool(SEARCH.scan(before + value + after))
    assert restored(before + mark + after, WORDS.get) == before + (value if again else mark) + after


@given(TEXTS)
def test_no_word_is_put_back_unseen(text: str) -> None:
    out = restored(text, BOTH.get)
    found = [(each.start, each.end) for each in SEARCH.scan(out)]
    for value in WORDS.values():
        for at in range(len(out)):
            if out.startswith(value, at):
                assert any(start <= at and at + len(value) <= end for start, end in found)


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    return [text[start:end] for start, end in pairwise(places)]


@given(TEXTS, st.lists(st.integers(0, 300), max_size=8))
def test_however_a_text_is_cut_words_are_put_back_as_if_it_were_whole(text: str, cuts: list[int]) -> None:
    tail = Tail(BOTH.get)
    assert "".join(map(tail.feed, pieces_of(text, cuts))) + tail.flush() == restored(text, BOTH.get)


def spelled(text: str, *, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)


@given(TEXTS, st.booleans(), st.lists(st.integers(0, 400), max_size=8))
def test_in_json_what_stands_beside_a_word_is_read_as_it_is_meant(text: str, ascii_only: bool, cuts: list[int]) -> None:
    assume(not ascii_only or all(sign <= "\uffff" for sign in text))  # half a surrogate pair is taken for a letter
    tail = Tail(BOTH.get, JSON)
    whole = spelled(text, ascii_only=ascii_only)
    out = "".join(map(tail.feed, pieces_of(whole, cuts))) + tail.flush()
    assert json.loads(out) == restored(text, BOTH.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'"\\n{WORD}\\n"', '"\\nsunflowergarden\\n"'),
        (f'"\\\\n{WORD}"', f'"\\\\n{WORD}"'),
        (f'"{WORD}\\u0078"', f'"{WORD}\\u0078"'),
        (f'"\\u0078{WORD}"', f'"\\u0078{WORD}"'),
        (f'"\\u0020{WORD}\\u0020"', '"\\u0020sunflowergarden\\u0020"'),
        (f'"\\u00{WORD}"', f'"\\u00{WORD}"'),
    ],
)
def test_escapes_beside_a_word_at_every_split(text: str, expected: str) -> None:
    for cut in range(len(text) + 1):
        tail = Tail(WORDS.get, JSON)
        assert tail.feed(text[:cut]) + tail.feed(text[cut:]) + tail.flush() == expected
    tail = Tail(WORDS.get, JSON)
    assert "".join(map(tail.feed, text)) + tail.flush() == expected


def test_only_a_word_waits_for_what_comes_next() -> None:
    assert Tail(BOTH.get).feed(MARKS[0]) == "s3cret-a"
    tail = Tail(BOTH.get)
    assert (tail.feed(f"a {WORD}"), tail.held) == ("a ", WORD)
    assert (tail.feed(" b"), tail.held) == ("sunflowergarden b", "")
    assert tail.feed(f" {WORD}") + tail.flush() == " sunflowergarden"


@pytest.mark.parametrize("spelling", [PLAIN, JSON])
def test_no_more_waits_than_a_placeholder_and_an_escape(spelling: object) -> None:
    longest = max(len(place.text) for mark in BOTH for place in find(mark)) + 6
    tail = Tail(BOTH.get, JSON if spelling is JSON else PLAIN)
    for sign in f"{WORD}\\u00e9{WORD}\\u00zz{WORD}\\" * 3:
        tail.feed(sign)
        assert len(tail.held) <= longest


@given(st.text(st.sampled_from('\\\\u0e9nx"'), max_size=14))
def test_the_last_sign_of_a_json_text_is_told_as_from_its_first_one_on(text: str) -> None:
    signs = list(re.finditer(r"\\(?:u[0-9A-Fa-f]{0,4}|[^u])?|[^\\]", text))
    assert JSON.last(text) == (signs[-1][0] if signs else "")
