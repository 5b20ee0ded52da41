"""Passwords on command lines: ``curl -u USER:PASSWORD``, ``mysql -pPASSWORD``, ``echo PASSWORD | docker login ...``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import yaml

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_password
from checkrein.detect.secrets.generic.names import Kind
from checkrein.detect.secrets.generic.tables import TABLES

_LINE = 400  # characters in which a command stands
_LONGEST_NAME = 48
_BEHIND_NAME = r"(?:\.exe)?[\"']?[ \t]"
_QUOTE = r"(?P<quote>[\"'])?"
_REST = r"(?P<value>(?(quote)(?:(?!(?P=quote))\S)+|[^\s\"'`|;&<>]+))"
_BLANKS = r"(?:[ \t]|\\\r?\n)+"
_PARTS = {
    "VALUE": _QUOTE + _REST,
    "QUOTE": _QUOTE,
    "REST": _REST,
    "JOIN": f"(?:{_BLANKS}|=)?",
    "WORD": r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"'|;&<>-][^\s\"'|;&<>]*)",
    " ": _BLANKS,
}
"""What the words of ``commands.yaml`` stand for."""
_PART = re.compile("|".join(_PARTS))
_ECHO = re.compile(r"\b(?:echo|printf)[ \t]+(?:-\w[ \t]+)?[\"']?(?:[\w.@-]{1,40}:)?(?P<value>[^\s\"'|]+)[\"']?[ \t]*\|[^|]*$")
_HERE = re.compile(rf"[^|;&<\n]{{0,120}}<<<[ \t]*{_QUOTE}(?:[\w.@-]{{1,40}}:)?{_REST}")


@dataclass(frozen=True, slots=True)
class Table:
    """``commands.yaml``. ``program`` matches a name with what follows it; its group ``eN`` says which of ``takes`` it is."""

    program: re.Pattern[str]
    takes: tuple[tuple[re.Pattern[str], ...], ...]


@cache
def entries() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """For each entry what matches its programs' names, and where their passwords stand."""
    given = yaml.safe_load(TABLES.joinpath("commands.yaml").read_text(encoding="utf-8"))
    return tuple(("|".join(entry["programs"]), tuple(entry["takes"])) for entry in given)


def programs() -> tuple[str, ...]:
    """For each entry a pattern for the names of its programs and the blank behind; Hyperscan reads it too."""
    return tuple(rf"\b(?:{names}){_BEHIND_NAME}" for names, _ in entries())


@cache
def table() -> Table:
    """The table, compiled."""
    groups = "|".join(f"(?P<e{number}>{names})" for number, (names, _) in enumerate(entries()))
    return Table(
        re.compile(rf"\b(?:{groups}){_BEHIND_NAME}\Z", re.ASCII),
        tuple(
            tuple(re.compile(_PART.sub(lambda part: _PARTS[part[0]], pattern)) for pattern in takes) for _, takes in entries()
        ),
    )


def arguments(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Passwords among the arguments of programs whose names, with a blank behind each, end at ``ends``."""
    known = table()
    read: dict[int, int] = {}  # of each entry, up to where: a line of nothing but names is read once
    for end in ends:
        program = known.program.search(text, max(0, end - _LONGEST_NAME), end)
        if program is None or program.lastgroup is None:
            continue
        entry = int(program.lastgroup[1:])
        if end <= read.get(entry, 0):
            continue
        read[entry] = stop = _end_of_command(text, end)
        for pattern in known.takes[entry]:
            for match in pattern.finditer(text, end - 1, stop):
                yield from _in_match(match)


def _in_match(match: re.Match[str]) -> Iterator[Sensitive]:
    group, kind = ("token", Kind.TOKEN) if "token" in match.re.groupindex else ("value", Kind.PASSWORD)
    if is_password(match[group]):
        yield _found(kind, match.span(group))


def piped(text: str, ends: Iterable[int]) -> Iterator[Sensitive]:
    """Passwords in ``echo PASSWORD |`` before what reads one, which ends at ``ends``, and in ``<<< PASSWORD`` behind it."""
    for end in ends:
        echoed = _ECHO.search(_command_before(text, end))
        if echoed and is_password(echoed["value"]):
            start = text.rindex(echoed["value"], 0, end)
            yield _found(Kind.PASSWORD, (start, start + len(echoed["value"])))
        if (here := _HERE.match(text, end)) and is_password(here["value"]):
            yield _found(Kind.PASSWORD, here.span("value"))


def _command_before(text: str, end: int) -> str:
    """What stands before ``end`` in its command; a line that ends in a backslash goes on."""
    begin = max(0, end - _LINE)
    newline = text.rfind("\n", begin, end)
    while newline > begin and text[newline - 1] == "\\":
        newline = text.rfind("\n", begin, newline)
    return text[max(begin, newline + 1) : end]


def _end_of_command(text: str, start: int) -> int:
    """Where the command ends that goes on at ``start``."""
    stop = min(len(text), start + _LINE)
    newline = text.find("\n", start, stop)
    while newline > start and text.endswith(("\\", "\\\r"), start, newline):
        newline = text.find("\n", newline + 1, stop)
    return stop if newline < 0 else newline


def _found(kind: Kind, span: tuple[int, int]) -> Sensitive:
    return Sensitive(kind.rule, kind.label, *span, Certainty.GENERIC)
