"""Where a secret may stand: a fast pass over the text that leaves little to read.

Each landmark is the end of a short pattern, looked for by Hyperscan where that is installed and by ``re`` otherwise; both give
the same places. An ASSIGNMENT is the end of a word such as ``pass`` or ``token`` with, behind it, the rest of its name, at most
a few words and signs, and then a run of characters as ordinary words have none: with a digit or a sign in it, or very long.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache

from checkrein.detect.offsets import Encoded


class Landmark(Enum):
    """What begins, or is about to end, where a landmark is."""

    ASSIGNMENT = "the end of a word in a name, before what may be a value"
    USERINFO = "behind the @ of a URL with a user's name"
    OPTION = "behind the first letter of an option that may take a password"
    ACCOUNT = "behind the colon of USER:PASSWORD in an option"
    CALL = "behind the opening parenthesis of a call that takes a password"
    PIPE = "behind a command that reads a password"
    COOKIE = "behind the name of a header that holds cookies"
    PEM = "behind the dashes and BEGIN of a block"
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
    # many digits, several numbers, a word that ends in a sign, a long word in quotes
    r"[0-9]{16}",
    r"0[xX][0-9a-fA-F]{1,2},|[0-9]{1,3},[ \t]?[0-9]{1,3},",
    r"[A-Za-z0-9]{3,24}[!@#$%^&*?~]",
    r"[\"'`][\w\-+/=.]{20}",
)
_REST = rf"[\w.\-]{{0,24}}(?:\[\d{{0,5}}\])?(?:{'|'.join(_GAPS)})(?:{'|'.join(_HEADS)})"
_REACH = 320  # bytes: more than the longest match of that
_FOLLOWS = re.compile(_REST.encode())
_FAR = re.compile(r"\{(\d),\d\d\}")
"""Upper bounds that Hyperscan is not told: counting makes a pattern slow to match, and ``re`` looks again at what is left."""

PEM_PREFIX = "-----BEGIN "
JWT_PREFIX = "eyJ" + "." * 9  # as long as what the pattern matches
DER_PREFIX = "M" + "." * 15

# Of a pattern that begins at one place there is one end only, so that it does not matter which matches an engine reports.
_OTHERS = (
    (Landmark.USERINFO, r"://[^\s/@\"'<>{}\\]{1,120}@"),
    (Landmark.USERINFO, r"://[^\s/:@\"'<>{}\\]{1,60}@[^\s/:@\"'<>{}\\]{1,60}:[^\s/:@\"'<>{}\\]{1,80}@"),
    (Landmark.OPTION, r"[ \t]-[paw]"),
    (Landmark.ACCOUNT, r"[ \t](?:-u|-U|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{0,64}[\"']?:"),
    (Landmark.CALL, r"(?:login|[Aa]uth|[Cc]redentials?|[Gg]etConnection|_connect|PDO|authenticate)[ ]?=?[ ]?\("),
    (Landmark.PIPE, r"--password-stdin|chpasswd|sudo -S"),
    (Landmark.COOKIE, r"[Cc]ookie[\"']?[ ]?:"),
    (Landmark.PEM, PEM_PREFIX),
    (Landmark.JWT, r"eyJ[\w\-]{9}"),
    (Landmark.DER, r"M[CHI][4cGIH][A-Za-z0-9+/]{13}"),
    (Landmark.JWK, r"[\"'](?:d|p|q|dp|dq|qi|k)\\?[\"'] ?: ?\\?[\"']"),
    (Landmark.KUBERNETES, r"kind[\"']?:[ \t]{0,4}[\"']?Secret"),
    (
        Landmark.HASH,
        r"\$(?:2[abxy]?|1|5|6|7|y|gy|apr1|argon2id|argon2i|scrypt|pbkdf2-sha256|pbkdf2-sha512|P|H)\$|\{(?:SSHA|SMD5|SHA|SSHA256|SSHA512|CRYPT)\}",
    ),
)

Ends = Callable[[bytes], list[list[int]]]
"""Gives, in UTF-8, first the ends of words that may begin an assignment (all that do are among them), then of ``_OTHERS``.

They may be in any order, and there more than once."""


def places(encoded: Encoded, ends: Ends | None = None) -> Mapping[Landmark, list[int]]:
    """For each kind of landmark where it stands, in characters, in the order of the text. ``ends`` looks for them."""
    data = encoded.data
    words, *others = (ends or fastest())(data)
    found: dict[Landmark, list[int]] = {}
    for (kind, _), offsets in zip(_OTHERS, others, strict=True):
        if offsets:
            found[kind] = sorted({*offsets, *found.get(kind, ())})
    if assignments := [end for end in sorted(set(words)) if _FOLLOWS.match(data, end)]:
        found[Landmark.ASSIGNMENT] = assignments
    numbers = encoded.characters(offset for offsets in found.values() for offset in offsets)
    return {kind: [numbers[offset] for offset in offsets] for kind, offsets in found.items()}


def portable_ends(data: bytes) -> list[list[int]]:
    """Every landmark, by ``re``."""
    words, *others = _portable()
    return [[end for word in words for end in _all_ends(word, data)], *([*_all_ends(pattern, data)] for (pattern,) in others)]


@cache
def _portable() -> list[list[re.Pattern[bytes]]]:
    words = [re.compile(re.escape(word).encode(), re.IGNORECASE) for word in _WORDS]
    return [words, *([re.compile(pattern.encode())] for _, pattern in _OTHERS)]


def _all_ends(pattern: re.Pattern[bytes], data: bytes) -> Iterator[int]:
    match = pattern.search(data)
    while match:
        yield match.end()
        match = pattern.search(data, match.start() + 1)


@cache
def fastest() -> Ends:
    """Hyperscan's way, made in a tenth of a second, for any number of threads; that by ``re`` where it is not installed."""
    try:
        import hyperscan  # noqa: PLC0415 - not on every platform
    except ImportError:
        return portable_ends
    word = "(?:" + "|".join(map(re.escape, _WORDS)) + ")"
    expressions = [word, word + _FAR.sub(r"{\1,}", _REST), *(pattern for _, pattern in _OTHERS)]
    database = hyperscan.Database()
    database.compile(
        expressions=[expression.encode() for expression in expressions],
        ids=list(range(len(expressions))),
        flags=[hyperscan.HS_FLAG_CASELESS] * 2 + [0] * len(_OTHERS),
    )
    threads = threading.local()

    def ends(data: bytes) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in expressions]

        def on_match(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
            # A named function that this frame holds: the binding keeps no reference of its own to it.
            found[pattern].append(end)

        scratch: hyperscan.Scratch | None = getattr(threads, "scratch", None)
        if scratch is None:
            scratch = threads.scratch = hyperscan.Scratch(database)
        if data:
            database.scan(data, match_event_handler=on_match, scratch=scratch)
        words, anchors, *others = found
        return [_with_end(sorted(words), sorted(anchors)), *others]

    return ends


def _with_end(words: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Those of ``words`` that have one of ``ends`` within reach behind them; both are ordered."""
    kept: list[int] = []
    last = 0
    for end in ends:
        first, last = max(last, bisect_left(words, end - _REACH)), bisect_left(words, end)
        kept += words[first:last]
    return kept
