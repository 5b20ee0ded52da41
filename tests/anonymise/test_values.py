"""Stand-ins for values keep what programs look at."""

from __future__ import annotations

import base64
import ipaddress
import json
import random
import uuid

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from stdnum import iban, luhn

from checkrein.anonymise import values
from checkrein.detect.secrets.engine import standard
from checkrein.detect.secrets.examples import expand


def rng() -> random.Random:
    return random.Random(5)


@pytest.mark.parametrize(
    "template",
    [
        *("ghp_{alnum:36}", "AKIA{b32:16}", "sk_live_{alnum:24}", "xoxb-{digit:12}-{digit:12}-{alnum:24}", "npm_{alnum:36}"),
        *("glpat-{b64url:20}", "{hex:40}", "{alnum:20}", "SG.{b64url:22}.{b64url:43}", "{lower:6}-{digit:4}"),
    ],
)
def test_a_token_keeps_prefix_length_and_alphabet(template: str) -> None:
    value = expand(template)
    made = values.secret(value, rng())
    prefix = template.partition("{")[0]
    assert made.startswith(prefix)
    assert made != value
    assert len(made) == len(value)
    assert [letter for letter in made if not letter.isalnum()] == [letter for letter in value if not letter.isalnum()]
    if template == "{hex:40}":
        int(made, 16)


@pytest.mark.parametrize("template", ["ghp_{alnum:36}", "AKIA{b32:16}", "npm_{alnum:36}", "glpat-{alnum:20}"])
def test_no_scanner_takes_a_stand_in_for_a_token(template: str) -> None:
    value = expand(template)
    assert standard().scan(f'key = "{value}"')
    assert not standard().scan(f'key = "{values.secret(value, rng())}"')


def test_a_uuid_stays_one_of_its_version() -> None:
    value = str(uuid.UUID(int=random.Random(1).getrandbits(128), version=4))
    made = values.secret(value, rng())
    assert uuid.UUID(made).version == 4
    assert made != value


def test_a_jwt_can_be_decoded_and_says_nothing() -> None:
    claims = base64.urlsafe_b64encode(b'{"sub":"jane","exp":1700000000,"roles":["x"],"deep":{"a":true}}').rstrip(b"=").decode()
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    header, body, _ = values.secret(f"{head}.{claims}.{expand('{b64url:43}')}", rng()).split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {
        "sub": "example", "exp": 1700000000, "roles": ["example"], "deep": {"a": True},
    }  # fmt: skip


KEYS = {
    "rsa": (rsa.generate_private_key(public_exponent=65537, key_size=2048), serialization.PrivateFormat.TraditionalOpenSSL),
    "ec": (ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8),
    "ed25519": (ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.OpenSSH),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("escaped", [False, True])
def test_a_key_is_a_key_of_the_same_kind(name: str, escaped: bool) -> None:
    key, form = KEYS[name]
    value = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode().strip()
    given = value.replace("\n", "\\n") if escaped else value
    made = values.secret(given, rng())
    assert ("\n" in made) is not escaped
    text = made.replace("\\n", "\n")
    load = serialization.load_ssh_private_key if name == "ed25519" else serialization.load_pem_private_key
    assert type(load(text.encode(), password=None)) is type(key)
    assert text.split("\n")[0] == value.split("\n")[0]
    assert text.count("\n") == value.count("\n")
    assert text != value


@pytest.mark.parametrize("value", ["4539 1488 0343 6467", "4539148803436467", "3723-456129-08177"])
def test_a_card_keeps_layout_and_checksum(value: str) -> None:
    made = values.number("pii.card", value, rng())
    assert made != value
    assert luhn.is_valid(made.replace(" ", "").replace("-", ""))
    assert [letter.isdigit() for letter in made] == [letter.isdigit() for letter in value]


def test_an_iban_keeps_its_country_and_checksum() -> None:
    value = "DE64 3704 0044 0532 0147 11"
    made = values.number("pii.iban", value, rng())
    assert made[:2] == "DE"
    assert made != value
    assert iban.is_valid(made)


@pytest.mark.parametrize("value", ["10.20.30.40", "2a00:1450:4001:81b::200e"])
def test_an_address_of_a_network(value: str) -> None:
    made = ipaddress.ip_address(values.address(value, rng()))
    assert made.version == ipaddress.ip_address(value).version
    assert any(
        made in ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    )
