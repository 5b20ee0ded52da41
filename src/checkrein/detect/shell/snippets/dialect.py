"""What the machine has to know of one language: its tables, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from checkrein.core.effect import Flag
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.snippets.values import Atom, Value

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


class Action(StrEnum):
    """What a sink does with its arguments; ``perform.py`` has one function for each."""

    DELETE = "delete"
    WRITE = "write"
    READ = "read"
    LIST = "list"
    OPEN = "open"
    MOVE = "move"
    COPY = "copy"
    CHMOD = "chmod"
    LINK = "link"
    SHELL = "shell"
    SPAWN = "spawn"
    PROGRAM = "program"
    CODE = "code"
    CODE_FILE = "code-file"
    SQL = "sql"
    REQUEST = "request"
    CONNECT = "connect"
    TRANSMIT = "transmit"
    DOWNLOAD = "download"
    SIGNAL = "signal"
    PRINT = "print"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sink:
    """A call with an effect. ``at`` and ``to`` are positions of the arguments that matter, ``names`` their keywords.

    For a method the receiver is argument 0. ``every``: all arguments from ``at`` on are targets. ``flags`` always hold;
    ``options`` are flags that a named argument (``recursive: true``) adds. ``mode`` is the method of a request or the mode
    of a file. ``gives`` is the class of what the call returns.
    """

    action: Action
    at: int = 0
    to: int = 1
    names: tuple[str, ...] = ()
    to_names: tuple[str, ...] = ()
    flags: Flag = Flag.NONE
    options: tuple[tuple[str, Flag], ...] = ()
    every: bool = False
    mode: str = ""
    gives: str = ""


SQL_METHODS = listed(
    "execute executescript executemany execute_batch execute_sql executeSql exec_driver_sql exec_query exec_update select_all "
    "query multi_query real_query raw unsafe statement unprepared prepare run exec do fetch fetchval fetchrow run_query "
    "runQuery read_sql read_sql_query selectall_arrayref sql $executeRaw $executeRawUnsafe $queryRaw $queryRawUnsafe ()"
)
"""Methods of databases in all languages, whose first argument is a statement; ``()`` is the call of a connection itself."""
SQL_SINKS = {f"database.{name}": Sink(Action.SQL, at=1, names=("sql", "query", "statement")) for name in SQL_METHODS}
SQL_LOOSE = {name: f"database.{name}" for name in SQL_METHODS}


@dataclass(frozen=True, slots=True)
class Pure:
    """A function of plain values. ``partial``: it makes sense of text that is partly unknown."""

    function: Callable[..., Atom]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """One call as the machine met it: what is called (as written in the program) and with what.

    ``more`` is True where unknown further arguments follow.
    """

    name: str
    args: tuple[Value, ...]
    named: Mapping[str, Value] = field(default_factory=dict)
    more: bool = False


Special = Callable[["Machine", Site], Value]
Constant = Callable[["Machine"], Value]


def _same(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class Dialect:
    """One language. Keys are dotted names as ``canonical`` gives them; a method's key is ``Class.method``.

    ``loose`` maps names of methods that are telling by themselves, called on something unknown, to the key that they stand for.
    ``roots`` are the modules of which a member that cannot be known may be a sink.
    """

    language: str
    program: str
    sinks: Mapping[str, Sink]
    pure: Mapping[str, Pure]
    special: Mapping[str, Special]
    constants: Mapping[str, Constant]
    loose: Mapping[str, str]
    roots: frozenset[str]
    canonical: Callable[[str], str] = _same
    mutators: Mapping[str, str] = field(default_factory=dict)
    changes_first: Mapping[str, str] = field(default_factory=dict)  # functions that change their first argument, and how
    callers: frozenset[str] = frozenset()  # methods of functions that call or bind them; the first argument is ``this``
    members_are_items: bool = False  # ``table.x`` is ``table["x"]`` (JavaScript)
    called_by_name: bool = False  # a text can be called (PHP, Perl)
