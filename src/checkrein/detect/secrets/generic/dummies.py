"""Values that stand for a value: fillers, templates, references, words such as ``changeme``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

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
    examples: re.Pattern[str]
    fillers: re.Pattern[str]


@cache
def _fillers() -> _Fillers:
    table = yaml.safe_load(TABLES.joinpath("dummies.yaml").read_text(encoding="utf-8"))
    examples, fillers = (
        "|".join(map(re.escape, sorted(table[name], key=len, reverse=True))) for name in ("examples", "fillers")
    )
    return _Fillers(re.compile(examples), re.compile(fillers, re.IGNORECASE))


def _has_filler(value: str) -> bool:
    """Whether it says that it is an example, or is filler for a good part: in a long value a short word may stand by chance."""
    known = _fillers()
    if known.examples.search(value):
        return True
    return _FILLER_SHARE * sum(len(match[0]) for match in known.fillers.finditer(value)) >= len(value)


def _is_sequence(value: str) -> bool:
    """Whether most of its characters follow one another: ``abcd1234``, ``0123456789abcdef``, ``98765432``."""
    steps = [ord(after) - ord(before) for before, after in pairwise(value.lower())]
    return len(steps) >= 5 and max(steps.count(1), steps.count(-1)) >= 0.7 * len(steps)


def _repeats(value: str) -> bool:
    """Whether a piece of up to five characters fills it: ``xyxyxyxy``, ``a1a1a1``."""
    return any(
        value == (value[:width] * (len(value) // width + 1))[: len(value)]
        for width in range(1, _MOST_WIDE + 1)
        if len(value) >= 3 * width
    )
