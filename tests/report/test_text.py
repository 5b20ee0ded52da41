import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.report.text import clean, clean_lines, counted, shorten, size


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcödé 日本 🙂", "plain – ünïcödé 日本 🙂"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2J\x1b]52;c;eA==\x07", "\\x1b[2J\\x1b]52;c;eA==\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb", "a\\x0db"),
        ("ok \u202e gpj.exe", "ok \\u{202e} gpj.exe"),
        ("zero\u200bwidth", "zero\\u{200b}width"),
        ("tag\U000e0041", "tag\\u{e0041}"),
        ("select\ufe0f", "select\\u{fe0f}"),
        ("fill\u3164er", "fill\\u{3164}er"),
        ("line\u2028end", "line\\u{2028}end"),
        ("no\u00a0break", "no\\xa0break"),
        ("half \udc80", "half \\u{dc80}"),
    ],
)
def test_hidden_characters_are_shown_by_number(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_lines_are_kept_where_asked() -> None:
    assert clean_lines("a\n\x1bb\r\nc") == "a\n\\x1bb\\x0d\nc"


@given(st.text())
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    shown = clean(text)
    assert all(character.isprintable() for character in shown)
    shown.encode()  # raises where a lone surrogate is left


@pytest.mark.parametrize(("text", "width", "short"), [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abc", 0, "…")])
def test_shorten(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 30, "3.0 GiB"), (1 << 42, "4.0 TiB")]
)
def test_size(count: int, shown: str) -> None:
    assert size(count) == shown


def test_counted() -> None:
    assert [counted(number, "path") for number in (0, 1, 2)] == ["0 paths", "1 path", "2 paths"]
