"""Addresses of persons and of the machines they use."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_NOBODYS = re.compile(
    r"(?:.*\.)?(?:example(?:\.[a-z]{2,4}){0,2}|test|invalid|localhost|local|internal|lan|localdomain|home\.arpa|onion|alt)",
    re.IGNORECASE,
)
"""Names that RFC 2606, 6761, 6762, 7686, 8375 and 9476 keep for examples and for the inside: nobody can be written to there.
``example`` is used as one in other top-level domains all the same."""

_STAND_INS = re.compile(
    r"(?:my[._-]?(?:e?mail|name|address|user|id|account)|(?:user|first|last)[._-]?name(?:[._-]?lastname)?"
    r"|(?:[a-z]|abc|xyz|bar|baz|e?mail|example|foo(?:bar)?|me|name|sample|some(?:one|body)|test(?:ing|user)?|user|your?)\d{0,2})",
    re.IGNORECASE,
)
"""Names before the @ that stand for somebody's."""
_STAND_IN_DOMAINS = re.compile(
    r"(?:(?:your|my|some)?-?(?:company|domain|site|host|server|organi[sz]ation)|[a-z]|abc|xyz|acme|bar|baz|foo(?:bar)?|e-?mail|test(?:ing)?)"
    r"(?:\.[a-z]{2,4}){1,2}",
    re.IGNORECASE,
)
"""Domains that stand for somebody's. Each belongs to somebody, so it takes such a name before the @ as well."""
_YOURS = re.compile(r"your[._-]?(?:e?mail|name|address|user|id|account)(?:[._-]?(?:here|address))?", re.IGNORECASE)

_ALGORITHMS = re.compile(
    r"(?:sk-)?(?:ssh|ecdsa|rsa|webauthn)-.+|(?:aes|aead|chacha|curve|hmac|mlkem|rijndael|serpent|sntrup|twofish|umac)[\d-].+",
    re.IGNORECASE,
)
"""Algorithms of SSH, which carry the domain of those who made them (RFC 4251, section 6): ``aes256-gcm@openssh.com``."""
_EXTENSIONS = re.compile(r".*[-\d].*|zlib|eow|keepalive|statvfs|fstatvfs|fsync", re.IGNORECASE)
"""What else has such a name at openssh.com and libssh.org: methods, requests and extensions of the protocol."""
_MAKERS = frozenset(("openssh.com", "libssh.org"))

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
    if _YOURS.fullmatch(local) or (_STAND_INS.fullmatch(local) and _STAND_IN_DOMAINS.fullmatch(domain)):
        return False
    if _ALGORITHMS.fullmatch(local) or (domain.lower() in _MAKERS and _EXTENSIONS.fullmatch(local)):
        return False
    return domain.rpartition(".")[2].lower() not in _NOT_DOMAINS


def is_public_ip(value: str) -> bool:
    """An address in the internet, IPv4 or IPv6, other than those of well-known name servers. A prefix length may follow."""
    text, _, length = value.partition("/")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and length and int(length) <= _WIDE:
        return False
    return address.is_global and not address.is_multicast and address not in _RESOLVERS and not _like_version(address)


def is_ip(value: str) -> bool:
    """An address of either version, in whatever network; a zone or a prefix length may follow. Zeros alone are no address."""
    try:
        address = ipaddress.ip_address(value.partition("/")[0].partition("%")[0])
    except ValueError:
        return False
    return not address.is_unspecified


_WIDE = 32
"""Bits of a prefix of IPv6 that a registry or a provider gets, so that it tells nothing about anyone (``2002::/16``)."""

_OBJECTS = {(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2), (2, 5), (2, 16), (2, 23)}
"""With what the identifiers of objects in certificates and protocols begin (ITU-T X.660), and many versions."""


def _like_version(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Four numbers with a zero at the end, with two zeros, or the first three below 20: most often a version."""
    if address.version == 6:
        return False
    numbers = list(address.packed)
    return numbers[3] == 0 or tuple(numbers[:2]) in _OBJECTS or numbers.count(0) >= 2 or max(numbers[:3]) < 20


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
