"""Values that stand for other values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkrein.detect.secrets.examples import expand
from checkrein.detect.secrets.generic.dummies import is_dummy


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "ChangeMe123",
        "xxxxxxxxxxxxxxxx",
        "your-api-key-here",
        "YOUR_TOKEN",
        "<token>",
        "[token]",
        "{token}",
        "${TOKEN}",
        "$TOKEN",
        "%TOKEN%",
        "@TOKEN@",
        "__TOKEN__",
        "{{ token }}",
        "{% x %}",
        "<%= x %>",
        "%(token)s",
        "prefix-%s",
        "#{token}",
        "$(cat x)",
        "{0}",
        "a{user.name}",
        "KEY...WXYZ",
        "0123456789abcdef",
        "abcd1234",
        "98765432",
        "aaaaaaaaaaaa",
        "abababababab",
        "a1a1a1a1a1a1",
        "********",
        "password1",
        "Passw0rd!",
        "secret/app/db",
        "secret:name",
        "env.TOKEN",
        "process.env.TOKEN",
        "op://vault/item",
        "vars.TOKEN",
        "KEY7EXAMPLE",
    ],
)
def test_dummies(value: str) -> None:
    assert is_dummy(value)


@pytest.mark.parametrize(
    "template",
    ["{alnum:12}", "{hex:32}", "{b64:64}", "{uuid}", "acme_live_{alnum:32}", "{alpha:8}{digit:2}!", "{b64:400}none{b64:400}"],
)
@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_what_a_generator_makes_is_none(template: str, seed: int) -> None:
    assert not is_dummy(expand(template, seed))


@settings(deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_any_text_is_judged(value: str) -> None:
    assert is_dummy(value) in {True, False}
    assert is_dummy(f"<{value.replace(chr(10), '')}>")
