"""Secrets that show by themselves what they are: private keys in their several forms, JSON web tokens, hashes of passwords."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.landmarks import DER_PREFIX, JWT_PREFIX, PEM_PREFIX
from checkrein.detect.secrets.generic.names import Kind

_LONGEST_BLOCK = 20_000
_BEGIN = re.compile(r"(?P<what>[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----")
_LEAST_BODY = 40  # base64 characters of the shortest key worth the name (an Ed25519 key has 64)
_NOISE = re.compile(r"\\+[nrt]|[A-Za-z-]+: [^\n\\]*|[^A-Za-z0-9+/=]")
_KEY_LINE = re.compile(r"(?:\\+[nrt]|[\s\"'+,#>|*])*[A-Za-z0-9+/=]{16,}")
_DER_LINES = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}(?:(?:\\+[nr])*\s*[A-Za-z0-9+/]{1,76}={0,2}(?=[\s\"'\\]|$))*")
_JWT = re.compile(r"eyJ[\w-]{9,}\.(?:[\w-]+={0,2})?(?:\.[\w-]*={0,2}){0,3}")
_SHORTEST_JWT = 40
_HASHED = re.compile(r"[./A-Za-z0-9+=,$\-]{13,200}")
_MEMBER = re.compile(r"[\w-]{32,1400}={0,2}(?=[\"'\\])")
_KEY_TYPES = ('"kty"', "'kty'", '"kty\\"')
_OBJECT = 3000  # characters around a member in which the rest of its object stands


def key_blocks(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Blocks of private keys from the first dashes to the last, or as far as the key goes; their BEGIN ends at ``ends``."""
    for end in ends:
        begin = _BEGIN.match(text, end)
        if begin is None:
            continue
        closing = f"-----END {begin['what']}-----"
        close = text.find(closing, begin.end(), begin.end() + _LONGEST_BLOCK)
        last = close if close >= 0 else _end_of_key(text, begin.end())
        body = _NOISE.sub("", text[begin.end() : last])
        if len(body) >= _LEAST_BODY and len(set(body)) >= 12:
            yield _found(Kind.PRIVATE_KEY, end - len(PEM_PREFIX), close + len(closing) if close >= 0 else last)


def _end_of_key(text: str, at: int) -> int:
    limit = min(len(text), at + _LONGEST_BLOCK)
    while line := _KEY_LINE.match(text, at, limit):
        at = line.end()
    return at


def bare_keys(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The base64 of a private key (PKCS #1, PKCS #8 or SEC 1) without its block; its first 16 characters end at ``ends``."""
    done = -1
    for end in ends:
        start = end - len(DER_PREFIX)
        if (
            start < done
            or (start and (text[start - 1].isalnum() or text[start - 1] in "+/"))
            or not _is_private_key(text[start:end])
        ):
            continue
        if found := _DER_LINES.match(text, start, min(len(text), start + _LONGEST_BLOCK)):
            done = found.end()
            yield _found(Kind.PRIVATE_KEY, start, done)


def _is_private_key(first: str) -> bool:
    """Whether base64 ``first`` opens a SEQUENCE whose first member is a private key's version (RFC 8017, 5958, 5915)."""
    data = base64.b64decode(first)
    size = {0x81: 1, 0x82: 2}.get(data[1], 0)
    members = data[2 + size :]
    return (
        data[0] == 0x30
        and (size > 0 or data[1] < 0x80)
        and members[:2] == b"\x02\x01"
        and members[2] <= 1
        and members[3] in (0x02, 0x04, 0x30)
    )


def key_members(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The private members of a JSON Web Key (RFC 7518 section 6), whose values begin at ``ends``."""
    for end in ends:
        found = _MEMBER.match(text, end)
        if found and any(name in text[max(0, end - _OBJECT) : end + _OBJECT] for name in _KEY_TYPES):
            yield _found(Kind.PRIVATE_KEY, *found.span())


def web_tokens(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """JSON web tokens (RFC 7519), also those cut off after the payload; their first letters end at ``ends``."""
    done = -1
    for end in ends:
        start = end - len(JWT_PREFIX)
        if start < done or (start and (text[start - 1].isalnum() or text[start - 1] in "_-")):
            continue
        found = _JWT.match(text, start)
        if found and len(found[0]) >= _SHORTEST_JWT and _is_header(found[0].partition(".")[0]):
            done = found.end()
            yield _found(Kind.JWT, start, done)


def _is_header(part: str) -> bool:
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(header, dict) and ("alg" in header or "typ" in header)


def password_hashes(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Hashes of passwords as shadow, htpasswd and LDAP hold them; the method's name ends at ``ends``."""
    for end in ends:
        start = text.rfind("{" if text[end - 1] == "}" else "$", max(0, end - 20), end - 1)
        found = _HASHED.match(text, end)
        if found and len(set(found[0])) >= 10 and any(map(str.isdigit, found[0])) and any(map(str.isupper, found[0])):
            yield _found(Kind.HASH, start, found.end())


def _found(kind: Kind, start: int, end: int) -> Sensitive:
    return Sensitive(kind.rule, kind.label, start, end, Certainty.GENERIC)
