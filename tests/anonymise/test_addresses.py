"""Which parts of an address are secret."""

from __future__ import annotations

import pytest

from checkrein.anonymise.addresses import hosts, secrets
from checkrein.detect.secrets.examples import expand

_TOKEN = expand("{alnum:32}")


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("postgresql://shop:{}@localhost:5432/shop", ["S"]),
        ("postgresql+psycopg://shop:{}@db.acme.io/shop?sslmode=require", ["S"]),
        ("jdbc:postgresql://localhost/shop?user=shop&password={}", ["S"]),
        ("mongodb://u:{}@one.acme.io:27017,two.acme.io:27017/shop", ["S"]),
        ("https://{}@git.acme.io/shop.git", ["T"]),
        ("https://{}:x-oauth-basic@git.acme.io/shop.git", ["T", "x-oauth-basic"]),
        ("redis://:{}@cache:6379/0", ["S"]),
        ("https://hooks.acme.io/services/{}", ["T"]),
        ("amqp://u:p/{}@queue/", None),
    ],
)
def test_the_secret_parts(address: str, parts: list[str] | None) -> None:
    value = address.format(_TOKEN)
    spans = secrets(value)
    expected = None if parts is None else [_TOKEN if part in "ST" else part for part in parts]
    assert (None if spans is None else [value[start:end] for start, end in spans]) == expected


@pytest.mark.parametrize("value", ["", _TOKEN, "user:pass@host", "a b://c:d@e", "https://"])
def test_no_addresses(value: str) -> None:
    assert secrets(value) is None
    assert list(hosts(value)) in ([], [""])


def test_hosts() -> None:
    assert list(hosts("mongodb://u:p@one.acme.io:27017,two.acme.io/shop")) == ["one.acme.io", "two.acme.io"]
