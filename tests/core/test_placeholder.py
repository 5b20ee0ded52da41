from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.placeholder import check, find, holds, label_of
from checkrein.core.sensitive import PLACEHOLDER

WHOLE = "CKR_API_TOKEN_oz74xg26yza4qinc"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (WHOLE, [WHOLE]),
        (f"x{WHOLE}y {WHOLE}", [WHOLE, WHOLE]),
        (f"CKR_{WHOLE}", [f"{WHOLE}"]),
        (WHOLE[:-1], []),
        (WHOLE[:-1] + "d", []),
        (WHOLE.lower(), []),
        ("CKR_FUNCTION_NOT_SUPPORTED", []),
    ],
)
def test_find(text: str, found: list[str]) -> None:
    places = list(find(text))
    assert [place.text for place in places] == found
    assert [text[place.start : place.end] for place in places] == found


def test_the_label() -> None:
    assert label_of(WHOLE) == "API_TOKEN"


@given(st.from_regex(PLACEHOLDER, fullmatch=True))
def test_the_shape_alone_is_no_placeholder(text: str) -> None:
    sound = text[:-4] + check(text[:-4])
    assert holds(sound)
    assert holds(text) == (text == sound)
