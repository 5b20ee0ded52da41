"""Command-line options as getopt_long and its relatives read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from checkrein.core.effect import Flag
from checkrein.detect.shell.model import Invocation, absolute


@cache
def listed(text: str) -> tuple[str, ...]:
    """Options or programs written as one text, split at blanks: a long list stays readable."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Options:
    """A parsed command line. ``given`` maps each option as declared (``-r``, ``--recursive``) to its values in order.

    A flag without a value has the value "". ``operands`` are the words that are no options, with their index in ``args``.
    """

    given: dict[str, list[str]] = field(default_factory=dict)
    operands: tuple[tuple[int, str], ...] = ()

    def has(self, *names: str) -> bool:
        """True where any of the options was given."""
        return any(name in self.given for name in names)

    def last(self, *names: str) -> str | None:
        """The last value of the first of ``names`` that was given."""
        for name in names:
            if name in self.given:
                return self.given[name][-1]
        return None

    @property
    def words(self) -> tuple[str, ...]:
        """The operands without their indexes."""
        return tuple(word for _, word in self.operands)


def parse_options(
    args: Iterable[str],
    *,
    values: Collection[str] = (),
    optional: Collection[str] = (),
    flags: Collection[str] = (),
    permute: bool = True,
    single_dash_long: bool = False,
) -> Options:
    """Read ``args`` (without the program's name).

    ``values`` names options that take a value (``-o``, ``--output``), ``optional`` long options whose value may only follow
    ``=``, ``flags`` further long options, needed only so that abbreviations can be told apart. Long options may be
    abbreviated to a prefix that is unambiguous among the declared ones. ``permute=False`` stops at the first operand (env).
    ``single_dash_long`` reads ``-name value`` as one long option (find, terraform, java).
    """
    words = list(args)
    longs = sorted({name for name in (*values, *optional, *flags) if name.startswith("--")})
    given: dict[str, list[str]] = {}
    operands: list[tuple[int, str]] = []
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--":
            operands.extend(enumerate(words[index + 1 :], index + 1))
            break
        if word.startswith("--") or (single_dash_long and word.startswith("-") and len(word) > 1):
            name, has_value, value = word.partition("=")
            name = full_name(name, longs)
            if name in values and not has_value:
                index += 1
                value = words[index] if index < len(words) else ""
            given.setdefault(name, []).append(value)
        elif word.startswith("-") and len(word) > 1:
            index += _short_cluster(words, index, values, given)
        else:
            if not permute:
                operands.extend(enumerate(words[index:], index))
                break
            operands.append((index, word))
        index += 1
    return Options(given, tuple(operands))


def full_name(name: str, longs: Sequence[str]) -> str:
    """The one of ``longs`` that a long option abbreviates; the option as it stands where there is none, or more than one."""
    if name in longs:
        return name
    candidates = [long for long in longs if long.startswith(name)]
    return candidates[0] if len(candidates) == 1 else name


def _short_cluster(words: list[str], index: int, values: Collection[str], given: dict[str, list[str]]) -> int:
    """Read ``-abc`` or ``-ovalue`` at ``index``; the number of further words that were taken (0 or 1)."""
    word = words[index]
    for at, letter in enumerate(word[1:], 1):
        option = f"-{letter}"
        if option not in values:
            given.setdefault(option, []).append("")
            continue
        rest = word[at + 1 :]
        if rest:
            given.setdefault(option, []).append(rest)
            return 0
        given.setdefault(option, []).append(words[index + 1] if index + 1 < len(words) else "")
        return 1
    return 0


def first_operand(args: Sequence[str], values: Collection[str], pairs: Collection[str] = ()) -> int:
    """The index of the first word that is no option and no option's value; options of ``pairs`` take two words."""
    at = 0
    while at < len(args):
        word = args[at]
        if word == "--":
            return at + 1
        if not word.startswith("-") or word == "-":
            return at
        at += 3 if word in pairs else 2 if _takes_next(word, values) else 1
    return at


def _takes_next(word: str, values: Collection[str]) -> bool:
    """True where the next word is the value of the option ``word``, or of the last one in a cluster (``-fo FILE``)."""
    if word in values or word.startswith("--"):
        return word in values
    at = next((at for at, letter in enumerate(word[1:], 1) if f"-{letter}" in values), 0)
    return at > 0 and at == len(word) - 1


def paths(options: Options, invocation: Invocation, *, skip: int = 0) -> Iterator[tuple[str, Flag]]:
    """The operands as absolute paths, each with GLOB where it is a pattern."""
    for at, word in options.operands[skip:]:
        if word:
            yield absolute(word, invocation.cwd), Flag.GLOB if at + 1 in invocation.globs else Flag.NONE
