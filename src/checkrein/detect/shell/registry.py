"""Which handler knows which program: one ordered list, the first that names a program has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checkrein.detect.shell import (
    databases,
    disks,
    editing,
    files,
    find,
    http,
    interpreters,
    reading,
    runners,
    system,
    terminals,
    transfer,
    wrappers,
)
from checkrein.detect.shell.git import HANDLERS as HANDLERS_OF_GIT
from checkrein.detect.shell.git import git_handler
from checkrein.detect.shell.model import Handler, Invocation, Outcome
from checkrein.detect.shell.table import KNOWN, table_handler


def _git(invocation: Invocation) -> Iterable[Outcome]:
    yield from git_handler(invocation)
    yield from runners.git_hooks(invocation)
    if invocation.stdin and {"apply", "am"} & set(invocation.args[:4]):
        yield from editing.patched_files(invocation.stdin, invocation.cwd)


def _unlisted(invocation: Invocation) -> Iterable[Outcome]:
    """A program that nobody described: what the table says in general, and any file that it is given may be read."""
    yield from table_handler(invocation)
    if invocation.name not in KNOWN:
        yield from interpreters.given_files(invocation.args, invocation)


FAMILIES: tuple[Mapping[str, Handler], ...] = (
    {"git": _git},
    HANDLERS_OF_GIT,
    wrappers.HANDLERS,
    interpreters.HANDLERS,
    terminals.HANDLERS,
    files.HANDLERS,
    transfer.HANDLERS,
    disks.HANDLERS,
    editing.HANDLERS,
    find.HANDLERS,
    reading.HANDLERS,
    system.HANDLERS,
    runners.HANDLERS,
    databases.HANDLERS,
    http.HANDLERS,
)
HANDLERS: dict[str, Handler] = {name: handler for family in reversed(FAMILIES) for name, handler in family.items()}


def handler_for(name: str) -> Handler:
    """What a program does: its own handler, that of its name without a version (``python3.12``), and the table's entry."""
    handler = HANDLERS.get(name) or HANDLERS.get(name.lower())
    if handler is None and name[-1:].isdigit():
        handler = HANDLERS.get(name.rstrip("0123456789.").rstrip("-"))
    if handler is None:
        return _unlisted
    return _both(handler) if name in KNOWN else handler


def _both(handler: Handler) -> Handler:
    """A handler for what needs code, and the table for the rest."""

    def judge(invocation: Invocation) -> Iterable[Outcome]:
        yield from handler(invocation)
        yield from table_handler(invocation)

    return judge


def is_described(name: str) -> bool:
    """True where a handler or the table knows the program."""
    return name in HANDLERS or name in KNOWN
