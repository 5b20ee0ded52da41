"""Where a secret may stand: a fast pass over the text that leaves little to read.

Each landmark is the end of a short pattern, looked for by Hyperscan where that is installed and by ``re`` otherwise; both give
the same places. An ASSIGNMENT is the end of a word such as ``pass`` or ``token`` with, behind it, the rest of its name, at most
a few words and signs, and then a run of characters as ordinary words have none: with a digit or a sign in it, or very long.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache

from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.generic.commands import programs


class Landmark(Enum):
    """What begins, or is about to end, where a landmark is."""

    __hash__ = object.__hash__  # that of Enum takes longer than all else that is done for a short text

    ASSIGNMENT = "the end of a word in a name, before what may be a value"
    USERINFO = "behind the @ of a URL with a user's name"
    COMMAND = "behind the name of a program that may take a password"
    CALL = "behind the opening parenthesis of a call that takes a password"
    PIPE = "behind a command that reads a password"
    COOKIE = "behind the name of a header that holds cookies"
    PEM = "behind the dashes and BEGIN of a block"
    PEM_END = "behind the dashes and END of a block"
    JWT = "behind the first letters of an encoded JSON object"
    HASH = "behind the method's name of a password's hash"
    DER = "behind the first letters of an encoded private key"
    JWK = "before the value of a member of a JSON web key"
    KUBERNETES = "behind the kind of a Kubernetes Secret"


_WORDS = (
    "pass",
    "pwd",
    "pswd",
    "psw",
    "psswd",
    "psword",
    "pswrd",
    "pasw",
    "paswd",
    "pw",
    "secret",
    "token",
    "key",
    "auth",
    "cred",
    "bearer",
    "salt",
    "nonce",
    "identified",
    "kennwort",
    "contrase",
    "senha",
    "clave",
    "psk",
    "mot_de",
    "securestring",
)  # of names.yaml, as short as they come
_GAPS = (
    # signs, and perhaps words: a type, the name of a function
    r"[^\w\n]{1,24}(?:[a-zA-Z_][\w.]{0,24}[^\w\n]{1,12}){0,3}",
    # the value stands on the next line
    r"[^\w\n]{0,12}[=:>|(\[{,+\\](?:[+\-]\d?)?[ \t]{0,4}\r?\n[ \t]{0,40}[\"'`]?",
    # the value stands there under a name of its own
    r"[\"']?[ \t]{0,4}[,{]?[ \t]{0,4}\r?\n[ \t]{0,40}[\"']?(?:value|default)[\"']?[:=][ \t]{0,4}[\"'`]?",
)
_HEADS = (
    # a letter with a digit behind it, a digit with a letter behind it; each ends at the first, so that there are few ends
    r"[A-Za-z_][^\s\"'`<>()\[\]\\0-9]{0,32}[0-9]",
    r"[0-9][^\s\"'`<>()\[\]\\A-Za-z]{0,24}[A-Za-z]",
    # many digits, several numbers, a word that ends in a sign, a long word: in quotes, of letters alone, or too long for a name
    r"[0-9]{16}",
    r"0[xX][0-9a-fA-F]{1,2},|[0-9]{1,3},[ \t]?[0-9]{1,3},",
    r"[A-Za-z0-9]{3,24}[!@#$%^&*?~]",
    r"[\"'`][\w\-+/=.]{20}",
    r"[A-Za-z]{20}|[\w\-+/=]{32}",
)
_REST = rf"[\w.\-]{{0,24}}(?:\[\d{{0,5}}\])?(?:{'|'.join(_GAPS)})(?:{'|'.join(_HEADS)})"
_REACH = 320  # bytes: more than the longest match of that
_FOLLOWS = re.compile(_REST.encode())
_FAR = re.compile(r"\{(\d),\d\d\}")
"""Upper bounds that Hyperscan is not told: counting makes a pattern slow to match, and ``re`` looks again at what is left."""

PEM_PREFIX, PEM_END_PREFIX = "-----BEGIN ", "-----END "
JWT_PREFIX = "eyJ" + "." * 9  # as long as what the pattern matches
DER_PREFIX = "M" + "." * 15

# Of a pattern that begins at one place there is one end only, so that it does not matter which matches an engine reports.
_SHAPES = (
    (Landmark.USERINFO, r"://[^\s/@\"'<>{}\\]{1,120}@"),
    (Landmark.USERINFO, r"://[^\s/:@\"'<>{}\\]{1,60}@[^\s/:@\"'<>{}\\]{1,60}:[^\s/:@\"'<>{}\\]{1,80}@"),
    (Landmark.CALL, r"(?:login|[Aa]uth|[Cc]redentials?|[Gg]etConnection|_connect|PDO|authenticate)[ ]?=?[ ]?\("),
    (Landmark.PIPE, r"--password-stdin|chpasswd|sudo -[a-z]{0,4}S|kinit|cryptsetup|passwd --stdin|--passphrase-fd"),
    (Landmark.COOKIE, r"[Cc]ookie[\"']?[ ]?:"),
    (Landmark.PEM, PEM_PREFIX),
    (Landmark.PEM_END, PEM_END_PREFIX),
    (Landmark.JWT, r"eyJ[\w\-]{9}"),
    (Landmark.DER, r"M[CHI][4cGIH][A-Za-z0-9+/]{13}"),
    (Landmark.JWK, r"[\"'](?:d|p|q|dp|dq|qi|k)\\?[\"'] ?: ?\\?[\"']"),
    (Landmark.KUBERNETES, r"kind[\"']?:[ \t]{0,4}[\"']?Secret"),
    (
        Landmark.HASH,
        r"\$(?:2[abxy]?|1|5|6|7|y|gy|apr1|argon2id|argon2i|scrypt|pbkdf2-sha256|pbkdf2-sha512|P|H)\$|\{(?:SSHA|SMD5|SHA|SSHA256|SSHA512|CRYPT)\}",
    ),
)


@cache
def _others() -> tuple[tuple[Landmark, str], ...]:
    # One pattern for all programs would be five times slower: Hyperscan finds no literals in it.
    return (*_SHAPES, *((Landmark.COMMAND, pattern) for pattern in programs()))


Ends = Callable[[bytes], Mapping[int, list[int]]]
"""Gives, in UTF-8, the ends of words that may begin an assignment (all that do are among them) under the number 0, and behind
that those of ``_others``. They may be in any order, and there more than once; where there are none there may be no number.
"""


def places(encoded: Encoded, ends: Ends | None = None) -> Mapping[Landmark, list[int]]:
    """For each kind of landmark where it stands, in characters, in the order of the text. ``ends`` looks for them."""
    data = encoded.data
    found: dict[Landmark, list[int]] = {}
    for number, given in sorted((ends or fastest())(data).items()):
        kind = _others()[number - 1][0] if number else Landmark.ASSIGNMENT
        offsets = given if number else [end for end in given if _FOLLOWS.match(data, end)]
        if offsets:
            found[kind] = sorted({*offsets, *found.get(kind, ())})
    if not found:
        return found
    numbers = encoded.characters(offset for offsets in found.values() for offset in offsets)
    return {kind: [numbers[offset] for offset in offsets] for kind, offsets in found.items()}


def portable_ends(data: bytes) -> Mapping[int, list[int]]:
    """Every landmark, by ``re``."""
    return {
        number: [end for pattern in patterns for end in _all_ends(pattern, data)] for number, patterns in enumerate(_portable())
    }


@cache
def _portable() -> list[list[re.Pattern[bytes]]]:
    words = [re.compile(re.escape(word).encode(), re.IGNORECASE) for word in _WORDS]
    return [words, *([re.compile(pattern.encode())] for _, pattern in _others())]


def _all_ends(pattern: re.Pattern[bytes], data: bytes) -> Iterator[int]:
    match = pattern.search(data)
    while match:
        yield match.end()
        match = pattern.search(data, match.start() + 1)


@cache
def fastest() -> Ends:
    """Hyperscan's way, for any number of threads; that by ``re`` where it is not installed."""
    try:
        from checkrein.detect import compiled  # noqa: PLC0415 - not on every platform
    except ImportError:
        return portable_ends
    word = "|".join(map(re.escape, _WORDS))
    rest = _FAR.sub(r"{\1,}", _REST)
    anchor = f"(?i:(?:{word}){rest})"
    last = len(_others()) + 1
    expressions = [f"(?i:{word})", *(pattern for _, pattern in _others()), anchor]
    search = compiled.Search(compiled.database([expression.encode() for expression in expressions], "landmarks"))

    def ends(data: bytes) -> Mapping[int, list[int]]:
        found = search.ends(data)
        words, anchors = found.pop(0, ()), found.pop(last, ())
        if kept := _with_end(sorted(words), sorted(anchors)):
            found[0] = kept
        return found

    return ends


def _with_end(words: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Those of ``words`` that have one of ``ends`` within reach behind them; both are ordered."""
    kept: list[int] = []
    last = 0
    for end in ends:
        first, last = max(last, bisect_left(words, end - _REACH)), bisect_left(words, end)
        kept += words[first:last]
    return kept
