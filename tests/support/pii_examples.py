"""Examples of personal data, written as templates and made when they are needed: numbers that pass their checks by chance.

``[[...]]`` marks a value. What stands in it is filled anew, with ``detect.secrets.examples.expand``, until the kind's validator
confirms it (for a text in which it must be found) or does not (for one in which it must not).
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable

from checkrein.detect.pii.catalogue import Kind
from checkrein.detect.pii.validators import validator
from checkrein.detect.pii.validators.money import ethereum_address
from checkrein.detect.secrets.examples import expand, fields

_MARKED = re.compile(r"\[\[(.+?)\]\]")
_TRIES = 50_000
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def found_in(kind: Kind, template: str, seed: int = 0) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A text of ``kind.bad``, and where in it the values stand. ValueError where none comes to pass."""
    confirms = validator(kind.validator)
    return _filled(template, seed, lambda value: confirms(value) == len(value))


def not_found_in(kind: Kind, template: str, seed: int = 0) -> str:
    """A text of ``kind.good``. ValueError where every value is confirmed."""
    confirms = validator(kind.validator)
    return _filled(template, seed, lambda value: not confirms(value))[0]


def _filled(template: str, seed: int, accepts: Callable[[str], bool]) -> tuple[str, tuple[tuple[int, int], ...]]:
    text, spans, last = "", [], 0
    for mark in _MARKED.finditer(template):
        text += expand(template[last : mark.start()], seed)
        value = _made(mark[1], seed, accepts)
        spans.append((len(text), len(text) + len(value)))
        text += value
        last = mark.end()
    return text + expand(template[last:], seed), tuple(spans)


def _made(template: str, seed: int, accepts: Callable[[str], bool]) -> str:
    if template in _WALLETS:
        return _WALLETS[template](seed)
    for attempt in range(_TRIES if fields(template) else 1):
        value = expand(template, seed * _TRIES + attempt)
        if accepts(value):
            return value
    raise ValueError(f"no value of {template} is as it has to be")


def _bitcoin(seed: int) -> str:
    """An address of the oldest kind (Base58Check of a version and a hash), whose key nobody has."""
    payload = b"\0" + random.Random(seed).randbytes(20)
    number = int.from_bytes(payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4], "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" + digits


def _ethereum(seed: int) -> str:
    return ethereum_address(random.Random(seed).randbytes(20).hex())


_WALLETS: dict[str, Callable[[int], str]] = {"{bitcoin}": _bitcoin, "{ethereum}": _ethereum}
