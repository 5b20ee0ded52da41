"""What is known of command-line programs: ``rules/programs/*.yaml``, read strictly and as late as possible.

A program file is a mapping whose top-level keys are program names (several with commas between). Each program is parsed when it
is first met, so that the cost of a command follows the programs in it. Its fields, all optional:

``values``    options that take a value (``[--profile, -n]``), so that subcommands are found behind them
``dash``      ``single`` where ``-name`` is one long option (terraform, vault) and ``--name`` means the same
``harmless``  patterns that make the whole call harmless, besides ``--help``, ``-h``, ``--dry-run`` and ``help``
``rules``     ``[KIND ]RULE: [pattern, ...]``; KIND is an effect kind and ``destructive`` where it is left out
``remote``    patterns that end in the code that the program runs on another machine or in a container
``local``     the same for code that runs on this machine
``code``      patterns by language (``sql``, ``python``, ``elixir``): they end in a text of that language that the program runs
``becomes``   the command that this program is another name of (``docker compose``)
``files``     ``print``, ``use``, ``send`` or ``serve``: patterns that end in the files that the program prints, uses, sends
              away or gives to whoever asks (the folder that it runs in where none is given)

A pattern is a line of words as one would type them: ``s3 rb --force``. The first words are subcommands, further operands may
follow. ``a|b`` is either, ``!a|b`` neither, ``delete-*`` a prefix, ``*`` any word, ``**`` any number of words, ``(word)`` an
optional word, ``$`` no further operand. ``--x|-y`` is an option that has to be given, ``--x=0|no`` one with such a value,
``--x=!a|b`` one with another value, ``!--x`` and ``!--x=a`` ones that must not be given, ``<disable*`` a line of standard
input. In ``remote`` and ``local``, ``ARGV`` stands for the words of a command (behind ``--`` where the pattern has that),
``SHELL`` for shell text, ``--command=SHELL`` for an option that holds it, ``-jar=ARGV`` for one that names the program. In
``files``, ``FILE`` stands for all further operands, ``FROM`` for all but the last one, where they are copied to,
``--body=FILE`` for an option's value. In ``code``, ``CODE`` stands for all further operands, each a text, ``--sql=CODE`` for an
option's value, ``<CODE`` for standard input; ``SOURCE`` and ``--file=SOURCE`` for files that hold the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

import yaml

from checkrein.core.effect import EffectKind
from checkrein.rules import load_rules

_FIELDS = {"values", "dash", "harmless", "rules", "remote", "local", "becomes", "files", "code"}
_CODE = ("ARGV", "SHELL")
_FILES = ("FILE", "FROM")
STDIN = "<CODE"
_TEXTS = ("CODE", "SOURCE", STDIN)


class Use(StrEnum):
    """What a program does with the content of files that it is given."""

    PRINT = "print"
    USE = "use"
    SEND = "send"
    SERVE = "serve"


@dataclass(frozen=True, slots=True)
class Option:
    """An option that a pattern asks for: any of ``names``, with a value like any of ``globs`` (empty: any value but "no")."""

    names: tuple[str, ...]
    globs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern. ``words`` holds alternatives of each word; ``code`` tells where nested code is ("" for none)."""

    text: str
    words: tuple[tuple[str, ...], ...] = ()
    needs: tuple[Option, ...] = ()
    forbids: tuple[Option, ...] = ()
    stdin: tuple[str, ...] = ()
    code: str = ""  # ARGV or SHELL; FILE or FROM; CODE, SOURCE or <CODE
    code_options: tuple[str, ...] = ()  # the code is the value of one of these options
    after_dashes: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """The patterns that stand for one rule."""

    kind: EffectKind
    rule: str
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """What is known of one program."""

    values: frozenset[str] = frozenset()
    single_dash: bool = False
    harmless: tuple[Pattern, ...] = ()
    entries: tuple[Entry, ...] = ()
    remote: tuple[Pattern, ...] = ()
    local: tuple[Pattern, ...] = ()
    becomes: tuple[str, ...] = ()
    files: tuple[tuple[Use, Pattern], ...] = ()
    flags: frozenset[str] = frozenset()  # long options without a value that patterns name
    texts: tuple[tuple[str, Pattern], ...] = ()  # a language, and where a text of it stands


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a program stands, not yet parsed."""

    where: str
    text: str = field(repr=False)


def _index() -> dict[str, _Source]:
    """Every program name with its piece of a data file. Only the unindented lines are looked at."""
    index: dict[str, _Source] = {}
    folder = resources.files("checkrein.rules") / "programs"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for names, text in _blocks(file.read_text("utf-8"), file.name):
            source = _Source(f"programs/{file.name}: {names}", text)
            for name in (part.strip() for part in names.split(",")):
                if name in index:
                    raise ValueError(f"{source.where}: {name} is already described in {index[name].where}")
                index[name] = source
    return index


def _blocks(text: str, file: str) -> Iterator[tuple[str, str]]:
    """The top-level keys of a program file, each with the indented text below it (or the flow mapping behind it)."""
    names, lines = "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line[0] in " #":
            lines.append(line)
            continue
        if names:
            yield names, "\n".join(lines)
        names, colon, rest = line.partition(":")
        names = names.strip("\"'")
        if not colon or (rest and rest[0] != " "):
            raise ValueError(f"programs/{file}:{number}: a program's name and a colon were expected")
        lines = [rest.strip()]
    if names:
        yield names, "\n".join(lines)


_SOURCES = _index()
KNOWN = frozenset(_SOURCES)
"""The names of all programs that the table describes."""


@cache
def program(name: str) -> Program:
    """What is known of a program in ``KNOWN``. ValueError names the file, the program and the pattern that is wrong."""
    return _parse(_SOURCES[name])


@cache
def _parse(source: _Source) -> Program:
    data = yaml.load(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}  # noqa: S506
    if not isinstance(data, dict) or set(data) - _FIELDS:
        raise ValueError(f"{source.where}: unknown fields {sorted(set(data) - _FIELDS) if isinstance(data, dict) else data}")
    if data.get("dash", "single") != "single":
        raise ValueError(f"{source.where}: dash can only be single")
    single = "dash" in data
    entries = tuple(_entry(key, lines, source.where, single=single) for key, lines in data.get("rules", {}).items())
    remote, local, harmless = (
        _patterns(data.get(key, ()), source.where, single=single) for key in ("remote", "local", "harmless")
    )
    _ends((*remote, *local), _CODE, f"{source.where}: every pattern of remote and local has to say ARGV or SHELL")
    if set(data.get("files", {})) - set(Use):
        raise ValueError(f"{source.where}: files are for {', '.join(Use)}, not {', '.join(data['files'])}")
    files = tuple((Use(use), pattern) for use, pattern in _keyed(data.get("files", {}), source.where, single=single))
    _ends((pattern for _, pattern in files), _FILES, f"{source.where}: every pattern of files has to say FILE or FROM")
    texts = tuple(_keyed(data.get("code", {}), source.where, single=single))
    _ends((pattern for _, pattern in texts), _TEXTS, f"{source.where}: every pattern of code has to say CODE or SOURCE")
    values = {dashed(name, single=single) for name in data.get("values", ())}
    every = (
        *remote,
        *local,
        *harmless,
        *(pattern for _, pattern in (*files, *texts)),
        *(pattern for entry in entries for pattern in entry.patterns),
    )
    for pattern in every:
        values.update(pattern.code_options)
        values.update(name for option in (*pattern.needs, *pattern.forbids) if option.globs for name in option.names)
    flags = {name for pattern in every for option in pattern.needs if not option.globs for name in option.names} - values
    becomes = tuple(data.get("becomes", "").split())
    return Program(frozenset(values), single, harmless, entries, remote, local, becomes, files, frozenset(flags), texts)


def _ends(patterns: Iterable[Pattern], codes: tuple[str, ...], message: str) -> None:
    if any(pattern.code not in codes for pattern in patterns):
        raise ValueError(message)


def _keyed(data: Any, where: str, *, single: bool) -> Iterator[tuple[str, Pattern]]:
    """Each pattern of a mapping from a key to patterns, with its key."""
    for key, lines in data.items():
        yield from ((key, pattern) for pattern in _patterns(lines, where, single=single))


def _entry(key: str, lines: Any, where: str, *, single: bool) -> Entry:
    kind, _, rule = key.rpartition(" ")
    if rule not in load_rules():
        raise ValueError(f"{where}: there is no rule {rule}")
    if kind and kind not in set(EffectKind):
        raise ValueError(f"{where}: {kind} is no kind of effect")
    return Entry(EffectKind(kind or "destructive"), rule, _patterns(lines, where, single=single))


def _patterns(lines: Any, where: str, *, single: bool) -> tuple[Pattern, ...]:
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"{where}: a list of patterns was expected, not {lines!r}")
    return tuple(_pattern(line, where, single=single) for line in lines)


def _pattern(text: str, where: str, *, single: bool) -> Pattern:
    words: list[tuple[str, ...]] = []
    needs: list[Option] = []
    forbids: list[Option] = []
    stdin: tuple[str, ...] = ()
    code, code_options, after_dashes = "", tuple[str, ...](), False
    for item in text.split():
        if code:
            raise ValueError(f"{where}: {text!r}: nothing may follow {code}")
        if item in (*_CODE, *_FILES, *_TEXTS):
            code = item
        elif item == "--":
            after_dashes = True
        elif item.startswith("!-"):
            forbids.append(_option(item[1:], single=single))
        elif item.startswith("<"):
            stdin = tuple(item[1:].split("|"))
        elif item.startswith("-"):
            option, right = _option(item, single=single), item.partition("=")[2]
            if right in (*_CODE, "FILE", "CODE", "SOURCE"):
                code, code_options = right, option.names
            else:
                needs.append(option)
        else:
            words.append(tuple(item.split("|")))
    return Pattern(text, tuple(words), tuple(needs), tuple(forbids), stdin, code, code_options, after_dashes)


def _option(text: str, *, single: bool) -> Option:
    left, _, right = text.partition("=")
    names = tuple(dashed(name, single=single) for name in left.split("|"))
    return Option(names, tuple(right.lower().split("|")) if right else ())


def dashed(name: str, *, single: bool) -> str:
    """An option as the program takes it: with one dash only where ``single``."""
    return "-" + name.lstrip("-") if single else name
