"""The form of a placeholder: made, found, told from an altered one."""

from __future__ import annotations

import json
import re
import shlex
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from checkrein.core.sensitive import PLACEHOLDER
from checkrein.vault import placeholder as form
from checkrein.vault.altered import altered

KEY = b"k" * 32
LABELS = st.from_regex(r"[A-Z][A-Z0-9]{0,7}(_[A-Z]{1,7}){0,2}", fullmatch=True)
PLACEHOLDERS = st.builds(form.make, st.binary(min_size=32, max_size=32), LABELS, st.text())


def made(label: str = "GITHUB_TOKEN", value: str = "v") -> str:
    return form.make(KEY, label, value)


def places(text: str) -> list[str]:
    return [place.text for place in form.find(text)]


@given(PLACEHOLDERS)
def test_a_placeholder_has_the_form_that_everybody_looks_for(placeholder: str) -> None:
    found = PLACEHOLDER.fullmatch(placeholder)
    assert found is not None
    assert found["label"] == form.label_of(placeholder)
    assert len(placeholder) <= form.MAX_LENGTH


@given(PLACEHOLDERS)
def test_quoting_leaves_it_as_it_is(placeholder: str) -> None:
    assert json.dumps(placeholder) == f'"{placeholder}"'
    assert shlex.quote(placeholder) == placeholder
    assert quote(placeholder, safe="") == placeholder


@given(st.binary(min_size=32, max_size=32), LABELS, st.text(), st.text())
def test_it_is_a_function_of_key_label_and_value(key: bytes, label: str, value: str, other: str) -> None:
    assert form.make(key, label, value) == form.make(key, label, value)
    assume(value != other)
    assert form.make(key, label, value) != form.make(key, label, other)
    assert form.make(key, label, value) != form.make(key + b"x", label, value)


def test_a_lone_surrogate_is_a_value_too() -> None:
    assert made(value="\ud800") != made(value="\ud801")


@pytest.mark.parametrize("label", ["", "lower", "1ST", "A" * 32, "_A", "A-B", "A_2345672345672345_B"])
def test_a_label_that_cannot_be_read_back_is_refused(label: str) -> None:
    with pytest.raises(ValueError, match="label"):
        form.make(KEY, label, "v")


@given(st.text(), PLACEHOLDERS, st.text())
def test_it_is_found_wherever_it_stands(before: str, placeholder: str, after: str) -> None:
    assert places(before + placeholder + after) == [placeholder]
    assert altered(placeholder) == ()


@pytest.mark.parametrize("before", ["CKR_", "CKR_A_", "CKR_ABC_a", "xCKR_", "CKR_CKR_", "CKR_A_CKR_"])
@pytest.mark.parametrize("after", ["", "x", "_", "CKR_", "A", "7"])
def test_what_stands_around_it_does_not_hide_it(before: str, after: str) -> None:
    assert places(before + made() + made("EMAIL") + after) == [made(), made("EMAIL")]


@given(PLACEHOLDERS, st.data())
def test_a_changed_one_is_never_taken_for_another(placeholder: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(placeholder) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz234567ABCXYZ_019 "))
    assume(letter != placeholder[at])
    assert places(placeholder[:at] + letter + placeholder[at + 1 :]) == []
    assert places(placeholder[:at] + placeholder[at + 1 :]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rv == CKR_OK",
        "CKR_FUNCTION_NOT_SUPPORTED",
        "CKR_USER_ALREADY_LOGGED_IN_2",
        "CKR_SESSION_HANDLE_INVALIDATED",
        "CKR_",
        "ckr_ok",
        "CKR_NAME_ok",
        "CKR_HOST_MEMORY:\n    return the_next_of_these_values\n",
        "the CKR-codes of a-token-with-sixteen letters",
    ],
)
def test_constants_that_begin_alike_are_none(text: str) -> None:
    assert places(text) == []
    assert altered(text) == ()


@given(st.text(), PLACEHOLDERS, st.data())
def test_the_beginning_of_one_at_the_end_is_held_back(before: str, placeholder: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(placeholder) - 1))
    assert form.begun(before + placeholder[:cut]) >= cut


@pytest.mark.parametrize("text", ["", "abc", "CKR_ ", "CKR_A_b c", "c"])
def test_other_ends_are_not(text: str) -> None:
    assert form.begun(text) == 0


@given(PLACEHOLDERS)
def test_a_whole_one_is_not_held_back(placeholder: str) -> None:
    assert form.begun(placeholder + " ") == 0
    assert form.begun(placeholder) in (0, *((1,) if re.search("C$", placeholder) else ()))
