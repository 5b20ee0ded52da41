"""Placeholders that were altered on their way, and what is left of some."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.vault import placeholder as form
from checkrein.vault.altered import altered, mentions, remains

KEY = b"k" * 32


def made(label: str = "GITHUB_TOKEN", value: str = "v") -> str:
    return form.make(KEY, label, value)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p[:-1],
        lambda p: p[:-6],
        lambda p: p[:-1] + ("a" if p[-1] != "a" else "b"),
        lambda p: p.replace("GITHUB", "GITLAB"),
        lambda p: p.replace("GITHUB_", ""),
        str.lower,
        str.upper,
        lambda p: p[:-16] + p[-16:].upper(),
        str.title,
        lambda p: p[:25] + "\n" + p[25:],
        lambda p: p[:9] + "\r\n    " + p[9:],
        lambda p: p[:2] + "\n> " + p[2:],
        lambda p: p[:20] + "\\\n" + p[20:],
        "\n".join,
        "\u200b".join,
        lambda p: p[:22] + "\xad" + p[22:],
        lambda p: p.replace("_", "\\_"),
        lambda p: p.replace("_", "\\_")[:-3],
        lambda p: p.replace("_", "&#95;"),
        lambda p: p.replace("_", "&#x5F;"),
        lambda p: p.replace("_", "%5F"),
        lambda p: p.replace("_", "\\u005f"),
        lambda p: p.replace("_", "-").lower(),
        lambda p: p.replace("_", " "),
    ],
    ids=[
        *("cut", "cut short", "letter", "label", "label cut", "lower", "upper", "mark upper", "title"),
        *("line end", "line end and margin", "quoted", "continued line", "lines", "no width", "soft hyphen"),
        *("Markdown", "Markdown cut", "HTML", "HTML in hex", "URL", "JSON", "slug", "spaces"),
    ],
)
def test_an_altered_one_is_recognised(change: Callable[[str], str]) -> None:
    text = f"token = '{change(made())}'"
    assert mentions(text)
    assert altered(text) == (change(made()),)


@given(st.binary(max_size=9), st.binary(max_size=9), st.booleans(), st.sampled_from(["", "=", ".", "\n", "/", "x"]))
def test_an_encoded_one_is_recognised(before: bytes, after: bytes, in_hex: bool, beside: str) -> None:
    data = before + made().encode() + after
    text = beside + (data.hex() if in_hex else base64.b64encode(data).decode()) + beside
    assert mentions(text)
    assert len(altered(text)) == 1


@given(st.lists(st.sampled_from(["Q0tSX", "NLUl9", "DS1Jf", "434b525f", *"aZ09+/-_= f"])).map("".join))
def test_what_only_begins_like_an_encoded_one_is_none(text: str) -> None:
    assert [part for part in altered(text) if "CKR" not in part.upper()] == []


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, lambda data: data.hex().encode()])
@pytest.mark.parametrize("tail", ["", "f", "ff"])
def test_what_is_no_whole_encoding_is_looked_through(encode: Callable[[bytes], bytes], tail: str) -> None:
    text = encode(b"\xff\xfe" + made().encode() + b"\xfb\xff").decode().rstrip("=") + tail
    assert altered(text) == (text,)


@given(st.integers(3_700, 4_300), st.sampled_from([b"CKR_", b"CKR_A_"]), st.booleans())
def test_one_behind_another_beginning_is_found(distance: int, beginning: bytes, in_hex: bool) -> None:
    """At the end of the characters that are decoded with that beginning, too."""
    data = beginning + b"\xff" * (distance // 2 if in_hex else distance * 3 // 4) + made().encode() + b"\xff" * 3_000
    assert altered(data.hex() if in_hex else base64.b64encode(data).decode())


def test_an_encoding_in_capitals_is_looked_through() -> None:
    assert altered(made().encode().hex().upper()) == (made().encode().hex().upper(),)


def test_what_cannot_be_one_is_not_mentioned() -> None:
    for text in (
        "",
        "token",
        "CK_",
        "abcdefghijklmnop",
        "a" * 100,
        "sixteen-and-more",
        "2345672345672345x",
        "\U0001f600" * 20,
    ):
        assert not mentions(text)


def known(*names: str) -> Callable[[], Iterable[str]]:
    return lambda: iter(names)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("the end {tail}.", "{tail}"),
        ("TOKEN_{tail}", "TOKEN_{tail}"),
        ("x CKR_GITHUB_TOKEN y", "CKR_GITHUB_TOKEN"),
        ("CKR_GITHUB_TOKEN_", "CKR_GITHUB_TOKEN_"),
        ("{tail} and {tail}", "{tail}"),
    ],
)
def test_what_is_left_of_a_known_one_is_told(text: str, left: str) -> None:
    placeholder = next(each for each in (made(value=str(number)) for number in range(100)) if not each[-16:].isalpha())
    text, left = (each.format(tail=placeholder[-16:]) for each in (text, left))
    assert mentions(text)
    assert remains(text, known(placeholder, made("EMAIL"))) == (left,)
    assert remains(text, known(made("EMAIL"))) == ()


def test_whole_ones_leave_nothing() -> None:
    assert remains(f"a {made()} b", known(made())) == ()


def test_the_vault_is_asked_only_where_something_may_be_left() -> None:
    for text in ("", "nothing", made(), "sixteenletterswd", "CKR_ok"):
        assert remains(text, lambda: pytest.fail("nothing is left of any")) == ()


def test_sixteen_letters_are_a_word_unless_they_end_one_in_capitals() -> None:
    placeholder = next(each for each in (made(value=str(number)) for number in range(5_000)) if each[-16:].isalpha())
    assert remains(placeholder[-16:], known(placeholder)) == ()
    assert remains(f"TOKEN_{placeholder[-16:]}", known(placeholder)) == (f"TOKEN_{placeholder[-16:]}",)


def test_several_altered_ones_are_told_each_once() -> None:
    broken = f"{made()[:-4]}\n{made()[-4:]}"
    assert altered(f"{made()} {broken} {made('EMAIL').lower()} {broken}") == (broken, made("EMAIL").lower())


@pytest.mark.parametrize(
    "text",
    [
        "CKR_" + "\n " * 50_000,
        "CKR_A_" * 20_000,
        "C\n" * 50_000,
        "CKR" + "&#95;" * 20_000,
        "\\" * 100_000,
        "Q0tSX" * 40_000,
        "434b525f" * 25_000,
    ],
    ids=["line ends", "heads", "letters", "escapes", "backslashes", "base64", "hex"],
)
def test_no_text_takes_long(text: str) -> None:
    assert altered(text) == ()
