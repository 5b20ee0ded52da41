"""The parts of an address (``postgresql://shop:PASSWORD@db.acme.io:5432/shop``) that are secret, each by itself.

What else stands in it says where and how, and has to stay what it is for the rest of the code: the scheme, ``localhost``, the
port, a user's name. Hosts and names in it are found as they are anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.detect.secrets.generic.judge import is_token
from checkrein.detect.secrets.generic.names import kind_of

_HOST = r"(?:\[[0-9A-Fa-f:.]*\]|[^/?#@:,\[\]\s]*)(?::[0-9]+)?"
_ADDRESS = re.compile(rf"((?:[A-Za-z][A-Za-z0-9+.-]*:)+//)(?:([^/?#\s]*)@)?({_HOST}(?:,{_HOST})*)((?:[/?#]\S*)?)")
_PARAMETER = re.compile(r"[?&;]([^=&;#]+)=([^&;#]+)")
_SEGMENT = re.compile(r"[^/?#&=]+")
_LEAST = 8
"""Characters of a part of a path that may be secret."""

Span = tuple[int, int]


def secrets(value: str) -> tuple[Span, ...] | None:
    """Where the secret parts of ``value`` stand; None where it is no address, or none of its parts can be told to be secret."""
    found = _ADDRESS.fullmatch(value)
    return tuple(_secrets(found)) or None if found else None


def hosts(value: str) -> Iterator[str]:
    """The hosts of an address; nothing where it is none."""
    found = _ADDRESS.fullmatch(value)
    for host in found[3].split(",") if found else ():
        yield host.partition(":")[0] if not host.startswith("[") else host


def _secrets(found: re.Match[str]) -> Iterator[Span]:
    user, colon, password = (found[2] or "").partition(":")
    start = found.start(2)
    if user and (is_token(user) or not (colon and password)):
        yield start, start + len(user)
    if password:
        yield start + len(user) + 1, found.end(2)
    given = [(each.start(2), each.end(2)) for each in _PARAMETER.finditer(found[4]) if kind_of(each[1]) is not None]
    if not given and not found[2]:
        rest = [each for each in _SEGMENT.finditer(found[4]) if len(each[0]) >= _LEAST and not each[0].isalpha()]
        given = [each.span() for each in rest] or [(1, len(found[4]))] * (len(found[4]) > 1)
    for first, last in given:
        yield found.start(4) + first, found.start(4) + last
