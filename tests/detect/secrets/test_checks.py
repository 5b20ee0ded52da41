"""Checks that tell a credential from what only has its shape."""

from __future__ import annotations

import base64
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.secrets.checks import CHECKS, entropy, is_real
from checkrein.detect.secrets.examples import expand


@pytest.mark.parametrize(
    ("check", "template"),
    [
        ("jwt", "{jwt}"),
        ("pem", "-----BEGIN PRIVATE KEY-----\n{b64:64}\n{b64:30}==\n-----END PRIVATE KEY-----"),
        ("pem", r"-----BEGIN PRIVATE KEY-----\n{b64:64}\n{b64:30}==\n-----END PRIVATE KEY-----"),
        ("pem", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{b64:64}\n-----END RSA PRIVATE KEY-----"),
        ("pem", "-----BEGIN PRIVATE KEY-----\n    2\t{b64:64}\n    3\t{b64:64}\n-----END PRIVATE KEY-----"),
        ("pem", '"-----BEGIN PRIVATE KEY-----\\n" +\n  "{b64:64}\\n" +\n  "-----END PRIVATE KEY-----"'),
        ("base64", "{b64:40}"),
        ("base64", "{b64url:41}x="),
        ("digit", "abc1"),
        ("letter", "12a"),
        ("mixed", "a1"),
        ("not-a-word", "word1"),
        ("not-a-word", "kQZpLmWx"),
        ("not-a-sample", "tr0ub4dor&3"),
        ("not-a-sample", "passwordOfAnn7"),
    ],
)
def test_passes(check: str, template: str) -> None:
    assert CHECKS[check](expand(template).encode())


@pytest.mark.parametrize(
    ("check", "value"),
    [
        ("jwt", "eyJhbGciOiJIUzI1NiJ9"),
        ("jwt", base64.b64encode(b'{"typ":"x"}').decode() + ".e30.x"),
        ("jwt", base64.b64encode(b'"alg" and more').decode() + ".e30.x"),
        ("jwt", "!!!.e30.x"),
        ("pem", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
        (
            "pem",
            "-----BEGIN PRIVATE KEY-----\n<your key goes here: the manual says how>\n-----END PRIVATE KEY-----",
        ),
        ("pem", "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n-----END PRIVATE KEY-----"),
        ("base64", "abc$"),
        ("digit", "abc"),
        ("letter", "123"),
        ("mixed", "abc"),
        ("not-a-word", "some-words_here"),
        ("not-a-word", "SomeWords"),
        ("not-a-sample", "password"),
        ("not-a-sample", "my_secret1"),
        ("not-a-sample", "tiger"),
        ("not-a-sample", "%(password)s"),
        ("not-a-sample", "****"),
    ],
)
def test_fails(check: str, value: str) -> None:
    assert not CHECKS[check](value.encode())


@pytest.mark.parametrize("value", ["xxxxxxxxab12", "your-api-key", "AKIA_EXAMPLE_9", "aaaa", "1234567890ab", "<placeholder1>"])
def test_dummies(value: str) -> None:
    assert not is_real(value.encode())


@given(st.integers(0, 10_000), st.sampled_from(["{alnum:40}", "{hex:64}", "{b64url:36}", "{lowernum:24}"]))
def test_random_values_are_real(seed: int, template: str) -> None:
    assert is_real(expand(template, seed).encode())


@given(st.binary(min_size=1))
def test_entropy_is_between_none_and_that_of_all_different(value: bytes) -> None:
    assert -1e-9 <= entropy(value) <= math.log2(len(set(value))) + 1e-9


def test_entropy() -> None:
    assert entropy(b"aaaa") == 0
    assert entropy(b"abcd") == 2
