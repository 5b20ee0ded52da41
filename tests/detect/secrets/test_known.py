"""Values that are known: found as they stand and in other forms, and not where they are only a part of a word."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.known import Ignored, Known, KnownValues

VALUE = "tr0ub4dor&3/+ é"


def spans(text: str, *values: str) -> list[str]:
    known = KnownValues(Known("PASSWORD", value, ".env") for value in values)
    return [text[each.start : each.end] for each in known.scan(text)]


def test_a_finding_says_that_it_is_known() -> None:
    known = KnownValues([Known("DB_PASSWORD", "tr0ub4dor&3", "/p/.env"), Known("OTHER", "tr0ub4dor&3", "environment")])
    assert known.scan("é pw=tr0ub4dor&3;") == (Sensitive("secret.known", "DB_PASSWORD", 5, 16, Certainty.KNOWN),)
    assert known.scan("") == known.scan("nothing") == ()
    assert KnownValues([]).scan("text") == ()


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        quote(VALUE, safe=""),
        quote(VALUE, safe="").replace("%C3%A9", "%c3%a9").replace("%2F", "%2f").replace("%2B", "%2b"),
        quote_plus(VALUE),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
    ],
)
def test_forms(form: str) -> None:
    assert spans(f"x='{form}' and more", VALUE) == [form]


@given(st.text('abcXYZ019+/é&\n"\\', min_size=8, max_size=40), st.binary(max_size=6), st.binary(max_size=6), st.booleans())
def test_base64_at_any_place(value: str, before: bytes, after: bytes, url_safe: bool) -> None:
    known = KnownValues([Known("PASSWORD", value, "")])
    if known.ignored:
        return
    encode = base64.urlsafe_b64encode if url_safe else base64.b64encode
    text = encode(before + value.encode() + after).decode()
    (found,) = known.scan(f"<{text}>")
    data = before + value.encode() + after
    assert before.startswith(base64.b64decode(text[: (found.start - 1) // 4 * 4], altchars=b"-_" if url_safe else None))
    uncovered = text[: found.start - 1] + text[found.end - 1 :]
    assert len(uncovered) <= (len(before) + len(after)) * 8 / 6 + 4
    assert found.end - found.start >= len(value.encode()) * 8 // 6
    assert len(data) >= len(value)


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("hunter", "password hunter!", True),
        ("hunter", "headhunter", False),
        ("hunter", "hunters", False),
        ("hunter", "hunter_x", False),
        ("hunter", "ähunter", False),
        ("hunter", "hunter", True),
        ("correcthorsebattery", "xcorrecthorsebatteryx", False),
        ("s3cretv", "as3cretvb", False),
        ("kT9#vQ2$mZ8!", "akT9#vQ2$mZ8!b", True),
    ],
)
def test_short_values_count_as_whole_words(value: str, text: str, found: bool) -> None:
    assert spans(text, value) == ([value] if found else [])


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "fewer than 6 characters"),
        ("abcde", "fewer than 6 characters"),
        ("localhost", "a common word"),
        ("Password", "a common word"),
        ("1234567", "fewer than 8 digits"),
        ("------------", "repeated"),
        ("ababababab", "repeated"),
    ],
)
def test_what_is_not_looked_for_is_said(value: str, reason: str) -> None:
    known = KnownValues([Known("X", value, "/p/.env")])
    (ignored,) = known.ignored
    assert reason in ignored.reason
    assert ignored == Ignored("X", "/p/.env", ignored.reason)
    assert known.scan(f"a {value} b") == ()


def test_no_value_is_shown() -> None:
    assert "tr0ub" not in repr(Known("X", "tr0ub4dor&3", "/p/.env"))
    assert "tr0ub" not in repr(KnownValues([Known("X", "tr0ub4dor&3", "/p/.env")]))


def test_values_within_values() -> None:
    assert spans("a longer-secret-value b", "longer-secret-value", "secret-value") == ["longer-secret-value"]


@given(st.lists(st.text("abc1 é", min_size=6, max_size=12), max_size=5), st.lists(st.text("abc1 é"), max_size=5))
def test_every_long_value_is_found_wherever_it_stands(values: list[str], around: list[str]) -> None:
    text = "".join(part + value for part, value in zip(around, values, strict=False)) + "|"
    known = KnownValues(Known("X", value, "") for value in values)
    covered = {index for each in known.scan(text) for index in range(each.start, each.end)}
    ignored = len(known.ignored)
    for value in values if not ignored else []:
        at = text.find(value)
        end = at + len(value)
        if at >= 0 and not (text[at - 1 : at].isalnum() and at) and not text[end].isalnum():
            assert covered.issuperset(range(at, end))
