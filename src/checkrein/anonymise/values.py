"""Stand-ins for values: each keeps the form that programs need, and holds nothing of the original.

A number keeps its length, its layout and its checksum, a token its prefix, its length and its alphabet, a JWT can be decoded, a
key is a key. Tokens hold the word ``EXAMPLE`` where they can, so that no scanner takes them for real ones.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import random
import re
import string
from functools import cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from checkrein.detect.pii import load
from checkrein.detect.pii.validators import Validator, validator

_PREFIX = re.compile(r"(?:AKIA|ASIA|ABIA|ACCA)(?=[A-Z0-9]{16})|(?:[A-Za-z]{2,6}[0-9]{0,2}[_.-]){1,3}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-([0-9a-fA-F])[0-9a-fA-F]{3}-([0-9a-fA-F])[0-9a-fA-F]{3}-[0-9a-fA-F]{12}")
_HEX = frozenset(string.hexdigits)
_TRIES = 1_000  # a checksum of two digits is met by one in a hundred
_NETS = ("192.0.2.", "198.51.100.", "203.0.113.")  # RFC 5737
_MARK = "EXAMPLE"
_ZEROS = "0" * 8


def address(value: str, rng: random.Random) -> str:
    """An address of a network that is for documentation (RFC 5737, RFC 3849), with the port or prefix that ``value`` has."""
    if "." in value:
        return f"{rng.choice(_NETS)}{rng.randrange(1, 255)}"
    return str(ipaddress.IPv6Address((0x20010DB8 << 96) | rng.getrandbits(64)))


def number(rule: str, value: str, rng: random.Random) -> str:
    """Another number of the kind that ``rule`` finds: same layout, confirmed by the same check where that can be met."""
    kept = 2 if rule == "pii.iban" else 0  # its country decides how long it is
    tries = _TRIES if _confirms(rule, value) else 1
    made = value
    for _ in range(tries):
        made = value[:kept] + _similar(value[kept:], rng)
        if _confirms(rule, made):
            break
    return made


def _confirms(rule: str, value: str) -> bool:
    """Whether ``value`` has a shape of the kind that ``rule`` finds, and its check holds. A check may rely on the shape."""
    shapes, check = _kinds()[rule]
    return any(shape.fullmatch(value) for shape in shapes) and check(value) == len(value)


@cache
def _kinds() -> dict[str, tuple[tuple[re.Pattern[str], ...], Validator]]:
    """By the id of the rule."""
    return {
        kind.rule: (
            tuple(re.compile(shape, re.IGNORECASE) for shape in (*kind.anywhere, *kind.alone, *kind.near)),
            validator(kind.validator),
        )
        for kind in load()
    }


def secret(value: str, rng: random.Random) -> str:
    """Another secret of the same form."""
    if "PRIVATE KEY" in value and (key := _key(value)):
        return key
    if value.count(".") == 2 and (token := _jwt(value, rng)):
        return token
    if uuid := _UUID.fullmatch(value):
        made = _similar(value, rng)
        return f"{made[:14]}{uuid[1]}{made[15:19]}{uuid[2]}{made[20:]}"
    prefix = found[0] if (found := _PREFIX.match(value)) and len(value) - found.end() >= 8 else ""
    return prefix + _marked(_similar(value[len(prefix) :], rng))


def _similar(value: str, rng: random.Random) -> str:
    """Letters for letters of the same case, digits for digits; hexadecimal stays hexadecimal."""
    letters = {letter for letter in value if letter.isalnum()}
    is_hex = letters <= _HEX and any(map(str.isdigit, letters)) and any(map(str.isalpha, letters))
    upper = string.ascii_uppercase[:6] if is_hex else string.ascii_uppercase
    return "".join(_other(letter, upper, rng) for letter in value)


def _other(letter: str, upper: str, rng: random.Random) -> str:
    if letter.isdigit():
        return rng.choice(string.digits)
    if letter.isalpha():
        return rng.choice(upper if letter.isupper() else upper.lower())
    return letter


def _marked(value: str) -> str:
    """With the word that tells scanners that it is none, where there is room."""
    if len(value) < 2 * len(_MARK) or not value.replace("_", "").replace("-", "").isalnum():
        return value
    letters = [letter for letter in value if letter.isalpha()]
    if set(value) <= _HEX:
        return _ZEROS + value[len(_ZEROS) :]
    mark = _MARK if any(map(str.isupper, letters)) else _MARK.lower()
    return mark + value[len(mark) :]


def _jwt(value: str, rng: random.Random) -> str | None:
    """The token with the same header and the same claims, every text and identifier in them another one."""
    header, claims, signature = value.split(".")
    try:
        given = json.loads(_unpadded(header)), json.loads(_unpadded(claims))
    except (ValueError, binascii.Error):
        return None
    parts = [json.dumps(each, separators=(",", ":")).encode() for each in (given[0], _blank(given[1]))]
    shown = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join((*shown, _marked(_similar(signature, rng))))


def _unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _blank(value: Any) -> Any:
    match value:
        case dict():
            return {name: _blank(each) for name, each in value.items()}
        case list():
            return [_blank(each) for each in value]
        case str():
            return "example"
    return value


def _key(value: str) -> str | None:
    """A new key of the same type in the same file format; None where the old one cannot be read."""
    escaped = "\\n" in value and "\n" not in value.strip()
    text = value.replace("\\n", "\n") if escaped else value
    openssh = "OPENSSH" in text
    try:
        load_key = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
        old = load_key(text.strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    new: Any
    match old:
        case rsa.RSAPrivateKey():
            new = rsa.generate_private_key(public_exponent=65537, key_size=old.key_size)
        case ec.EllipticCurvePrivateKey():
            new = ec.generate_private_key(old.curve)
        case ed25519.Ed25519PrivateKey():
            new = ed25519.Ed25519PrivateKey.generate()
        case _:
            return None
    form = serialization.PrivateFormat.PKCS8
    if openssh:
        form = serialization.PrivateFormat.OpenSSH
    elif "BEGIN RSA" in text or "BEGIN EC" in text:
        form = serialization.PrivateFormat.TraditionalOpenSSL
    made: str = new.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode().strip()
    if made.count("\n") != text.strip().count("\n"):
        return None
    shown = text.replace(text.strip(), made)
    return shown.replace("\n", "\\n") if escaped else shown
