"""Values that stand for a value: fillers, templates, references, words such as ``changeme``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import sub

import yaml

from checkrein.detect.secrets.generic.tables import TABLES

_FILLER_SHARE = 5  # a filler of six letters counts in values of up to thirty
_TEMPLATE = re.compile(
    r"""
      \$\{ | \$\( | \#\{ | \{\{ | \}\} | \{% | <% | %>    # shell, Ruby, Jinja, Go, ERB
    | %\(\w*\)? | %[sdrvfxq](?![A-Za-z0-9])               # Python's and C's formats
    | \{\w*(?:[.\[!:][^{}\s]*)?\}                         # {name}, {name.part}, {0!r}
    | \.\.\.                                              # cut out
    | <[\w -]+>                                           # <your token>
    | ^ (?: \$[A-Za-z_]\w* | %\w+% | @\w+@ | <.*> | \[.*\] | \{.*\} | __\w+__ ) $
    """,
    re.VERBOSE,
)
_REFERENCE = re.compile(
    r"""(?: akv | args | arn | aws-sm | config | ctx | data | env | file | gcp-sm | github | inputs | keyring | local | matrix
    | module | needs | op | options | os\.environ | params | process\.env | props | ref | request | runner | secrets? | self
    | settings | sops | ssm | steps | this | values | vars? | vault ) [.:/\[]""",
    re.VERBOSE | re.IGNORECASE,
)
_MOST_WIDE = 5


def is_dummy(value: str) -> bool:
    """Whether it stands for a value that is filled in elsewhere, or is one that nobody keeps secret."""
    if _TEMPLATE.search(value) or _REFERENCE.match(value) or _has_filler(value):
        return True
    return len(set(value.lower())) <= min(8, max(3, len(value) // 8)) or _is_sequence(value) or _repeats(value)


@dataclass(frozen=True, slots=True)
class _Fillers:
    examples: Sequence[str]
    words: Sequence[str]  # in lower case
    any: re.Pattern[str]


@cache
def _fillers() -> _Fillers:
    table = yaml.safe_load(TABLES.joinpath("dummies.yaml").read_text(encoding="utf-8"))
    words = sorted(map(str.lower, table["fillers"]), key=len, reverse=True)
    return _Fillers(table["examples"], words, re.compile("|".join(map(re.escape, words))))


def _has_filler(value: str) -> bool:
    """Whether it says that it is an example, or is filler for a good part: in a long value a short word may stand by chance."""
    known = _fillers()
    if any(word in value for word in known.examples):
        return True
    lower = value.lower()
    if not any(word in lower for word in known.words):
        return False  # of nearly all values, and one word after the other is sooner looked for than all at each place
    return _FILLER_SHARE * sum(len(match[0]) for match in known.any.finditer(lower)) >= len(value)


def _is_sequence(value: str) -> bool:
    """Whether most of its characters follow one another: ``abcd1234``, ``0123456789abcdef``, ``98765432``."""
    codes = list(map(ord, value.lower()))
    steps = list(map(sub, codes[1:], codes))
    return len(steps) >= 5 and max(steps.count(1), steps.count(-1)) >= 0.7 * len(steps)


def _repeats(value: str) -> bool:
    """Whether a piece of up to five characters fills it: ``xyxyxyxy``, ``a1a1a1``."""
    return any(
        value == (value[:width] * (len(value) // width + 1))[: len(value)]
        for width in range(1, _MOST_WIDE + 1)
        if len(value) >= 3 * width
    )
