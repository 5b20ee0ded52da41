"""Whether words of a command line name a port of this very machine, however the address is spelled."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterable, Iterator

NAMING = frozenset(("echo", "printf", "grep", "egrep", "rg", "ls", "stat", "git", "gh", "checkrein"))
"""Programs to which an address or the name of our socket is a text or a file's name."""
LONGEST = 4096
_BETWEEN = re.compile(r"[\s,;=/@\"'()<>{}`]+")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_V6 = "v6."


def is_this_machine(host: str) -> bool:
    """True for a name or an address of this machine itself, as resolvers take it: ``127.1``, ``0x7f000001``, ``0177.0.0.1``."""
    host = host.strip("[]").rstrip(".").lower()
    if host in ("localhost", os.uname().nodename.lower()) or host.endswith(".localhost"):
        return True
    try:
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv6Address(host.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return False
    return address.is_loopback or address.is_unspecified


def reaches(words: Iterable[str], port: int) -> bool:
    """True where a word names ``port`` of this machine, or one word is the machine and another one the port. 0 is no port."""
    given = [word[:LONGEST] for word in words]
    wanted = str(port)
    if not port or not any(wanted in word for word in given):
        return False
    if any(_names(token, wanted) for word in given for token in _tokens(word)):
        return True
    return wanted in given and any(is_this_machine(word) for word in given if word != wanted)


def _tokens(word: str) -> Iterator[str]:
    """The parts of a word that may be ``HOST:PORT``. What stands in brackets is told by its mark."""
    yield from _BETWEEN.split(_BRACKETS.sub(lambda match: _V6 + match[1].replace(":", "_"), word))


def _names(token: str, port: str) -> bool:
    parts = token.split(":")
    hosts = (part.removeprefix(_V6).replace("_", ":") if part.startswith(_V6) else part for part in parts)
    return port in parts and any(host and host != port and is_this_machine(host) for host in hosts)
