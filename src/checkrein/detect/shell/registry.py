"""Which handler knows which program: one ordered list, the first that names a program has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checkrein.core import Effect, EffectKind
from checkrein.detect.shell import databases, files, find, http, reading, runners, system, wrappers
from checkrein.detect.shell.git import HANDLERS as HANDLERS_OF_GIT
from checkrein.detect.shell.git import git_handler
from checkrein.detect.shell.model import Handler, Invocation, Outcome, absolute
from checkrein.detect.shell.table import KNOWN, table_handler


def _git(invocation: Invocation) -> Iterable[Outcome]:
    yield from git_handler(invocation)
    yield from runners.git_hooks(invocation)
    if invocation.stdin and {"apply", "am"} & set(invocation.args[:4]):
        yield from files.patched_files(invocation.stdin, invocation.cwd)


def _split(invocation: Invocation) -> Iterable[Outcome]:
    """Two programs share the name: coreutils' and a feature-flag service's."""
    yield from files.split(invocation)
    yield from table_handler(invocation)


def _unlisted(invocation: Invocation) -> Iterable[Outcome]:
    """A program that nobody described: what the table says in general, and any file that it is given may be read."""
    yield from table_handler(invocation)
    if invocation.name not in KNOWN:
        for word in invocation.args:
            if word.startswith((".", "/")) and len(word) > 1 and "\n" not in word:
                yield Effect(EffectKind.READ, absolute(word, invocation.cwd), invocation.name)


def _wrapped(invocation: Invocation) -> Iterable[Outcome]:
    """A program that both runs others and does things of its own (uv run, uv publish)."""
    yield from wrappers.wrapper(invocation)
    yield from table_handler(invocation)


FAMILIES: tuple[Mapping[str, Handler], ...] = (
    {"git": _git, "split": _split},
    HANDLERS_OF_GIT,
    {name: _wrapped for name, spec in wrappers.WRAPPERS.items() if spec.subcommands},
    wrappers.HANDLERS,
    files.HANDLERS,
    find.HANDLERS,
    reading.HANDLERS,
    system.HANDLERS,
    runners.HANDLERS,
    databases.HANDLERS,
    http.HANDLERS,
)
HANDLERS: dict[str, Handler] = {name: handler for family in reversed(FAMILIES) for name, handler in family.items()}


def handler_for(name: str) -> Handler:
    """The handler of a program: its own, that of its name without a version (``python3.12``), else the table's."""
    handler = HANDLERS.get(name) or HANDLERS.get(name.lower())
    if handler is None and name[-1:].isdigit():
        handler = HANDLERS.get(name.rstrip("0123456789.").rstrip("-"))
    return handler or _unlisted
