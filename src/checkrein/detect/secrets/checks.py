"""Checks that tell a credential from what only has its shape: each is a function of the value, as bytes.

A kind names those that it wants; ``is_real`` holds for every kind.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping

import orjson

_DUMMY = re.compile(
    rb"(?i)example|x{5}|y{5}|0{8}|1{8}|(?-i:a{6})|\*{4}|\.{4}|-{8}|_{6}|12345678|abcdefgh|your[_-]|placeholder|changeme|redacted"
    rb"|dummy|_here\b|insert[_-]|replace[_-]?me"
)

_ARMOUR = re.compile(rb"-----[A-Z0-9 ]+-----|\\[nrt]|(?:Proc-Type|DEK-Info|Comment|Version): [^\r\n\\]*")
_RUNS = re.compile(rb"[A-Za-z0-9/+=]{16,}")

_SAMPLE = re.compile(
    rb"(?i)(?:my|the|some|db|user|your|a|new|old|super|test)?[_-]?(?:user)?(?:name)?[_-]?(?:password|passwd|passw(?:or|0r)d|passphrase"
    rb"|pass|pwd|pw|secret|token|api[_-]?key|key|credentials?|root|admin|user|name|test(?:ing)?|guest|tiger|scott|foo|bar|foobar|baz"
    rb"|qux|spam|eggs|hunter2|letmein|example|sample|demo|postgres(?:ql)?|mysql|mongo(?:db)?|redis|rabbitmq|oracle|sa|none|null|nil"
    rb"|true|false|string|value|abc|xyz|login|default|public|private|dev|prod|local|host|port)[_-]?\d{0,5}!?|[*x.]+|%\(?\w*\)?s|:?\w{0,3}"
)


def is_real(value: bytes) -> bool:
    """Whether it is not a dummy: no filler such as ``xxxxx``, no ``your-``, no ``EXAMPLE``, more than three different bytes."""
    return len(set(value)) > 3 and _DUMMY.search(value) is None


def entropy(value: bytes) -> float:
    """Shannon entropy in bits for each byte of ``value``, which is not empty."""
    total = len(value)
    return -sum(count / total * math.log2(count / total) for count in Counter(value).values())


def _is_jwt(value: bytes) -> bool:
    """A JSON object with ``alg``, as the header of a JWT (RFC 7515) or JWE (RFC 7516) decodes to."""
    header, _, rest = value.partition(b".")
    decoded = _decoded(header)
    return bool(rest) and decoded is not None and b'"alg"' in decoded and _is_object(decoded)


def _is_pem(value: bytes) -> bool:
    """A key as PEM (RFC 7468) writes it, also with escaped line ends, in quotes, or behind line numbers.

    Nearly all of it is base64, in runs that are longer than words.
    """
    body = _ARMOUR.sub(b" ", value)
    runs = b"".join(_RUNS.findall(body))
    return len(runs) > 20 and len(runs) * 2 > len(body.translate(None, b" \t\r\n")) and len(set(runs)) > 8


def _is_base64(value: bytes) -> bool:
    return _decoded(value) is not None


def _has_digit(value: bytes) -> bool:
    return re.search(rb"[0-9]", value) is not None


def _has_letter(value: bytes) -> bool:
    return re.search(rb"[A-Za-z]", value) is not None


def _is_mixed(value: bytes) -> bool:
    return _has_digit(value) and _has_letter(value)


def _is_no_word(value: bytes) -> bool:
    """Not one word or several: beside letters and their separators it has a digit, or capitals within a word."""
    return _has_digit(value) or re.search(rb"[a-z][A-Z]{2}|[a-z][A-Z][^a-z]", value) is not None


def _is_no_sample(value: bytes) -> bool:
    """Not a password that documentation shows in place of one (``user:password@host``), nor a name of the field itself."""
    return _SAMPLE.fullmatch(value) is None


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _decoded(text: bytes) -> bytes | None:
    """What base64, of either alphabet, with or without padding, decodes to; None where it does not decode."""
    bare = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


CHECKS: Mapping[str, Callable[[bytes], bool]] = {
    "jwt": _is_jwt,
    "pem": _is_pem,
    "base64": _is_base64,
    "digit": _has_digit,
    "letter": _has_letter,
    "mixed": _is_mixed,
    "not-a-word": _is_no_word,
    "not-a-sample": _is_no_sample,
}
"""By the names that entries use: ``jwt`` (the header decodes), ``pem``, ``base64`` (decodes), ``digit``/``letter`` (has one),
``mixed`` (has both), ``not-a-word``, ``not-a-sample`` (``password``, ``scott``)."""
