"""Whether a literal under a telling name is a secret, or something that only stands where one could stand."""

from __future__ import annotations

import base64
import re

from checkrein.detect.secrets.generic.dummies import is_dummy
from checkrein.detect.secrets.generic.literals import LONGEST, Form
from checkrein.detect.secrets.generic.names import Kind
from checkrein.detect.secrets.generic.rarity import Shape, shape
from checkrein.detect.secrets.generic.reader import Operator, Value

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_TOKEN = re.compile(r"[A-Za-z0-9_\-+/=.~:%!|$@]+")
_PARTS = re.compile(r"[^A-Za-z0-9+/]")
_NUMBER = re.compile(r"\w+")

_URL = re.compile(
    r"""
      [a-z][a-z0-9+.-]*://.*
    | www\.(?:[a-z0-9-]+\.)+[a-z]{2,24}(?:[:/?\#].*)?
    | mailto:[^@]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\?.*)?
    | data:(?:application|audio|font|image|text|video)/[a-z.+-]+\d?(?:[;,].*)?
    | urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:.+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-/.][01]?\d[-/.][0-3]?\d(?!\d)"
    r"|(?<!\d)\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9}(?!\d))?(?:Z\b|[+-]\d\d:?\d\d(?!\d))?"
)
_DIGEST = re.compile(
    r"""
      (?:sha\d*|sha[23]-\d{3}|md5)[:=-]
      (?:   (?:[0-9a-f]{12}:)?   # a salt, as Jupyter has it
            (?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})
        |   (?:[a-z0-9+/_-]{22}==|[a-z0-9+/_-]{27}=|[a-z0-9+/_-]{38}==|[a-z0-9+/_-]{43}=?
            | [a-z0-9+/_-]{64}|[a-z0-9+/_-]{86}==)
      )
    | h1:[a-z0-9+/]{43}=         # in go.sum
    | b?crypt[:=-]\$[0-9a-z]{1,8}\$.+
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Digests that say so, whole: of 16, 20, 28, 32, 48 or 64 bytes in hexadecimal digits or base64, or in crypt's own form."""
_CODE = re.compile(r"[(){}\[\]]|^[\\^]|\\[dwsxubB.]|%[\d.]*[sdrfx]\b|=>|&&|\|\|")
_NAME_IN_CODE = re.compile(r"[@&*!]?[A-Za-z_$][\w$-]*(?:(?:\.|::|->|\[)[A-Za-z_$0-9'\"][\w$'\"-]*\]?)*")
_PATH = re.compile(r"(?:~|\.{0,2}|[A-Za-z]:)[/\\](?:[\w.@ +~%-]+[/\\])*[\w.@ +~%-]*|(?:[\w.@+~-]+/)+[\w@+~-]+\.\w{1,5}")
_FILE = re.compile(r"(?:[\w.+-]+/)+[\w+-]+\.[a-z][a-z0-9]{0,3}")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:/\S*)?")

_PUBLIC_KEY = re.compile(
    r"M(?:FkwEwYHKoZIzj0CA|HYwEAYHKoZIzj0CA|CowBQYDK2V|IGfMA0GCSqGSIb3DQEBAQUAA4GN|II[A-D][A-Za-z0-9+/]jANBgkqhkiG9w0BAQEFAAOC)"
)
"""How the base64 of a public key begins (RFC 5280, SubjectPublicKeyInfo): of elliptic curves, Ed25519 and RSA."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")  # of Ethereum's accounts and contracts; its keys have 64 digits
_FINGERPRINT = re.compile(r"(?:0x)?(?:[0-9A-F]{40}|[0-9A-F]{16})")  # of OpenPGP's keys

_STRONG = frozenset({Kind.PASSWORD, Kind.SECRET, Kind.TOKEN, Kind.API_KEY, Kind.PRIVATE_KEY})
_NEVER_ADDRESSES = _STRONG - {Kind.TOKEN}  # a token of Ethereum's is a contract, and goes by its address
_SHORTEST, _SHORTEST_TOKEN, _LONGEST_PASSWORD = 6, 16, 64
_MEASURED = 512  # characters that tell enough of a longer value
_SIGNS = frozenset("!@#$%^&*?~+=")
_END_SIGNS = tuple("!@#$%^&*")


def is_secret(value: Value, kind: Kind) -> bool:
    """Whether ``value``, assigned to a name of that kind, is a secret."""
    literal = value.literal
    if literal.form is Form.NUMBERS:
        return len(set(_NUMBER.findall(literal.content))) >= 8
    content = "".join(literal.content.split()) if "\n" in literal.content else literal.content.strip("\"'`")
    if value.scheme == "basic":
        return is_account(content)
    if not _may_be_secret(content):
        return False
    made = shape(content[:_MEASURED])
    if _is_something_else(content, made, value, kind) or (kind is Kind.KEY and _names_something(content)):
        return False
    if value.scheme:
        kind = Kind.TOKEN
    if kind in _STRONG and _has_random_part(content):
        return True
    if value.operator is not Operator.ENVIRONMENT and _is_worded(made) and _NAME_IN_CODE.fullmatch(content):
        return False
    if _is_random(content, made, kind):
        return True
    if kind is Kind.PASSWORD and value.operator is Operator.ENVIRONMENT:
        return made.length >= 8 and 2 <= made.letters < made.length
    return kind in (Kind.PASSWORD, Kind.SALT) and _is_password(content, made, literal.form)


def _names_something(content: str) -> bool:
    """Whether what stands under a bare ``key`` only names something: the number of an object, or a public key's fingerprint."""
    return bool(_UUID.search(content) or _FINGERPRINT.fullmatch(content))


def is_password(content: str) -> bool:
    """Whether ``content``, which stands where only a password does, is one: no dummy, and rare."""
    if len(content) > _LONGEST_PASSWORD or not _may_be_secret(content):
        return False
    made = shape(content)
    return _is_password(content, made, Form.QUOTED) or _is_random(content, made, Kind.PASSWORD)


def is_token(content: str) -> bool:
    """Whether ``content`` is drawn by a generator, and long enough for a token."""
    return (
        len(content) >= _SHORTEST_TOKEN
        and _may_be_secret(content)
        and _is_random(content, shape(content[:_MEASURED]), Kind.TOKEN)
    )


def is_account(content: str) -> bool:
    """Whether ``content`` is the base64 of USER:PASSWORD (RFC 7617), or of a token in the place of the user's name."""
    try:
        user, colon, password = base64.b64decode(content + "=" * (-len(content) % 4), validate=True).decode().partition(":")
    except ValueError:  # no base64, characters beyond ASCII, or no UTF-8 inside
        return False
    if not colon or not (user + password).isprintable():
        return False
    return len(password) >= _SHORTEST and password != user and not is_dummy(password) if password else is_token(user)


def _may_be_secret(content: str) -> bool:
    return (
        _SHORTEST <= len(content) <= LONGEST
        and content.isascii()
        and not any(map(str.isspace, content))
        and not is_dummy(content)
    )


def _is_something_else(content: str, made: Shape, value: Value, kind: Kind) -> bool:
    """A URL, a date, a digest that says so, what is public, code, or a path or a host's name made of words."""
    if _URL.fullmatch(content) or _is_dated(content) or _DIGEST.fullmatch(content) or _is_public_key(content):
        return True
    if kind not in _NEVER_ADDRESSES and not value.scheme and _ADDRESS.fullmatch(content):
        return True
    if value.literal.form is Form.BARE and _CODE.search(content):
        return True
    if value.operator is Operator.SPACE and _FILE.fullmatch(content):
        return True  # of a list of files, in which another one's name tells of a key
    return _is_worded(made) and bool(_PATH.fullmatch(content) or _HOST.fullmatch(content))


def _is_dated(content: str) -> bool:
    """Whether it is a date, a time, or called by one: without it only words are left, or too little for a secret."""
    rest = _DATE.sub("", content)
    return rest != content and (len(rest) < _SHORTEST or _is_worded(shape(rest[:_MEASURED])))


def _is_public_key(content: str) -> bool:
    """Whether it begins as a public key does, and is as long as that says (X.690, section 8.1.3)."""
    if not _PUBLIC_KEY.match(content):
        return False
    encoded = content.replace("\\n", "").rstrip("=")
    try:
        data = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return False
    more = data[1] & 0x7F if data[1] & 0x80 else 0  # bytes that the length takes beyond the first
    length = int.from_bytes(data[2 : 2 + more], "big") if more else data[1]
    return len(data) == 2 + more + length


def _is_worded(made: Shape) -> bool:
    """Whether words make up so much of it that it has a meaning."""
    return made.worded >= (0.4 if made.turns <= 2 else 0.6)


def _is_password(content: str, made: Shape, form: Form) -> bool:
    """Six to some sixty characters of two or more sorts, that form no words or do so in the way of passwords."""
    sorts = sum(1 for count in (made.lower, made.upper, made.digits, made.others) if count)
    if made.length > _LONGEST_PASSWORD or made.letters < 2 or made.distinct < 5 or sorts < 2:
        return False
    signs = sum(each in _SIGNS for each in content)
    if sorts == 4 and signs and made.length >= 8 and content[0] not in _SIGNS and not _CODE.search(content):
        return True  # words with capitals, digits and signs, as people make up a password
    if made.worded > (0.5 if made.turns >= 3 else 0.34):
        return False
    if made.digits and (made.strange >= 5.2 or made.turns >= 3 or (sorts == 4 and made.strange >= 4.0)):
        return made.length >= 7 or sorts >= 3
    if form is Form.QUOTED and made.length >= 7 and content.endswith(_END_SIGNS):
        return True
    return made.strange >= 6.5 and made.length >= 8


def _is_random(content: str, made: Shape, kind: Kind) -> bool:
    """Characters as a generator draws them."""
    strong = kind in _STRONG
    if _UUID.fullmatch(content):
        return strong and kind is not Kind.PASSWORD and made.distinct >= 8
    if content.isdigit():
        return strong and 16 <= made.length <= 40 and made.entropy >= 2.5
    if _HEX.fullmatch(content):
        return made.length >= (16 if strong or kind is Kind.SALT else 32) and made.entropy >= 3.0 and made.digits > 0
    if not _TOKEN.fullmatch(content) or made.length < (8 if strong else 14) or not made.letters or made.worded > 0.3:
        return False
    if not made.digits:
        rare = made.strange >= (5.0 if made.turns >= 4 else 5.6)
        return made.length >= (16 if strong else 24) and made.entropy >= 3.3 and rare
    return made.entropy >= (2.8 if made.length < 16 else 3.0) and (made.strange >= 5.2 or made.turns >= 3)


def _has_random_part(content: str) -> bool:
    """Whether it is a prefix of words with a generator's characters behind: ``acme_live_`` and forty hexadecimal digits."""
    if uuid := _UUID.search(content):
        return uuid.end() == len(content) and len(set(uuid[0])) >= 8
    part = max(_PARTS.split(content), key=len)
    return len(content) > len(part) >= 12 and not is_dummy(part) and _is_random(part, shape(part[:_MEASURED]), Kind.TOKEN)
