"""The page of the command line: what ``--help`` says, for every command."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points

import click

from checkrein.core import UsageError
from checkrein.docs.markdown import block, code, document

NAME = "checkrein"
WIDTH = 100
STATUS = (
    "Exit status: 0 where all is well, 1 where something was found (what was checked would be stopped, a check failed), "
    "2 where the command line, a policy or a settings file is wrong, 3 where the service, the record, a snapshot or the client "
    "gives trouble."
)


def program() -> click.Group:
    """The installed command line, found as the system finds it. UsageError where it is not installed."""
    for point in entry_points(group="console_scripts", name=NAME):
        found = import_module(point.module).cli
        if isinstance(found, click.Group):
            return found
    raise UsageError(f"the command {NAME} is not installed here", fix="make docs, which installs it first")


def page(group: click.Group) -> str:
    """The help of ``group`` and of everything in it."""
    first, *rest = helps(group, NAME)
    return document("# Commands", STATUS, block(first[1]), *(f"## {code(name)}\n\n{block(text)}" for name, text in rest))


def helps(command: click.Command, word: str, parent: click.Context | None = None) -> Iterator[tuple[str, str]]:
    """(full name, help text) of a command, named by ``word`` in ``parent``, and of all below it."""
    settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=word, parent=parent, **settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from helps(inner, name, context)
