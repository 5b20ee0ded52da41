"""Secrets by the name that they are assigned to, in any language or format."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_secret
from checkrein.detect.secrets.generic.names import Kind, kind_of
from checkrein.detect.secrets.generic.reader import value_after
from checkrein.detect.secrets.generic.surroundings import is_attribute, is_cache_key, is_digest, is_key_id, is_sealed

_IN_NAMES = string.ascii_letters + string.digits + "_-.$"
_REST = re.compile(r"[\w-]*(?:\.(?=\w)[\w-]*)*")
_QUALIFIERS = frozenset(
    [
        "access",
        "account",
        "api",
        "auth",
        "authentication",
        "authorization",
        "cache",
        "encryption",
        "foreign",
        "master",
        "partition",
        "primary",
        "private",
        "public",
        "secret",
        "shared",
        "signing",
    ]
)
_LONGEST_NAME = 64
_LONGEST_QUALIFIER = 20


def assigned(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """The secret values of the assignments to names with a telling word that ends at one of the ordered ``ends``."""
    done = -1
    judged: dict[tuple[object, ...], bool] = {}  # a text that holds a value twice, as a log does, is nothing rare
    for at in ends:
        if at <= done:
            continue
        start, done = _name(text, at)
        kind = kind_of(text[start:done])
        if kind is None:
            continue
        value = value_after(text, start, done)
        if value is None:
            continue
        seen = value.literal.content, value.literal.form, value.operator, value.scheme, kind
        if seen not in judged:
            judged[seen] = is_secret(value, kind)
        if judged[seen] and not _is_told(text, start, done, value.literal.content, kind):
            yield Sensitive(kind.rule, kind.label, value.literal.start, value.literal.end, Certainty.GENERIC)


def _is_told(text: str, start: int, end: int, content: str, kind: Kind) -> bool:
    """Whether what stands around the name ``text[start:end]`` says that ``content`` is no secret.

    A nonce in a tag is there for everybody who gets the page (HTML, section 3.2.6.4).
    """
    if is_digest(text, start, content) or is_sealed(text, start, content) or is_key_id(text, start, content):
        return True
    if kind is Kind.KEY:
        return is_cache_key(text, start, end, content)
    return kind is Kind.SALT and is_attribute(text, start)


def _name(text: str, at: int) -> tuple[int, int]:
    """The whole name in which a telling word ends at ``at``, with a word before it that qualifies it."""
    start = max(0, at - _LONGEST_NAME)
    start += len(text[start:at].rstrip(_IN_NAMES))
    rest = _REST.match(text, at, min(len(text), at + _LONGEST_NAME))
    return _qualified(text, start), rest.end() if rest else at


def _qualified(text: str, start: int) -> int:
    """Where the name begins when a word before it belongs to it, as in ``Access key``."""
    if text[start - 1 : start] != " " or not text[start].isalpha():
        return start
    before = text[max(0, start - _LONGEST_QUALIFIER) : start - 1]
    word = before[len(before.rstrip(string.ascii_letters)) :]
    return start - 1 - len(word) if word.lower() in _QUALIFIERS else start
