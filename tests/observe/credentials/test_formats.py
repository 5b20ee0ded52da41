"""Secrets in the formats in which programs keep them."""

from __future__ import annotations

import base64
import json
import string
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.observe.credentials import formats

RARE = "q7" + "XbV2mZr9" + "LkT4wYpN"
BASIC = base64.b64encode(f"user:{RARE}".encode()).decode()


def secrets(pairs: formats.Pairs) -> set[tuple[str, str]]:
    return set(formats.secret_pairs(pairs))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"API_TOKEN={RARE}", {("API_TOKEN", RARE)}),
        (f"export API_TOKEN = '{RARE}' # why", {("API_TOKEN", RARE)}),
        (f"DB_PASSWORD={RARE} # why", {("DB_PASSWORD", RARE)}),
        ("DB_PASSWORD=a#b", {("DB_PASSWORD", "a#b")}),
        (f"WHATEVER={RARE}", {("WHATEVER", RARE)}),
        ('DB_PASSWORD="two\nlines"\nA=1', {("DB_PASSWORD", "two\nlines")}),
        (r'DB_PASSWORD="a\n\"b\""', {("DB_PASSWORD", r"a\n\"b\""), ("DB_PASSWORD", 'a\n"b"')}),
        (r"DB_PASSWORD='a\n'", {("DB_PASSWORD", r"a\n")}),
        ("DB_PASSWORD='never closed\nAPI_TOKEN=" + RARE, {("DB_PASSWORD", "never closed"), ("API_TOKEN", RARE)}),
        ("DB_PASSWORD=`x`\r\nA=1\r\n", {("DB_PASSWORD", "x")}),
        ("DB_PASSWORD=\n#API_TOKEN=x\n=x\nwords\n", set()),
        ("DB_PASSWORD=${OTHER}\nAPI_TOKEN=<yours>", set()),
        ("PORT=3000\nNODE_ENV=production\nURL=http://localhost/a\nNAME=My App", set()),
        (
            "DATABASE_URL=postgres://app:p%40ss@db/app",
            {("DATABASE_URL", "postgres://app:p%40ss@db/app"), ("URL_PASSWORD", "p%40ss"), ("URL_PASSWORD", "p@ss")},
        ),
        ("URL=http://user@[bad", set()),
    ],
)
def test_dotenv(text: str, found: set[tuple[str, str]]) -> None:
    assert secrets(formats.dotenv(text)) == found


@given(st.text(alphabet="AB=\"'`\\\n# $x", max_size=40))
def test_any_text_is_read_to_its_end(text: str) -> None:
    for name, value in formats.dotenv(text):
        assert name
        assert value in text or "\\" in text


@given(st.text(alphabet=string.printable, min_size=1, max_size=30))
def test_a_quoted_value_is_read_back(value: str) -> None:
    text = value.replace("\\", "\\\\").replace('"', '\\"')
    assert value in {found for _, found in formats.dotenv(f'A="{text}"\nB=2')}


@pytest.mark.parametrize(
    ("reader", "text", "values"),
    [
        (formats.lines, f"//r.example/:_authToken={RARE}\n; c=d\nsave-exact=true\n_auth={BASIC}", {RARE, BASIC}),
        (formats.lines, "//r.example/:_authToken=${NPM_TOKEN}", set()),
        (formats.ini, f"[default]\naws_access_key_id = A\naws_secret_access_key = {RARE}\nregion = eu", {RARE}),
        (formats.ini, f"[pypi]\nusername = __token__\npassword = {RARE}%x", {f"{RARE}%x"}),
        (
            formats.ini,
            "[global]\nindex-url = https://u:secretpw@i.example/simple",
            {"secretpw", "https://u:secretpw@i.example/simple"},
        ),
        (
            formats.netrc,
            f"machine a.example login me password {RARE}\nmachine b.example\n login x\n password pw2",
            {RARE, "pw2"},
        ),
        (
            formats.addresses,
            "https://me:p%21w@git.example\n\nhttps://plain.example",
            {"https://me:p%21w@git.example", "p%21w", "p!w"},
        ),
        (formats.pgpass, "# c\ndb:5432:app:me:pa\\:ss\nbroken", {"pa:ss"}),
        (formats.whole, f"{RARE}\n", {RARE}),
        (formats.json_document, json.dumps({"auths": {"r.example": {"auth": BASIC}}}), {BASIC, RARE}),
        (formats.json_document, json.dumps({"auths": {"r.example": {"auth": "no base64!"}}}), {"no base64!"}),
        (formats.json_document, json.dumps({"type": "authorized_user", "refresh_token": "1//x", "client_id": "a"}), {"1//x"}),
        (formats.json_document, json.dumps({"credentials": {"app.terraform.io": {"token": "abc.x.y"}}}), {"abc.x.y"}),
        (formats.yaml_document, f"github.com:\n  user: me\n  oauth_token: {RARE}\n", {RARE}),
        (formats.yaml_document, f"users:\n- name: u\n  user:\n    token: {RARE}\n    client-key-data: Zm9v\n", {RARE, "Zm9v"}),
        (formats.toml_document, f'[registry]\ntoken = "{RARE}"\n', {RARE}),
    ],
)
def test_other_formats(reader: Callable[[str], formats.Pairs], text: str, values: set[str]) -> None:
    assert {value for _, value in secrets(reader(text))} == values


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (formats.json_document, '{"token": "' + RARE),
        (formats.json_document, "[" * 100_000),
        (formats.yaml_document, "a: [" + RARE),
        (formats.yaml_document, "a: 2021-99-99"),
        (formats.toml_document, f"token = {RARE}"),
        (formats.ini, f"token = {RARE}"),
    ],
)
def test_broken_documents_say_so_without_their_content(reader: Callable[[str], formats.Pairs], text: str) -> None:
    with pytest.raises(ValueError, match="it is no") as caught:
        list(reader(text))
    assert RARE not in "".join(traceback.format_exception(caught.value)).replace(f"(text={text!r})", "")


def test_a_document_that_multiplies_itself_is_read_once() -> None:
    text = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in zip("abcdefghijkl", "bcdefghijklm", strict=True)
    )
    assert len(list(formats.yaml_document(text))) < 100


def test_a_document_of_very_many_values_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        list(formats.json_document(json.dumps(["x"] * 30_000)))
