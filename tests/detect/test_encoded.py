"""What an encoded value holds, and another one in the same form."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect import encoded

TEXT = "a user:and a p%ss word"


@pytest.mark.parametrize(
    "surface",
    [
        base64.b64encode(TEXT.encode()).decode(),
        base64.b64encode(TEXT.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode("ÿÿÿ>>>???".encode()).decode(),
        TEXT.encode().hex(),
        TEXT.encode().hex().upper(),
        "a%20user%3Aand",
    ],
)
def test_what_is_encoded_can_be_encoded_again(surface: str) -> None:
    found = encoded.opened(surface)
    assert found is not None
    assert found.sealed(found.text) == surface


@pytest.mark.parametrize("surface", ["", "plain words", "ghp_short", base64.b64encode(bytes(range(128, 160))).decode(), "100%"])
def test_what_is_not_encoded(surface: str) -> None:
    assert encoded.opened(surface) is None


@given(st.text())
def test_any_text(surface: str) -> None:
    found = encoded.opened(surface)
    assert found is None or found.text != surface
