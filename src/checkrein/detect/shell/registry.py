"""Which handler knows which program: one ordered list, the first that names a program has it.

Its table's entry comes on top, and the files of a project that it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checkrein.detect.shell import databases, git, system
from checkrein.detect.shell.builds import runners
from checkrein.detect.shell.builds.projects import SOURCES, project_files
from checkrein.detect.shell.exchange import archives, http, transfer
from checkrein.detect.shell.files import changing, disks, editing, find, reading
from checkrein.detect.shell.model import Handler, Invocation, Outcome, Snippet
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.running import batches, debuggers, guesses, interpreters, powershell, privilege, terminals, wrappers
from checkrein.detect.shell.table.handler import table_handler
from checkrein.detect.shell.table.programs import KNOWN, program

OTHER_LANGUAGES = listed(
    "lua luajit texlua tclsh wish julia R Rscript scala groovy elixir iex erl escript guile ghc runghc ocaml swift kotlin "
    "clojure clj bb sbcl clisp racket octave octave-cli gnuplot raku jshell"
)
"""Interpreters of languages that are not analysed; some have a reader of their calls (``builds/formats.py``)."""
LANGUAGE_NAMES = {"tclsh": "tcl", "wish": "tcl"}


def _unlisted(invocation: Invocation) -> Iterable[Outcome]:
    """A program that nobody described: what the table says in general. It may read files that it is given, and run words."""
    yield from table_handler(invocation)
    if invocation.name not in KNOWN:
        yield from interpreters.files_named(invocation.args, invocation)
        yield from guesses.commands_among(invocation, does_something)


def unread_code(code: str, invocation: Invocation) -> Iterable[Outcome]:
    """Code in a language that nobody looks into: its quoted texts tell what it runs and removes."""
    yield from interpreters.unknown_code(code, invocation)
    yield from guesses.commands_in_code(code, invocation, does_something)


def _other_language(invocation: Invocation) -> Iterable[Outcome]:
    """An interpreter of a language that nobody looks into."""
    for code in guesses.given_code(invocation):
        yield Snippet(LANGUAGE_NAMES.get(invocation.name, invocation.name), code)


FAMILIES: tuple[Mapping[str, Handler], ...] = (
    git.HANDLERS,
    wrappers.HANDLERS,
    privilege.HANDLERS,
    batches.HANDLERS,
    interpreters.HANDLERS,
    powershell.HANDLERS,
    terminals.HANDLERS,
    debuggers.HANDLERS,
    changing.HANDLERS,
    transfer.HANDLERS,
    archives.HANDLERS,
    disks.HANDLERS,
    editing.HANDLERS,
    find.HANDLERS,
    reading.HANDLERS,
    system.HANDLERS,
    runners.HANDLERS,
    databases.HANDLERS,
    http.HANDLERS,
    dict.fromkeys(OTHER_LANGUAGES, _other_language),
)
HANDLERS: dict[str, Handler] = {name: handler for family in reversed(FAMILIES) for name, handler in family.items()}


def handler_for(name: str) -> Handler:
    """What a program does: its own handler, that of its name without a version (``python3.12``), and the table's entry."""
    handler = HANDLERS.get(name) or HANDLERS.get(name.lower())
    if handler is None and name[-1:].isdigit():
        handler = HANDLERS.get(name.rstrip("0123456789.").rstrip("-"))
    if handler is None:
        return _each(_unlisted, project_files)
    return _each(handler, table_handler, project_files) if name in KNOWN else _each(handler, project_files)


def _each(*handlers: Handler) -> Handler:
    """What each of them says of a program."""

    def judge(invocation: Invocation) -> Iterable[Outcome]:
        for handler in handlers:
            yield from handler(invocation)

    return judge


def does_something(name: str) -> bool:
    """True where more is known of a program than that it is an everyday one."""
    if name in HANDLERS:
        return True
    known = program(name) if name in KNOWN else None
    return known is not None and bool(known.entries or known.remote or known.local or known.becomes)


def is_described(name: str) -> bool:
    """True where a handler or a table knows the program."""
    return name in HANDLERS or name in KNOWN or name in SOURCES
