"""The command line: one file per command group. Each parses, calls and renders; commands load when they are used."""

from __future__ import annotations

import difflib
import importlib
import sys

import click

from checkrein import __version__
from checkrein.core import CheckreinError
from checkrein.report.text import clean, clean_lines

COMMANDS = {
    "up": "up:up",
    "down": "down:down",
    "status": "status:status",
    "doctor": "doctor:doctor",
    "check": "check:check",
    "log": "log:log",
    "explain": "log:explain",
    "allow": "allow:allow",
    "undo": "undo:undo",
    "sent": "sent:sent",
    "vault": "vault:vault",
    "secret": "secret:secret",
    "gateway": "gateway:gateway",
    "sweep": "sweep:sweep",
    "anonymize": "anonymize:anonymize",
    "deanonymize": "anonymize:deanonymize",
    "placeholder-env": "placeholder_env:placeholder_env",
    "policy": "policy:policy",
    "ledger": "ledger:ledger",
    "prove": "prove:prove",
}


class Lazy(click.Group):
    """A group that imports a command only when it is asked for, so that ``checkrein check`` does not load the service."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of ``COMMANDS``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(f"checkrein.cli.{module}"), name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; for a word that is no command, the nearest one is named."""
        word = args[0]
        if word not in COMMANDS and not word.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(word, COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command '{clean(word)}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=Lazy)
@click.version_option(__version__, prog_name="checkrein")
def cli() -> None:
    """Checkrein makes Claude Code safe to use on real code."""


def main() -> None:
    """Run the command line; our errors are printed for a person, and give their own exit code."""
    try:
        cli(prog_name="checkrein")
    except CheckreinError as error:
        click.echo(clean_lines(f"checkrein: {error}"), err=True)
        sys.exit(error.exit_code)
