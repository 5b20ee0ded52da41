"""What is replaced, around the placeholders that stand there already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Sensitive
from checkrein.vault import placeholder as form
from checkrein.vault.pieces import pieces

MARK = form.make(b"k" * 32, "TOKEN", "v")


def stretches(text: str, *spans: tuple[int, int]) -> list[str]:
    return [text[each.start : each.end] for each in pieces(text, [Sensitive("secret.a", "A", *span) for span in spans])]


def test_what_was_found_is_replaced_once() -> None:
    assert stretches("abcdef", (0, 3), (1, 5)) == ["abcde"]
    assert stretches("abcdef") == []


def test_placeholders_stay() -> None:
    assert stretches(MARK, (0, len(MARK))) == []
    text = f"abc{MARK}def"
    assert stretches(text, (0, len(text))) == ["abc", "def"]
    assert stretches(text, (1, 6)) == ["bc"]
    assert stretches(f"{MARK}x{MARK}", (0, 2 * len(MARK) + 1)) == ["x"]


def test_what_joins_placeholders_is_no_value() -> None:
    text = f"{MARK}: {MARK}!"
    assert stretches(text, (0, len(text))) == []
    assert stretches("://", (0, 3)) == ["://"], "all of what was found is a value, whatever it is made of"


@given(st.lists(st.sampled_from([MARK, "a", "-", "bc"])).map("".join), st.data())
def test_no_piece_touches_a_placeholder(text: str, choice: st.DataObject) -> None:
    ends = st.integers(0, len(text))
    spans = [sorted(span) for span in choice.draw(st.lists(st.tuples(ends, ends))) if span[0] != span[1]]
    found = [Sensitive("secret.a", "A", start, end) for start, end in spans]
    kept = {at for place in form.find(text) for at in range(place.start, place.end)}
    wanted = {at for start, end in spans for at in range(start, end)} - kept
    replaced = [at for each in pieces(text, found) for at in range(each.start, each.end)]
    assert len(replaced) == len(set(replaced))
    assert set(replaced) <= wanted
    assert {at for at in wanted if text[at].isalnum()} <= set(replaced)
