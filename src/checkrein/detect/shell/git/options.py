"""Options as git's own parser (parse-options.c) reads them: abbreviations, ``--no-`` forms, the last one wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, auto
from functools import cache


class Arity(StrEnum):
    """Whether an option takes a value."""

    NONE = auto()
    REQUIRED = auto()
    OPTIONAL = auto()  # only in the same word: --color=always, -U3


Spec = Mapping[str, tuple[str, Arity]]
"""Every spelling of an option (``-f``, ``--force``) with its canonical name (``--force``) and arity."""


@cache
def spec(text: str) -> Spec:
    """Read a declaration such as ``"-f,--force -e,--exclude= -U,--unified=?"`` (``=`` takes a value, ``=?`` may)."""
    table: dict[str, tuple[str, Arity]] = {}
    for item in text.split():
        names = item.rstrip("=?").split(",")
        arity = Arity.OPTIONAL if item.endswith("=?") else Arity.REQUIRED if item.endswith("=") else Arity.NONE
        for name in names:
            table[name] = (names[-1], arity)
    return table


def words(text: str) -> frozenset[str]:
    """A set of names, written as one line of text."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed command line. ``given`` holds the options in force after every ``--no-`` form was applied.

    ``refused`` names those whose last form was negative (``--no-staged``); ``separator`` is the number of operands before
    ``--`` (None where there was none).
    """

    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    operands: tuple[str, ...] = ()
    separator: int | None = None
    help: bool = False

    def has(self, *names: str) -> bool:
        """True where one of the options (canonical names) is in force."""
        return any(name in self.given for name in names)

    def last(self, name: str) -> str | None:
        """The last value of an option, None where it is not in force."""
        return self.given[name][-1] if name in self.given else None


def parse(args: Sequence[str], declared: Spec, *, permute: bool = True) -> Parsed:
    """Read the words behind a git subcommand. Unknown options are passed over: git would refuse them, which harms nothing."""
    given: dict[str, tuple[str, ...]] = {}
    refused: set[str] = set()
    operands: list[str] = []
    separator: int | None = None
    wants_help = False
    index = 0
    while index < len(args):
        word = args[index]
        index += 1
        if word in ("--", "--end-of-options"):
            separator = len(operands)
            operands.extend(args[index:])
            break
        if word in ("-h", "--help", "--help-all", "--version"):
            wants_help = True
        elif word.startswith("--"):
            index += _long(args, index, declared, given, refused)
        elif word.startswith("-") and len(word) > 1:
            index += _cluster(args, index, declared, given, refused)
        elif not permute:
            operands.extend(args[index - 1 :])
            break
        else:
            operands.append(word)
    return Parsed(given, frozenset(refused), tuple(operands), separator, wants_help)


def _long(args: Sequence[str], index: int, declared: Spec, given: dict[str, tuple[str, ...]], refused: set[str]) -> int:
    """Read the long option before ``index``; how many further words it took."""
    name, has_value, value = args[index - 1].partition("=")
    positive = _full(name, declared)
    if positive is None and name.startswith("--no-"):
        negated = _full("--" + name[5:], declared)
        if negated is not None:
            canonical = declared[negated][0]
            given.pop(canonical, None)
            refused.add(canonical)
        return 0
    if positive is None:
        return 0
    canonical, arity = declared[positive]
    taken = 0
    if arity is Arity.REQUIRED and not has_value:
        value, taken = (args[index], 1) if index < len(args) else ("", 0)
    given[canonical] = (*given.get(canonical, ()), value)
    refused.discard(canonical)
    return taken


def _full(name: str, declared: Spec) -> str | None:
    """The declared option that ``name`` abbreviates; the first declared where several fit (git versions differ in that)."""
    if name in declared:
        return name
    if len(name) <= 2:
        return None
    return next((known for known in declared if known.startswith(name)), None)


def _cluster(args: Sequence[str], index: int, declared: Spec, given: dict[str, tuple[str, ...]], refused: set[str]) -> int:
    """Read ``-abc`` before ``index``; how many further words it took."""
    word = args[index - 1]
    for at in range(1, len(word)):
        canonical, arity = declared.get(f"-{word[at]}", (f"-{word[at]}", Arity.NONE))
        rest = word[at + 1 :]
        taken = 0
        value = ""
        if arity is Arity.OPTIONAL or (arity is Arity.REQUIRED and rest):
            value = rest
        elif arity is Arity.REQUIRED and index < len(args):
            value, taken = args[index], 1
        given[canonical] = (*given.get(canonical, ()), value)
        refused.discard(canonical)
        if arity is not Arity.NONE:
            return taken
    return 0
