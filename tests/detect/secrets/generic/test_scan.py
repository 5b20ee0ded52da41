"""All that finds secrets without a provider's shape, together."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.core.sensitive import Certainty
from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic import scan
from marked import lines, written

SOME = lines(r"""
password = "«{alnum:14}»"
"password": "«{alnum:12}»",
DB_PASSWORD=«{alnum:12}»
<password>«{alnum:12}»</password>
curl -u admin:«{alnum:12}» https://example.org
postgres://app:«{alnum:12}»@db.example.org:5432/app
token: «{jwt}»
me:«$2y$10${alnum:53}»
""")
SURROUNDINGS = st.text(
    st.characters(exclude_characters="=\\-", exclude_categories=["Cs"]), max_size=40
)  # those join or divide lines
PIECES = st.sampled_from(
    [
        "password",
        "token",
        "KEY",
        "pw",
        " ",
        "\n",
        "=",
        ":",
        '"',
        "'",
        "\\",
        '\\"',
        "(",
        ")",
        "{",
        "}",
        "://",
        "@",
        " -p",
        " -u ",
        "a:",
        "x1",
        "b!",
        "=>",
        "eyJ",
        "-----BEGIN ",
        "PRI" + "VATE KEY-----",
        "$6$",
        "kind: Secret",
        "data:\n  a: ",
        "é",
        "密码",
        "\U0001f511",
        ",",
        "0x1f, ",
        "value",
        "&quot;",
    ]
)


@settings(deadline=None)
@given(SURROUNDINGS, st.sampled_from(SOME), SURROUNDINGS)
def test_offsets_are_characters_wherever_it_stands(before: str, template: str, after: str) -> None:
    line, value = written(template, 0)
    text = f"{before}\n{line}\n\n{after}"
    assert value in [text[each.start : each.end] for each in scan(text)]


@settings(deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=60).map("".join))
def test_any_text_is_scanned(text: str) -> None:
    found = scan(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(each.certainty is Certainty.GENERIC for each in found)


def test_several_secrets_in_a_line() -> None:
    text = expand('login(user="me", password="{alnum:12}", token="{alnum:32}") # postgres://a:{alnum:12}@b/c')
    assert [each.rule for each in scan(text)] == ["secret.generic-password", "secret.generic-token", "secret.generic-password"]


@pytest.mark.parametrize(
    ("template", "rule", "label"),
    [
        ("password = '{alnum:12}'", "secret.generic-password", "PASSWORD"),
        ("token = '{alnum:32}'", "secret.generic-token", "TOKEN"),
        ("api_key = '{alnum:32}'", "secret.generic-api-key", "API_KEY"),
        ("client_secret = '{alnum:32}'", "secret.generic-secret", "SECRET"),
        ("private_key = '{hex:64}'", "secret.generic-private-key", "PRIVATE_KEY"),
        ("key = '{alnum:32}'", "secret.generic-key", "KEY"),
        ("Authorization: Bearer {alnum:32}", "secret.generic-credential", "CREDENTIAL"),
        ("salt = '{hex:32}'", "secret.generic-salt", "SALT"),
        ("{jwt}", "secret.generic-jwt", "JWT"),
        ("$2y$10${alnum:53}", "secret.generic-password-hash", "PASSWORD_HASH"),
    ],
)
def test_the_rule_says_what_it_is(template: str, rule: str, label: str) -> None:
    assert [(each.rule, each.label) for each in scan(expand(template))] == [(rule, label)]


def test_threads_scan_at_once() -> None:
    texts = [expand("token = '{alnum:32}'\n" * (1 + seed % 7), seed) for seed in range(64)]
    with ThreadPoolExecutor(8) as pool:
        assert [len(found) for found in pool.map(scan, texts)] == [1 + seed % 7 for seed in range(64)]


@pytest.mark.parametrize(
    "piece",
    [
        "kind: Secret\n",
        "kind: Secret\ndata:\n a: YWJjZGVm\n",
        'key="1a2b3c4d ',
        '"d":"',
        "-----BEGIN PRI" + "VATE KEY-----",
        "token='a1' + ",
        " curl -u a:",
        "curl ",
        "htpasswd -b a b ",
        "sqlplus a/b",
        "sudo -S <<<a",
    ],
)
def test_the_work_grows_with_the_text_only(piece: str) -> None:
    assert len(scan(piece * 4000)) <= 4000  # takes minutes where every landmark looks at all of the text


@pytest.mark.parametrize("signs", [ascii_letters, ascii_letters + digits, ascii_letters + digits + "-_"])
@pytest.mark.parametrize("length", [22, 32, 40])
@pytest.mark.parametrize("line", ["API_TOKEN={}", 'token = "{}"', "  api_token: {}", "export SECRET_KEY='{}'"])
def test_what_a_generator_drew_is_found(line: str, length: int, signs: str) -> None:
    """Whatever it drew: also where there is no digit among the first, or none at all."""
    source = random.Random(length)
    drawn = ["".join(source.choices(signs, k=length)) for _ in range(500)]
    missed = [each for each in drawn if not scan(line.format(each) + "\n")]
    assert len(missed) <= (5 if length < 32 else 0)
