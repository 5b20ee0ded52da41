"""The scanner: whatever form a secret stands in, it is found, with the characters that hold it."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from string import ascii_letters, digits
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.pii import Pii
from checkrein.detect.secrets.engine import Engine, standard
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Scanner
from some_kinds import KINDS

ENGINE = Engine(KINDS)
SCANNER = Scanner(ENGINE, generic=False)

tokens = st.integers(0, 1000).map(lambda seed: expand("acme_{alnum:30}", seed))
around = st.text(st.characters(codec="utf-8", exclude_characters="_\x1b%"), max_size=40).map(lambda text: f"{text} ")


def spans(text: str, scanner: Scanner = SCANNER) -> list[str]:
    return [text[each.start : each.end] for each in scanner.scan(text)]


def env_line(text: str) -> str:
    return 'KEY="' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"\nOTHER=1\n'


def events(text: str) -> str:
    delta = json.dumps({"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}})
    return f"event: content_block_delta\ndata: {delta}\n\n"


WRAPPINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": json.dumps,
    "json in unicode": lambda text: json.dumps({"a": text}, ensure_ascii=False),
    "pretty json": lambda text: json.dumps({"b": 1, "a": [text]}, indent=2),
    "json in json": lambda text: json.dumps({"a": json.dumps({"b": text})}),
    "json lines": lambda text: "".join(json.dumps({"n": n, "text": text if n == 3 else "x\ny"}) + "\n" for n in range(6)),
    "cut json": lambda text: json.dumps({"a": "\n", "b": text})[5:-1],
    "events": events,
    ".env": env_line,
    "yaml": lambda text: yaml.safe_dump({"a": text, "b": "\n"}),
    "yaml, quoted": lambda text: yaml.safe_dump({"a": text}, default_style='"'),
    "yaml, wide": lambda text: yaml.safe_dump({"a": text}, default_style='"', width=10_000, allow_unicode=True),
    "url": lambda text: f"GET /?q={quote(text, safe='')}&x=1",
    "python": lambda text: f"x = {text!a}\n",
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=list(WRAPPINGS))
@given(around, tokens, around)
def test_a_secret_is_found_in_any_wrapping(wrap: Callable[[str], str], before: str, token: str, after: str) -> None:
    text = wrap(f"{before}{token} {after}")
    assert spans(text) == [token]


@given(around, tokens, around)
def test_in_base64_all_of_the_token_is_covered(before: str, token: str, after: str) -> None:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(f"{before}{token} {after}".encode()).decode()
        assert spans(f"data {encoded} end") == [encoded.rstrip("=") + "=" * encoded.count("=")]


@given(st.data())
def test_characters_that_are_escaped_are_part_of_the_value(data: st.DataObject) -> None:
    token = expand("acme_{alnum:30}", data.draw(st.integers(0, 99)))
    forms = [lambda c: c, lambda c: f"\\u{ord(c):04x}"]
    escaped = "".join(data.draw(st.sampled_from(forms))(letter) for letter in token)
    assert spans(json.dumps({"a": "\n"})[:-1] + f', "b": "x {escaped}"}}') == [escaped]
    encoded = "".join(data.draw(st.sampled_from([lambda c: c, lambda c: f"%{ord(c):02X}"]))(letter) for letter in token)
    assert spans(f"?a=%20{encoded}&b") == [encoded]


def test_a_key_of_several_lines_is_found_in_json() -> None:
    key = expand("-----BEGIN RSA PRIVATE KEY-----\n{b64:64}\n{b64:64}\n{b64:20}==\n-----END RSA PRIVATE KEY-----")
    escaped = key.replace("\n", "\\n")
    assert spans(json.dumps({"private_key": key + "\n"})) == [escaped]
    assert spans(f'KEY="{escaped}"') == [escaped]
    assert spans(yaml.safe_dump({"key": key}, default_style="|")) == [key.replace("\n", "\n  ")]


def test_what_stands_again_in_another_block_is_found_again() -> None:
    token = expand("acme_{alnum:30}")
    encoded = base64.b64encode(f"the token is {token}, and that is all".encode()).decode()
    text = "".join(json.dumps({"n": "the quick brown fox\n" * 8_000 + str(n), "a": encoded}) + "\n" for n in range(3))
    assert spans(text) == [encoded] * 3


def test_colours_within_a_value() -> None:
    token = expand("acme_{alnum:30}")
    text = f"KEY=\x1b[01;31m\x1b[K{token[:8]}\x1b[m\x1b[K{token[8:]}\n"
    assert spans(text) == [f"{token[:8]}\x1b[m\x1b[K{token[8:]}"]


def test_the_same_span_is_reported_once() -> None:
    token = expand("acme_{alnum:30}")
    (found,) = SCANNER.scan(f'x = "{token}\\n" % 5')
    assert found == Sensitive("secret.acme-token", "ACME_TOKEN", 5, 5 + len(token))


def test_all_detectors_are_asked_of_every_reading() -> None:
    class Word:
        def __init__(self, word: str, certainty: Certainty) -> None:
            self.word, self.certainty = word, certainty

        def scan(self, text: str) -> tuple[Sensitive, ...]:
            at = text.find(self.word)
            return () if at < 0 else (Sensitive("r", self.word.upper(), at, at + len(self.word), self.certainty),)

    scanner = Scanner(
        ENGINE,
        generic=False,
        known=KnownValues([Known("PASSWORD", "tr0ub4dor&3", ".env")]),
        pii=Word("someone@there", Certainty.SPECIFIC),
        dictionary=Word("acme gmbh", Certainty.KNOWN),
    )
    text = json.dumps({"a": "tr0ub4dor&3\nsomeone@there\nacme gmbh"})
    assert [each.label for each in scanner.scan(text)] == ["PASSWORD", "SOMEONE@THERE", "ACME GMBH"]


def test_what_only_looks_like_a_secret_is_found_where_asked_for() -> None:
    text = 'db_password = "kT9#vQ2$mZ8!wX4b"\n'
    assert spans(text, Scanner(ENGINE)) == ["kT9#vQ2$mZ8!wX4b"]
    assert spans(text) == []


PLACEHOLDER = "CKR_API_TOKEN_oz74xg26yza4qinc"


@pytest.mark.parametrize("text", [f"pg://me:{PLACEHOLDER}@host", f'acme_token = "{PLACEHOLDER}"', f"nova {PLACEHOLDER}"])
def test_placeholders_are_left_alone(text: str) -> None:
    assert Scanner(ENGINE).scan(text) == ()


def test_the_shape_of_a_placeholder_hides_no_known_value() -> None:
    """Its check has to hold: anybody can write CKR_TOKEN_ before sixteen letters."""
    value = "kq3zh7bwx2mfr5ta"
    scanner = Scanner(Engine(KINDS), known=KnownValues([Known("TOKEN", value, "")]))
    text = f"CKR_TOKEN_{value} {PLACEHOLDER}"
    assert [text[each.start : each.end] for each in scanner.scan(text)] == [value]


@pytest.mark.parametrize("form", ["CKR_A_kq3zh7bwx2mfr5ta{}", "{}CKR_A_kq3zh7bwx2mfr5ta", "CKR_A_kq3zh7bwx2mfr5ta.{}"])
def test_the_shape_of_a_placeholder_hides_nothing_that_looks_like_a_secret(form: str) -> None:
    value = form.format(expand("{alnum:14}", 3))
    assert spans(f'password = "{value}"', Scanner(ENGINE)) == [value]
    assert spans(f'password = "{PLACEHOLDER}"', Scanner(ENGINE)) == []


def test_a_secret_around_a_placeholder_is_found_but_for_it() -> None:
    begin, end = (f"-----{word} PRIVATE KEY-----" for word in ("BEGIN", "END"))
    first, last = expand("{b64:64}", 1), expand("{b64:64}", 2)
    text = f"{begin}\n{first}\n{PLACEHOLDER}\n{last}\n{end}"
    assert spans(text) == [f"{begin}\n{first}\n", f"\n{last}\n{end}"]


def test_redacting_twice_changes_nothing() -> None:
    text = f"a {expand('acme_{alnum:30}')} b pg://u:{expand('{alnum:12}')}@h"
    once = text
    for each in reversed(SCANNER.scan(text)):
        once = once[: each.start] + PLACEHOLDER + once[each.end :]
    assert SCANNER.scan(once) == ()


def test_comments_count_where_they_are_asked_for() -> None:
    token = expand("acme_{alnum:30}")
    text = f'a = "{token}\\n"  # checkrein: allow made up for this test\nb = "{token}"\n'
    looked = Scanner(ENGINE, generic=False, comments=True).look(text)
    assert [each.start for each in looked.found] == [text.rindex(token)]
    assert [(one.found.start, one.reason) for one in looked.allowed] == [(5, "made up for this test")]
    assert len(SCANNER.look(text).found) == 2
    assert SCANNER.look(text).allowed == ()


def test_a_comment_in_a_file_in_json_counts_for_its_line_alone() -> None:
    token = expand("acme_{alnum:30}")
    lines = f"a = '{token}'\nb = '{token}'  # checkrein: allow an example\nc = '{token}'\n"
    looked = Scanner(ENGINE, generic=False, comments=True).look(json.dumps({"content": lines}))
    assert (len(looked.found), len(looked.allowed)) == (2, 1)
    cut = json.dumps({"content": lines})[3:-2]
    looked = Scanner(ENGINE, generic=False, comments=True).look(cut)
    assert (len(looked.found), len(looked.allowed)) == (2, 1)


def test_a_detector_that_fails_is_not_silent() -> None:
    class Broken:
        def scan(self, text: str) -> tuple[Sensitive, ...]:
            raise ArithmeticError("out of order")

    with pytest.raises(ArithmeticError):
        Scanner(ENGINE, pii=Broken()).scan("text")


def test_a_password_before_a_host_is_no_address() -> None:
    """Whole, and as a credential: as personal data a prompt with it would be sent."""
    scanner = Scanner(standard(), pii=Pii({"email-private"}))
    source = random.Random(5)
    for scheme in ("postgresql", "https", "mydb"):
        for _ in range(50):
            password = "".join(source.choices(ascii_letters + digits, k=18))
            text = f"Why does {scheme}://shop:{password}@db.acme.io:5432/shop refuse me?"
            (found,) = scanner.scan(text)
            assert text[found.start : found.end] == password
            assert found.label != "EMAIL"
