"""Examples of secrets, written as templates: ``ghp_{alnum:36}`` stands for a value that is made when it is needed.

So no file of ours holds the shape of a secret, and yet every kind is shown, tested and documented with whole lines. This is a
part of the form of the data in ``rules``. Tests and benchmarks fill the templates, and have nothing in common but the package.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import string
import uuid
from collections.abc import Callable

_ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "ALNUM": string.ascii_uppercase + string.digits,
    "lowernum": string.ascii_lowercase + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digit": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "b32": string.ascii_uppercase + "234567",
    "bech32": "023456789ACDEFGHJKLMNPQRSTUVWXYZ",
    "b64": string.ascii_letters + string.digits + "+/",
    "b64url": string.ascii_letters + string.digits + "-_",
}
_TEMPLATE = re.compile(r"\{(?P<name>[A-Za-z0-9]+)(?::(?P<least>\d+)(?:-(?P<most>\d+))?)?\}")
_JWT_HEADER, _JWT_CLAIMS = b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"%d","iat":%d}'


def expand(template: str, seed: int = 0) -> str:
    """``template`` with its fields filled: the same text for the same template and seed.

    ``{alnum:36}`` is 36 letters and digits, ``{hex:8-12}`` eight to twelve, and so on for ``ALNUM`` (upper case and digits),
    ``lowernum``, ``alpha``, ``lower``, ``upper``, ``digit``, ``hex``, ``HEX``, ``b32``, ``bech32`` (upper case), ``b64`` and
    ``b64url``; ``{uuid}`` is a UUID, ``{jwt}`` a signed token. A value of six characters or more never happens to be all alike
    or without a digit where its alphabet has both digits and letters. Any other braces stay as they are.
    """
    rng = random.Random(hashlib.sha256(f"{seed}\0{template}".encode()).digest())  # noqa: S311 - nobody keeps these secret
    return _TEMPLATE.sub(lambda field: _filled(field, rng), template)


def fields(template: str) -> tuple[str, ...]:
    """The names of the fields of ``template``."""
    return tuple(field["name"] for field in _TEMPLATE.finditer(template) if _known(field))


def _known(field: re.Match[str]) -> bool:
    return field["name"] in (_ALPHABETS if field["least"] else _WHOLE)


def _filled(field: re.Match[str], rng: random.Random) -> str:
    if not _known(field):
        return field[0]
    if not field["least"]:
        return _WHOLE[field["name"]](rng)
    length = rng.randint(int(field["least"]), int(field["most"] or field["least"]))
    alphabet = _ALPHABETS[field["name"]]
    value = "".join(rng.choices(alphabet, k=length))
    while length >= 6 and not _varied(value, alphabet):
        value = "".join(rng.choices(alphabet, k=length))
    return value


def _varied(value: str, alphabet: str) -> bool:
    """Whether both digits and letters are there, as in nearly every value of this alphabet that is long enough."""
    kinds = [any(map(test, alphabet)) for test in (str.isdigit, str.isalpha)]
    return len(set(value)) > 2 and kinds == [any(map(test, value)) for test in (str.isdigit, str.isalpha)]


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _jwt(rng: random.Random) -> str:
    claims = _JWT_CLAIMS % (rng.randrange(10**9, 10**10), rng.randrange(10**9, 2 * 10**9))
    parts = (_JWT_HEADER, claims, rng.randbytes(32))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


_WHOLE: dict[str, Callable[[random.Random], str]] = {"uuid": _uuid, "jwt": _jwt}
