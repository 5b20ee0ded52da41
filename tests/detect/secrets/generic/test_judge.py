"""What is a secret, where one could stand."""

from __future__ import annotations

import base64

import pytest

from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic.judge import is_account, is_password, is_secret, is_token
from checkrein.detect.secrets.generic.names import Kind
from checkrein.detect.secrets.generic.reader import value_after

SEEDS = range(40)


def judged(text: str, kind: Kind) -> bool:
    value = value_after(text, 0, 1)
    assert value is not None
    return is_secret(value, kind)


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("x = '{alnum:12}'", Kind.PASSWORD),
        ("x = '{alpha:5}{digit:2}!{alpha:3}'", Kind.PASSWORD),
        ("x = 'Blue-Kettle{digit:2}!'", Kind.PASSWORD),
        ("x = '{alnum:20}'", Kind.TOKEN),
        ("x = '{hex:32}'", Kind.API_KEY),
        ("x = '{uuid}'", Kind.TOKEN),
        ("x = '{digit:18}'", Kind.TOKEN),
        ("x = 'acme_live_{hex:40}'", Kind.SECRET),
        ("x = 'access-production-{uuid}'", Kind.TOKEN),
        ("x = '{b64:43}='", Kind.KEY),
        ("x = '{hex:64}'", Kind.KEY),
        ("x = '0x{hex:64}'", Kind.TOKEN),
        ("x = '{HEX:40}'", Kind.API_KEY),
        ("x = '{hex:40}'", Kind.KEY),
        ("x = '{hex:16}'", Kind.SALT),
        ("x = '0x{hex:40}'", Kind.PRIVATE_KEY),
        ("x = '0x{hex:40}'", Kind.SECRET),
        ("x: Bearer 0x{hex:40}", Kind.CREDENTIAL),
        ("x = 'MCowBQYDK2V{b64:40}'", Kind.SECRET),
        ("x = 'MCowBQYDK2VwAyEA{b64:51}='", Kind.SECRET),
        ("x = 'MFkwEwYHKoZIzj0CA{b64:50}'", Kind.PASSWORD),
        ("x = 'h1:{alnum:20}'", Kind.PASSWORD),
        ("x = 'md5:{alnum:20}'", Kind.PASSWORD),
        ("x = 'md5:{alnum:22}'", Kind.PASSWORD),
        ("x = 'crypt-{alnum:20}'", Kind.PASSWORD),
        ("x = 'www.{alnum:24}'", Kind.PASSWORD),
        ("x = '2024-01-02{alpha:1}{alnum:16}'", Kind.PASSWORD),
        ("x = '{alnum:16}-2024-01-02'", Kind.TOKEN),
    ],
)
def test_secrets(template: str, kind: Kind) -> None:
    found = sum(judged(expand(template, seed), kind) for seed in SEEDS)
    assert found >= 0.9 * len(SEEDS)  # a generator makes something that looks like words now and then


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x = 'access_token_v2'", Kind.TOKEN),
        ("x = 'getAccessToken2'", Kind.TOKEN),
        ("x = 'https://example.org/a1b2c3d4'", Kind.SECRET),
        ("x = '/etc/app/secrets/db1.key'", Kind.SECRET),
        ("x = 'keys/production/app-1.pem'", Kind.SECRET),
        ("x = 'login1.example.org'", Kind.SECRET),
        ("x = '2024-05-06T07:08:09Z'", Kind.TOKEN),
        ("x = '2024-05-06T07:08:09.123456+02:00'", Kind.TOKEN),
        ("x = 'nightly-backup-2024-05-06'", Kind.SECRET),
        ("x = 'md5:{hex:32}'", Kind.SECRET),
        ("x = 'sha512-{b64:86}=='", Kind.SECRET),
        ("x = 'sha1:{hex:12}:{hex:40}'", Kind.PASSWORD),
        ("x = 'SHA256:{b64:43}'", Kind.SECRET),
        ("x = 'h1:{b64:43}='", Kind.TOKEN),
        ("x = 'www.example.org/reset/{alnum:20}'", Kind.PASSWORD),
        ("x = 'data:image/png;base64,{b64:40}'", Kind.SECRET),
        ("x = 'mailto:me1@example.org'", Kind.SECRET),
        ("x = 'urn:uuid:{uuid}'", Kind.TOKEN),
        ("x = 'sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f0'", Kind.SECRET),
        ("x = 'two words 1'", Kind.PASSWORD),
        ("x = 'short'", Kind.PASSWORD),
        ("x = '12345'", Kind.PASSWORD),
        ("x = '1234567890'", Kind.TOKEN),
        ("x = 'naïve1é2'", Kind.PASSWORD),
        ("x = user1.secret2", Kind.SECRET),
        ("x = a1b2c3]d4", Kind.SECRET),
        ("x = {1, 1, 1, 1, 1, 1, 1, 1}", Kind.KEY),
        ("x = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE{b64:86}'", Kind.KEY),
        ("x = 'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA{b64:348}'", Kind.SECRET),
        ("x = 'MCowBQYDK2VwAyEA{b64:43}='", Kind.KEY),
        ("x = '0x{hex:40}'", Kind.TOKEN),
        ("x = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'", Kind.TOKEN),
        ("x = '{HEX:40}'", Kind.KEY),
        ("x = 'item-{uuid}'", Kind.KEY),
        ("x = 'orders:{uuid}:lines'", Kind.KEY),
        ("x = 'pk_live_{alnum:24}'", Kind.KEY),
    ],
)
def test_what_is_none(text: str, kind: Kind) -> None:
    assert not any(judged(expand(text, seed), kind) for seed in SEEDS)


@pytest.mark.parametrize("template", ["{uuid}", "{hex:16}", "{alnum:10}"])
def test_a_name_that_says_little_asks_for_more(template: str) -> None:
    assert not any(judged(f"x = '{expand(template, seed)}'", Kind.KEY) for seed in SEEDS)


def test_passwords_of_the_environment_may_be_words_with_digits() -> None:
    assert judged("X=kettleblue77", Kind.PASSWORD)
    assert not judged("x = kettleblue77", Kind.PASSWORD)
    assert not judged("X=kettleblue", Kind.PASSWORD)


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("me:Tq7xKp2m", True),
        ("{alnum:32}:", True),
        ("me:password", False),
        ("me:", False),
        ("admin1:admin1", False),
        ("me", False),
        ("me:\x01\x02\x03\x04\x05\x06", False),
    ],
)
def test_accounts(account: str, expected: bool) -> None:
    assert is_account(base64.b64encode(expand(account).encode()).decode()) is expected


def test_no_account_where_there_is_no_base64() -> None:
    assert not is_account("not base64!")
    assert not is_account("YWRtaW46c3VwZXI=”")
    assert not is_account(base64.b64encode(b"\xff\xfe:\xff").decode())


def test_passwords_and_tokens_in_their_own_places() -> None:
    assert is_password(expand("{alnum:10}"))
    assert not is_password("secretary")
    assert not is_password(expand("{alnum:65}"))
    assert is_token(expand("{alnum:40}"))
    assert not is_token(expand("{alnum:12}"))
