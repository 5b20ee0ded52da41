"""SQL with a client's own commands between its statements: psql's backslash commands, ``.read``, ``source``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.databases.sql import literal_outcomes, sql_outcomes
from checkrein.detect.shell.model import Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import listed


class Style(StrEnum):
    """Whose commands stand between the statements."""

    PLAIN = auto()
    PSQL = auto()  # \! \i \copy \o \g
    MYSQL = auto()  # \! system source tee pager
    SQLITE = auto()  # .shell .read .import .output
    SQLCMD = auto()  # :!! :r


@dataclass(frozen=True, slots=True)
class Client:
    """How one client is called. Options are written ``-c``; ``operands`` is the index of the first operand that holds SQL."""

    dialect: str
    style: Style = Style.PLAIN
    text: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    operands: int | None = None
    database: tuple[str, ...] = ()  # options that name the database; the first operand does, too, where there are any
    subcommands: tuple[str, ...] = ()
    single_dash_long: bool = False
    outputs: tuple[str, ...] = ()  # options that name a file to write, or behind ``|`` a program
    pagers: tuple[str, ...] = ()  # options whose value is shell code


_INCLUDES = 8  # how deep \i, .read and source are followed


def file_statements(name: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    """What the SQL file ``name`` does; ``depth`` counts the files that include it. One that cannot be read is UNRESOLVED."""
    if name in ("-", "/dev/stdin"):
        text = invocation.stdin
    else:
        path = absolute(name, invocation.cwd)
        text = None if UNKNOWN in name else invocation.world.read_text(path)
        yield Effect(EffectKind.READ, path, invocation.name)
    if text is None or depth >= _INCLUDES:
        yield Effect(EffectKind.UNRESOLVED, name, invocation.name, detail="the SQL file cannot be read beforehand")
    else:
        yield from statements(text, client, invocation, depth + 1)


def statements(text: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    """SQL with a client's own commands in it: each command by itself, the SQL between them as one text."""
    if client.style is Style.PLAIN:
        yield from sql_outcomes(text, client.dialect)
        return
    sql: list[str] = []
    for line in text.splitlines():
        before, command = split_command(line, client.style)
        sql.append(before)
        if command.split(" ", 1)[0] == "\\gexec":  # what the query gives is run: what it holds as text may be that
            yield from literal_outcomes("\n".join(sql), client.dialect)
        elif command:
            yield from _own_command(command, client, invocation, depth)
    yield from sql_outcomes("\n".join(sql), client.dialect)


def split_command(line: str, style: Style) -> tuple[str, str]:
    """A line's SQL and the client's command that ends it. A backslash inside a quotation begins no command."""
    stripped = line.strip()
    match style:
        case Style.SQLITE:
            return ("", stripped) if stripped.startswith(".") else (line, "")
        case Style.SQLCMD:
            return ("", stripped) if stripped.startswith((":", "!!")) else (line, "")
        case Style.MYSQL if stripped.split(" ", 1)[0].lower() in ("system", "source", "tee", "pager", "delimiter"):
            return "", stripped
    if "\\" not in line:
        return line, ""
    quote = ""
    for index, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif char == "\\":
            return line[:index], line[index:].strip()
        elif line.startswith("--", index):
            break
    return line, ""


_SHELL = {"\\!", "system", ".shell", ".system", "!!", ":!!", "pager", "\\P"}
_READS = {"\\i", "\\ir", "\\include", "\\include_relative", "source", "\\.", ".read", ":r"}
_WRITES = frozenset(listed(r"\o \out \w \g \gx \s tee \T .output .once .backup .save .log :out :error"))


_ABBREVIATED = listed(".shell .system .output .once .import .read .restore .backup .load .log .excel")
"""SQLite takes any beginning of a command's name that says which it is; where several do, the first of these."""
_BACKTICKS = re.compile(r"`([^`]+)`")


def _unquoted(rest: str) -> str:
    """The first of quoted words, where it is a program behind ``|``; else all as it stands."""
    try:
        first = shlex.split(rest)[0]
    except (ValueError, IndexError):
        return rest
    return first if first.startswith("|") else rest


def _own_command(command: str, client: Client, invocation: Invocation, depth: int) -> Iterator[Outcome]:
    name, _, rest = command.partition(" ")
    if command.startswith(("\\!", "!!")):
        name, rest = command[:2], command[2:]
    elif command.startswith(":!!"):
        name, rest = ":!!", command[3:]
    rest = rest.strip().removesuffix(";").strip()
    if client.style is Style.PSQL and name != "\\!":
        yield from (ShellText(code) for code in _BACKTICKS.findall(rest))
    if client.style is Style.SQLITE:
        name = next((full for full in _ABBREVIATED if len(name) > 1 and full.startswith(name)), name)
        rest = _unquoted(rest) if rest[:1] in ("'", '"') else rest
    words = rest.replace("'", " ").replace('"', " ").split()
    if name in _SHELL:
        yield ShellText(rest)
    elif rest.startswith("|") and name in _READS | _WRITES | {".import"}:
        yield ShellText(rest[1:])
    elif name in _READS and words:
        yield from file_statements(words[-1], client, invocation, depth)
    elif name in _WRITES and words:
        yield Effect(EffectKind.WRITE, absolute(words[-1], invocation.cwd), f"{invocation.name} {name}")
    elif name == ".import" and words:
        yield from _import(words, rest, invocation)
    elif name == ".load":
        yield Effect(EffectKind.DESTRUCTIVE, rest, f"{invocation.name} .load", "sql.run-program")
    elif name == ".restore":
        yield Effect(EffectKind.DESTRUCTIVE, "the database", f"{invocation.name} .restore", "db.restore-over")
    elif name == "\\copy":
        yield from _copy(rest, invocation)


def _import(words: Sequence[str], rest: str, invocation: Invocation) -> Iterator[Outcome]:
    if "|" in rest:
        yield ShellText(rest.partition("|")[2].rpartition(" ")[0].rstrip("\"' "))
        return
    names = [word for word in words if not word.startswith("-")]
    yield Effect(EffectKind.READ, absolute(names[0], invocation.cwd), f"{invocation.name} .import")


def _copy(rest: str, invocation: Invocation) -> Iterator[Outcome]:
    """psql's ``\\copy`` runs on this machine: its program and its file are ours."""
    for outcome in sql_outcomes(f"COPY {rest}", "postgres"):
        if isinstance(outcome, ShellText):
            yield ShellText(outcome.text)
            return
    words = rest.replace("'", " ").split()
    upper = [word.upper() for word in words]
    for direction, kind in (("TO", EffectKind.WRITE), ("FROM", EffectKind.READ)):
        if direction in upper[:-1] and words[upper.index(direction) + 1].upper() not in (
            "STDIN",
            "STDOUT",
            "PSTDIN",
            "PSTDOUT",
        ):
            yield Effect(kind, absolute(words[upper.index(direction) + 1], invocation.cwd), f"{invocation.name} \\copy")
