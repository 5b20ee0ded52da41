"""Addresses of persons and of the machines they use."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_NOBODYS = re.compile(
    r"(?:.*\.)?(?:example(?:\.(?:com|org|net|edu))?|test|invalid|localhost|local|internal|lan|localdomain)", re.IGNORECASE
)
"""Names that RFC 2606 and RFC 6761 keep for examples and for the inside: nobody can be written to there."""

_NOT_DOMAINS = frozenset(
    [
        "service",
        "socket",
        "timer",
        "target",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "bmp",
        "ico",
        "js",
        "jsx",
        "ts",
        "tsx",
        "mjs",
        "cjs",
        "css",
        "scss",
        "html",
        "json",
        "yaml",
        "yml",
        "toml",
        "xml",
        "txt",
        "csv",
        "log",
        "conf",
        "cfg",
        "ini",
        "lock",
        "exe",
        "dll",
        "tar",
        "gz",
        "zip",
        "whl",
        "java",
        "class",
        "rb",
        "php",
        "cpp",
        "hpp",
    ]
)
"""Endings of files that no top-level domain shares: ``icon@2x.png``, ``getty@tty1.service``."""

_SERVICES = frozenset(("git", "hg", "svn", "noreply", "no-reply", "donotreply", "do-not-reply", "postmaster", "mailer-daemon"))
"""Names before the @ that no person reads."""

_RESOLVERS = frozenset(
    ipaddress.ip_address(text)
    for text in (
        *("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"),
        *("2606:4700:4700::1111", "2606:4700:4700::1001", "2001:4860:4860::8888", "2001:4860:4860::8844", "2620:fe::fe"),
    )
)
"""Name servers for everybody: they tell nothing about anyone."""


def is_email(value: str) -> bool:
    """An address that a person may have, by RFC 5321's limits, at a domain that can exist."""
    local, _, domain = value.rpartition("@")
    if not 1 <= len(local) <= 64 or len(domain) > 253 or ".." in value or local[-1] == ".":
        return False
    if local.lower() in _SERVICES or "noreply" in domain.lower().split(".") or _NOBODYS.fullmatch(domain):
        return False
    return domain.rpartition(".")[2].lower() not in _NOT_DOMAINS


def is_public_ip(value: str) -> bool:
    """An address in the internet, IPv4 or IPv6, other than those of well-known name servers. A prefix length may follow."""
    try:
        address = ipaddress.ip_address(value.partition("/")[0])
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and address not in _RESOLVERS and not _like_version(address)


def is_ip(value: str) -> bool:
    """An address of either version, in whatever network; a zone or a prefix length may follow. Zeros alone are no address."""
    try:
        address = ipaddress.ip_address(value.partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return not address.is_unspecified


_OBJECTS = {(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 5), (2, 16), (2, 23)}
"""With what the identifiers of objects in certificates and protocols begin (ITU-T X.660), and many versions."""


def _like_version(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Four numbers with a zero at the end or two zeros, or all below 20, are versions far more often than addresses."""
    if address.version == 6:
        return False
    numbers = list(address.packed)
    return numbers[3] == 0 or tuple(numbers[:2]) in _OBJECTS or numbers.count(0) >= 2 or max(numbers) < 20


def is_mac(value: str) -> bool:
    """The hardware address of one device: not of a group, not the empty one, not all the same."""
    digits = re.sub(r"[^0-9a-f]", "", value.lower())
    return len(digits) == 12 and int(digits[1], 16) % 2 == 0 and len({digits[at : at + 2] for at in range(0, 12, 2)}) > 2


def is_position(value: str) -> bool:
    """Latitude and longitude in degrees, as decimal fractions."""
    latitude, longitude = (float(number) for number in re.findall(r"[-+]?\d{1,3}\.\d+", value))
    return abs(latitude) <= 90 and abs(longitude) <= 180


def is_web_address(value: str) -> bool:
    """A URL at a domain that can exist, or the bare domain under a common top-level domain."""
    host = re.sub(r"^[a-z]+://", "", value, flags=re.IGNORECASE).partition("/")[0].partition("?")[0].partition(":")[0]
    if "." not in host or host.rpartition(".")[2].isdigit():
        return False
    labels = host.lower().split(".")
    if labels[0] == "www" and len(labels) == 2:
        return False
    return "://" in value or labels[-1] in _COMMON_DOMAINS


_COMMON_DOMAINS = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "info",
        "biz",
        "name",
        "eu",
        "us",
        "uk",
        "ca",
        "au",
        "nz",
        "ie",
        "de",
        "at",
        "ch",
        "fr",
        "be",
        "nl",
        "lu",
        "it",
        "es",
        "pt",
        "dk",
        "se",
        "no",
        "fi",
        "is",
        "pl",
        "cz",
        "sk",
        "hu",
        "ro",
        "bg",
        "gr",
        "tr",
        "ua",
        "ru",
        "il",
        "ae",
        "sa",
        "in",
        "pk",
        "cn",
        "hk",
        "tw",
        "jp",
        "kr",
        "sg",
        "my",
        "th",
        "vn",
        "ph",
        "id",
        "za",
        "ng",
        "ke",
        "eg",
        "br",
        "mx",
        "ar",
        "cl",
        "co",
        "io",
        "ai",
        "app",
        "dev",
        "me",
        "tv",
    ]
)


VALIDATORS: Mapping[str, Callable[[str], bool]] = {
    "email": is_email,
    "ip": is_ip,
    "public-ip": is_public_ip,
    "mac": is_mac,
    "position": is_position,
    "web-address": is_web_address,
}
