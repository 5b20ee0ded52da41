"""Values that only the name before them tells apart: thirty-two hex digits are a key where ``datadog_api_key`` stands.

``pattern`` makes of such words, and of the value's own form, one pattern that reads the assignments of programming languages,
settings files, command lines and headers. The value is its first group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_SHORT = 5
"""Up to so many letters a word may be the beginning of another one (``box``, ``boxes``): what follows it is looked at, too."""

_NAME = r"[\w.-]{0,40}(?: [\w.-]{1,20}){0,3}"
_NAME_OF_SHORT = r"(?:(?:[A-Z0-9_. -]|(?i:key|token|secret|api|auth|pass))[\w.-]{0,40}(?: [\w.-]{1,20}){0,3})?"
_NAME_END = r"[\\\"'`\])]{0,4}(?:: ?[A-Za-z]{3,10})?"  # a closing quote, a type
_OPERATOR = r"(?:[ \t]{0,8}[=:>(,|?.~!+]{1,4}\s{0,24}|[ \t]{1,8})"
_OPENING = r"[bru@$]?[\\\"'`(<\[{]{0,4}(?:(?i:bearer|token|basic|apikey|key)[ :=]{1,2})?"
_CLOSING = r"(?:[\s\"'`,;)\]}<>&|\\#*!\x80-\xff]|[.=:](?:\s|$)|==|$)"  # beyond ASCII: quotes and letters of other scripts


def pattern(words: Iterable[str], value: str) -> str:
    """What matches ``value`` (a pattern) where it is assigned to a name with one of ``words``.

    A ``-`` in a word stands for any of the ways in which names join their parts: ``new-relic`` is ``newRelic``, ``NEW_RELIC``,
    ``new.relic`` and ``new relic``.
    """
    names = [_named(word) for word in words]
    return f"(?:{'|'.join(names)}){_NAME_END}{_OPERATOR}{_OPENING}({value}){_CLOSING}"


def keywords(words: Iterable[str]) -> tuple[str, ...]:
    """Of each word the longest part, which stands in every match as it is."""
    return tuple(max(word.lower().split("-"), key=len) for word in words)


def _named(word: str) -> str:
    joined = "[-_. ]?".join(re.escape(part) for part in word.split("-"))
    hump = rf"[a-z]{joined[0].upper()}(?i:{joined[1:]})"
    return rf"(?:(?:\b|_)(?i:{joined})|{hump}){_NAME_OF_SHORT if len(word) <= _SHORT else _NAME}"
