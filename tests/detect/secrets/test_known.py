"""Values that are known: found as they stand and in other forms, and not where they are only a part of a word."""

from __future__ import annotations

import base64
import codecs
import json
import textwrap
from collections.abc import Callable
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
        ("hunter", "hunter1", False),
        ("größer", "vergrößert", False),
        ("48213976", "xx48213976", False),
        ("48213976", "148213976", False),
        ("482139764821", "x482139764821x", True),
        ("s3cretv", "as3cretvb", True),
        ("qzx7r9", "_qzx7r9_", True),
        ("zqxjkvw", "azqxjkvwb", True),
        ("pass-w", "1pass-w1", True),
        ("kT9#vQ2$mZ8!", "akT9#vQ2$mZ8!b", True),
    ],
)
def test_what_may_stand_inside_other_words_counts_as_a_whole_word(value: str, text: str, found: bool) -> None:
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


LONG = "kT9vQ2mZ8aB3xR5wN7cJ"
SHORT = "hunter2x"
ALTERED: dict[str, Callable[[str], str]] = {
    "turned around": lambda value: value[::-1],
    "rot13": lambda value: codecs.encode(value, "rot13"),
    "with spaces": " ".join,
    "with wide spaces": "   ".join,
    "a list of Python": lambda value: repr(list(value)),
    "a list in JSON": lambda value: json.dumps(list(value)),
    "hex with colons": lambda value: value.encode().hex(":").upper(),
    "hex with spaces": lambda value: value.encode().hex(" "),
    "hex of a C array": lambda value: ", ".join(f"0x{byte:02X}" for byte in value.encode()),
    "octal": lambda value: " ".join(f"{byte:03o}" for byte in value.encode()),
    "decimal": lambda value: str(list(value.encode())),
}
WRAPPED: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "a line for each character": "\n".join,
    "wrapped": lambda value: "\n".join(textwrap.wrap(value, 7)),
    "wrapped by a terminal": lambda value: f"{value[:11]}\r\n{value[11:]}",
    "wrapped hex": lambda value: "\n".join(textwrap.wrap(value.encode().hex(), 16)),
    "wrapped base64": lambda value: "\n".join(textwrap.wrap(base64.b64encode(f"xx{value}".encode()).decode(), 10)),
}


@pytest.mark.parametrize("value", [LONG, SHORT, "pa55 w0rd! #4"])
@pytest.mark.parametrize("form", ALTERED)
def test_altered_forms(form: str, value: str) -> None:
    stands = ALTERED[form](value)
    (found,) = spans(f"KEY = {stands} # and more\n", value)
    assert found in stands
    assert not any(letter.isalnum() for letter in stands.replace(found, "", 1).replace("0x", ""))


@pytest.mark.parametrize("form", WRAPPED)
def test_long_values_are_found_in_other_capitals_and_wrapped(form: str) -> None:
    stands = WRAPPED[form](LONG)
    (found,) = spans(f"é KEY={stands}\nNEXT=1\n", LONG)
    assert found in stands
    if form != "wrapped base64":
        assert found == stands


@pytest.mark.parametrize("text", ["HUNTER2X", "hunt\ner2x", "h\nu\nn\nt\ne\nr\n2\nx"])
def test_short_values_count_as_they_are_written(text: str) -> None:
    assert spans(f"a {text} b", SHORT) == []


def test_words_count_as_they_are_written() -> None:
    assert spans("the correct-horse-battery", "Correct-Horse-Battery") == []
    assert spans("the Correct-Horse-\nBattery", "Correct-Horse-Battery") == ["Correct-Horse-\nBattery"]


@pytest.mark.parametrize("cut", [1, 5, 19])
def test_what_is_only_like_a_part_of_a_value_is_not_found(cut: int) -> None:
    other = LONG[:cut] + "~" + LONG[cut + 1 :]
    for form in (*ALTERED.values(), *WRAPPED.values()):
        assert spans(f"KEY = {form(other)}.", LONG) == []


def test_values_that_share_their_middle_are_told_apart() -> None:
    ends = [f"{name}:{'m1ddle-' * 4}{name}" for name in ("first", "second")]
    known = KnownValues(Known(end[:5].upper(), end, "") for end in ends)
    assert [each.label for each in known.scan(" ".join(ends))] == ["FIRST", "SECON"]


def test_a_value_of_many_lines_is_found_however_they_end() -> None:
    value = "-----BEGIN X-----\nq1w2e3r4t5y6\nu7i8o9p0\n-----END X-----"
    for stands in (value, value.replace("\n", "\r\n"), value.replace("\n", ""), json.dumps(value)[1:-1]):
        assert spans(f"x\n{stands}\ny", value) == [stands]


@given(st.text("ab1\né\r", max_size=60), st.integers(0, 40), st.text("ab1\né\r", max_size=20))
def test_spans_are_exact_wherever_lines_end(before: str, width: int, after: str) -> None:
    stands = "\n".join(LONG[at : at + width] for at in range(0, len(LONG), width)) if width else LONG
    assert spans(f"{before} {stands} {after}", LONG) == [stands]


@given(st.text(min_size=6, max_size=30), st.sampled_from(sorted(ALTERED)))
def test_no_text_breaks_the_search(value: str, form: str) -> None:
    known = KnownValues([Known("X", value, "")], short_lived=True)
    for text in (value, value.upper(), " ".join(value), value * 3):
        assert all(0 <= each.start < each.end <= len(text) for each in known.scan(text))


def test_of_values_that_stand_at_one_place_the_first_gives_the_label() -> None:
    values = [Known("BACKWARDS", LONG[::-1], ""), Known("FORWARDS", LONG, "")]
    for known in (KnownValues(values), KnownValues(values, short_lived=True)):
        assert [each.label for each in known.scan(f"{LONG} {LONG[::-1]}")] == ["BACKWARDS", "BACKWARDS"]


def test_many_values_that_are_alike_but_for_their_beginning_are_told_apart() -> None:
    values = [f"{number:06x}{LONG}{LONG}" for number in range(500)]
    known = KnownValues((Known(f"V{number}", value, "") for number, value in enumerate(values)), short_lived=True)
    assert [each.label for each in known.scan(f"{values[7]} ffffff{LONG}{LONG} {values[499].upper()}")] == ["V7", "V499"]
