"""Masks what could be a secret in any text: a code string, a message, one argument.

Masking errs on the side of too much: what is masked can still be compared by its digest, what leaked cannot be taken back.
It works on words, because a secret that stands alone has no other mark than its shape. What it cannot see: a secret shorter
than 16 characters, or made of plain words (a pass phrase), that stands where nothing says that it is one. What is assigned
to a name is judged more strictly, since any name may hold a secret: it stays only where ``is_ordinary`` says so.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

from checkrein.ledger.wordlike import is_plain

MASK = "[masked]"

_LONG = 16  # characters: the shortest bare word that is judged by its shape alone
_MOST_PAIRS = 4
_ODD_IN_PATH = 12  # characters: how long a piece of a path, made of names for the most part, may look random
_ODD = 8  # characters: how much of a word must look random
_PIECES = re.compile(r"[A-Za-z0-9]+")
_RUNS = re.compile(r"""[^\s'"`,;()\[\]{}<>|&]+""")
_HUMPS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_AFTER_KEY = re.compile(r"""\\*["'`]?[\])]?\s*(?:=>|:=|[:=])\s*""")
_GAP = re.compile(r"\s*")
_NAME = re.compile(r"-{0,2}[A-Za-z_$@.][\w.$@:/\\-]*\Z")
_CAPITALS = re.compile(r"[A-Z_][A-Z0-9_]*\Z")
_PATH_LEFT = re.compile(r"(?:[a-z]{3,}[/:=,])+\Z")
_QUOTED_NEXT = re.compile(r"""\s+\\*['"]""")
_IDENTIFIED = re.compile(r"\bidentified\b[\w\s'\"]{0,60}\Z", re.IGNORECASE)
_PATH = re.compile(r"(?:~|\.{1,2})?/[\w./+@~-]*\Z")
_REFERENCE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})?\Z")

_MARKS = re.compile(r"[^A-Za-z0-9]")
_NAME_MARKS = frozenset("/._-:,@+~${}=")
_CODE_MARKS = _NAME_MARKS | frozenset(" *?[]()<>|&;'\"%")
_COMMON_MARKS = frozenset("/~${} ")
_LONGEST_PORT = 6  # digits
_VERSIONED = frozenset({"python2", "python3", "pip3", "base64", "sha1", "sha256", "sha512", "ipv4", "ipv6", "amd64", "arm64"})
_PASSWORD_MARKS = frozenset("!#$%^*+~&?")
_SECRET_WORDS = frozenset(
    [
        "password",
        "passwd",
        "passphrase",
        "pass",
        "pwd",
        "pw",
        "secret",
        "secrets",
        "token",
        "tokens",
        "key",
        "keys",
        "auth",
        "authorization",
        "credential",
        "credentials",
        "creds",
        "cookie",
        "cookies",
        "bearer",
        "jwt",
        "pat",
        "otp",
        "pin",
        "private",
        "signature",
        "sig",
        "dsn",
        "header",
        "headers",
        "seed",
        "mnemonic",
        "userpass",
    ]
)
_SECRET_ENDS = (
    *("key", "token", "secret", "cookie", "password", "passwd", "passphrase"),
    *("pass", "pwd", "pw", "passin", "passout"),
)
_HEADERS = frozenset(["authorization", "cookie", "cookies", "header", "headers", "auth"])
_HARMLESS = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off", "production", "development", "test"})
_STRONG = [
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glsa_",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "xoxe.",
    "xapp-",
    "sk-ant-",
    "sk-proj-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "whsec_",
    "AIza",
    "ya29.",
    "GOCSPX-",
    "dop_v1_",
    "doo_v1_",
    "shpat_",
    "shpss_",
    "shpca_",
    "SG.",
    "hvs.",
    "hvb.",
    "tskey-",
    "sq0atp-",
    "sq0csp-",
    "AGE-SECRET-KEY-",
    "eyJ",
    "lin_api_",
    "nfp_",
    "figd_",
    "dckr_pat_",
    "rubygems_",
    "pul-",
    "PMAK-",
    "ATATT3",
    "ATCTT3",
]
_WEAK = ("sk-", "hf_", "npm_", "pypi-", "r8_", "key-", "pat_", "SK", "AC")  # also the beginning of plain names
_PREFIX = re.compile(
    rf"(?<![A-Za-z0-9])(?:({'|'.join(map(re.escape, _STRONG))})|({'|'.join(map(re.escape, _WEAK))}))(?=[\w./+-])"
)
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{3,60}-----.*?(?:-----END [A-Z0-9 ]{3,60}-----|\Z)", re.DOTALL)
_PEM_START = "-----BEGIN "


class _Next(Enum):
    """What the run that was just read says about what follows it."""

    NOTHING = auto()
    VALUE = auto()  # the next run, or quoted string, is a secret
    LINE = auto()  # all up to the end of the line or string is (a header's value)


def mask_text(text: str) -> str:
    """``text`` with everything masked that could be a secret; white space and punctuation between the words are kept."""
    text = mask_private_keys(text)
    shown: list[str] = []
    position = 0
    next_is = _Next.NOTHING
    after_masked = False
    while found := _RUNS.search(text, position):
        between, run = text[position : found.start()], found.group()
        if next_is is not _Next.NOTHING:
            position = _end_of_value(text, position, next_is)
            shown.append(MASK + "\n" if text[position - 1 : position] == "\n" else MASK)
            next_is = _Next.NOTHING
            continue
        shown.append(between)
        position = found.end()
        if after_masked and len(run) >= 4 and not between.strip() and _odd(run):
            shown.append(MASK)  # the last, short line of a wrapped secret
            continue
        masked, next_is, position = _mask_run(text, run, position)
        after_masked = masked.endswith(MASK)
        shown.append(masked)
        if next_is is not _Next.NOTHING:
            gap = _AFTER_KEY.match(text, position) or _GAP.match(text, position)
            if gap is not None:
                shown.append(gap.group())
                position = gap.end()
    shown.append(text[position:])
    return "".join(shown)


def mask_private_keys(text: str) -> str:
    """``text`` without PEM blocks; one that is cut off is masked to the end."""
    return _PEM.sub(MASK, text) if _PEM_START in text else text


def mask_word(word: str) -> str:
    """One word without white space: an argument, a path, a URL, ``name=value``."""
    if "://" in word:
        return mask_url(word)
    before = ""
    for _ in range(_MOST_PAIRS):  # ``--build-arg=NAME=value``
        name, equals, value = word.partition("=")
        if not equals or not _NAME.match(name) or not value.strip("="):
            break
        if is_sensitive(name) or (_CAPITALS.match(name) and not (harmless(value) or is_ordinary(value))):
            return f"{before}{_mask_shape(name)}={value if _REFERENCE.match(value) else MASK}"
        if len(name) >= _LONG:
            break
        before, word = f"{before}{name}=", value
    return before + _mask_shape(_mask_login(word))


def mask_url(word: str) -> str:
    """A URL without its user, query and fragment."""
    scheme, _, rest = word.partition("://")
    ends = [at for at in (rest.find(mark) for mark in "?#") if at >= 0]
    tail = f"{rest[min(ends)]}{MASK}" if ends else ""
    place = rest[: min(ends)] if ends else rest
    slash = place.find("/")
    host, path = (place, "") if slash < 0 else (place[:slash], place[slash:])
    # An "@" after the first slash may still end a password that holds a slash: everything before it goes.
    if "@" in place:
        host, path = f"{MASK}@{_mask_shape(place.rpartition('@')[2])}", ""
    return f"{_mask_shape(scheme)}://{_mask_shape(host)}{_mask_shape(path)}{tail}"


@lru_cache(maxsize=4096)
def is_sensitive(name: str) -> bool:
    """Whether something called ``name`` (an option, a variable, a header, a JSON key) holds a secret."""
    words = [hump.lower() for hump in _HUMPS.findall(name)]
    return not _SECRET_WORDS.isdisjoint(words) or "".join(_PIECES.findall(name)).lower().endswith(_SECRET_ENDS)


def harmless(value: str) -> bool:
    """Whether ``value`` is one that everybody uses, or only names a variable."""
    return value in _HARMLESS or _REFERENCE.match(value) is not None


def is_ordinary(value: str) -> bool:
    """Whether ``value``, given to a name that says nothing, is made of words, versions, addresses and paths alone.

    This asks for more than the absence of a secret's shape: a password is often shorter than what has one. Of passwords drawn
    at random from letters, digits and punctuation, 2 % of those with 8 characters pass for ordinary, 0.1 % of those with 12.
    """
    pieces: list[str] = _PIECES.findall(value)
    marks = set(_MARKS.findall(value))
    if not marks <= (_CODE_MARKS if " " in value else _NAME_MARKS):
        return False
    if len(marks - _COMMON_MARKS) > 2 and sum(map(len, pieces)) < 3 * len(pieces) and " " not in value:
        return False
    return all(_is_ordinary_piece(piece) for piece in pieces)


def _is_ordinary_piece(piece: str) -> bool:
    """A plain word, a short number, or both where that is a usual name (``v2``, ``x86``): ``hunter2`` is a password."""
    if piece.isdigit():
        return len(piece) <= _LONGEST_PORT
    return is_plain(piece) and (piece.isalpha() or len(piece.rstrip("0123456789")) <= 2 or piece.lower() in _VERSIONED)


def _mask_run(text: str, run: str, end: int) -> tuple[str, _Next, int]:
    """The masked run, what it says about the text behind it, and where reading goes on."""
    name, mark, value = _split_pair(run)
    if mark and not value and is_sensitive(name):
        return _mask_shape(name) + mark, _Next.LINE if _is_header(name) and mark == ":" else _Next.VALUE, end
    if mark == ":" and value and is_sensitive(name) and "://" not in run:
        return f"{_mask_shape(name)}:{MASK}", _Next.NOTHING, _end_of_value(text, end, _Next.LINE) if _is_header(name) else end
    if mark == "=" and not value and _CAPITALS.match(name) and text[end : end + 1] in ("'", '"'):
        return run, _Next.VALUE, end
    if run.lower() in ("bearer", "basic", "digest") and text[end : end + 1] == " ":
        following = _RUNS.match(text, end + 1)
        secret = following is not None and (
            run.lower() == "bearer" or not following.group().isalpha() or _odd(following.group())
        )
        return run, _Next.VALUE if secret else _Next.NOTHING, end
    if _names_sql_password(text[: end - len(run)], run) and _QUOTED_NEXT.match(text, end):
        return run, _Next.VALUE, end
    if is_sensitive(run) and _NAME.match(run):
        if run.startswith("-"):
            return _mask_shape(run), _Next.VALUE, end
        if _AFTER_KEY.match(text, end):
            return _mask_shape(run), _Next.LINE if _is_header(run) else _Next.VALUE, end
    return mask_word(run), _Next.NOTHING, end


def _names_sql_password(before: str, run: str) -> bool:
    """``PASSWORD 'x'``, ``IDENTIFIED BY 'x'`` and ``IDENTIFIED WITH plugin AS 'x'``."""
    word = run.lower()
    return word == "password" or (word in ("by", "as") and _IDENTIFIED.search(before[-80:]) is not None)


def _split_pair(run: str) -> tuple[str, str, str]:
    marks = [at for at in (run.find("="), run.find(":")) if at > 0]
    if not marks:
        return run, "", ""
    at = min(marks)
    return run[:at], run[at], run[at + 1 :]


def _is_header(name: str) -> bool:
    return not _HEADERS.isdisjoint(hump.lower() for hump in _HUMPS.findall(name))


def _end_of_value(text: str, start: int, what: _Next) -> int:
    """Where the secret that begins at ``start`` ends: at its closing quote, at the next gap, or with the line."""
    opening = text[start : start + 1]
    if opening in ("'", '"', "`"):
        close = text.find(opening, start + 1)
        while close > 0 and text[close - 1] == "\\":
            close = text.find(opening, close + 1)
        return len(text) if close < 0 else close + 1
    stop = "\n'\"`" if what is _Next.LINE else " \t\r\n'\"`"
    end = start
    while end < len(text) and text[end] not in stop:
        end += 1
    return max(end, min(start + 1, len(text)))


def _mask_login(word: str) -> str:
    """``user:password@host`` without the user and the password."""
    before, at, host = word.rpartition("@")
    return f"{MASK}@{host}" if at and ":" in before and host else word


def _mask_shape(word: str) -> str:
    """Mask from where ``word`` begins to look like a secret, by a known beginning or by its shape."""
    cuts = [cut for cut in (_known_beginning(word), _random_part(word)) if cut is not None]
    return word[: min(cuts)] + MASK if cuts else word


def _random_part(word: str) -> int | None:
    """Where to cut a long word that looks random; None where it reads like names."""
    if len(word) < _LONG:
        return None
    odd = _odd(word)
    if _PATH.match(word) and 2 * sum(map(len, odd)) <= sum(map(len, _PIECES.findall(word))):
        odd = [piece for piece in odd if len(piece) >= _ODD_IN_PATH]  # folders are named attack2u, c14b or x9y8z
    if sum(map(len, odd)) < _ODD and not _is_confetti(word) and not _has_all_classes(word):
        return None
    return _keep(word, odd)


def _known_beginning(word: str) -> int | None:
    for found in _PREFIX.finditer(word):
        rest = word[found.end() :]
        if found.group(1) or (len(rest) >= _ODD and (_odd(rest) or any(map(str.isdigit, rest)))):
            return found.start()
    return None


def _odd(word: str) -> list[str]:
    return [piece for piece in _PIECES.findall(word) if not is_plain(piece)]


def _is_confetti(word: str) -> bool:
    """Many tiny pieces between punctuation: the shape of a generated password."""
    pieces: list[str] = _PIECES.findall(word)
    marks = {character for character in word if not character.isalnum()}
    return len(marks) >= 3 and len(pieces) >= 5 and sum(map(len, pieces)) / len(pieces) < 2.5


def _has_all_classes(word: str) -> bool:
    """Letter case, digits and punctuation mixed as password rules ask for, with marks that names and paths hardly have."""
    marks = len(set(word) & _PASSWORD_MARKS)
    classes = sum(any(map(test, word)) for test in (str.islower, str.isupper, str.isdigit))
    return marks > 0 and classes + min(marks, 2) >= 4


def _keep(word: str, odd: list[str]) -> int:
    """How much of the beginning may stay: whole plain parts of a path or of ``name=``, never a part of the secret itself."""
    first = word.find(odd[0]) if odd else 0
    start = max((word.rfind(mark, 0, first) for mark in "/=:,"), default=-1) + 1
    if start == 0 or word.startswith(("/", "./", "../", "~", "-")) or _PATH_LEFT.match(word[:start]):
        return start
    return 0
