"""``checkrein secret``: values that a person registers, to be found and redacted wherever they turn up."""

from __future__ import annotations

import re
import sys
from datetime import datetime

import click

from checkrein.cli._vault import for_a_person, opened
from checkrein.core import UsageError
from checkrein.core.placeholder import KEPT
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.report.text import clean, counted
from checkrein.vault.entry import Kind
from checkrein.vault.vault import Vault

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_LONGEST = 65_536  # bytes of a value


@click.group("secret", short_help="Register values that must not leave this machine.")
def secret() -> None:
    """Values of your own that must not leave this machine, kept encrypted. They are never shown."""


@secret.command("add")
@click.argument("name")
def add(name: str) -> None:
    """Register a value under NAME, in place of one of that name. It is asked for without echo, or read from standard input."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{clean(name)!r} is no name for a secret.", fix="Use at most 64 letters, digits, _, . and -, with a letter first."
        )
    value = _value(name)
    ignored = KnownValues([Known("SECRET", value, "")]).ignored
    if ignored:
        raise UsageError("This value would not be looked for.", why=ignored[0].reason, fix="Register a longer, rarer one.")
    with opened() as vault:
        replaced = name in vault.secrets()
        vault.add_secret(name, value)
    instead = ", in place of the value before" if replaced else ""
    lines = value.count("\n") + 1
    whole = f", as one value of {lines} lines" if lines > 1 else ""
    click.echo(f"registered: {name}{instead}{whole}; it is redacted wherever it turns up, as it is or encoded")


@secret.command("ls")
def ls() -> None:
    """List the names of the registered values."""
    for_a_person("secret ls")
    with opened() as vault:
        secrets = vault.secrets()
    for name, added in secrets.items():
        click.echo(clean(f"{datetime.fromtimestamp(added).astimezone():%Y-%m-%d %H:%M}  {name}"))
    click.echo(f"{counted(len(secrets), 'secret')}", err=True)


@secret.command("rm")
@click.argument("name")
def rm(name: str) -> None:
    """Forget the value that is registered under NAME, and its placeholders: from then on it is not looked for.

    It still is where a file of this machine or of a project holds it, or the words around it tell. Where a placeholder of it
    still stands in a conversation, the value can no longer be put back.
    """
    for_a_person("secret rm")
    with opened() as vault:
        values = dict(vault.secret_values())
        value = values.pop(name, None)
        if value is None:
            raise UsageError(f"No secret is registered as {clean(name)}.", fix="`checkrein secret ls` shows the names.")
        vault.remove_secret(name)
        gone = 0 if value in values.values() else vault.forget(_placeholders(vault, value))
    also = f", and {counted(gone, 'placeholder')} of it" if gone else ""
    click.echo(f"forgotten: {clean(name)}{also}")


def _placeholders(vault: Vault, value: str) -> list[str]:
    """The placeholders of a value, as it is or encoded."""
    search = KnownValues([Known("SECRET", value, "")])
    names = [entry.placeholder for entry in vault.entries() if entry.kind is Kind.CREDENTIAL and entry.label != KEPT]
    return [name for name, kept in vault.known_values(names).items() if kept == value or _is_whole(search, kept)]


def _is_whole(search: KnownValues, kept: str) -> bool:
    return any((each.start, each.end) == (0, len(kept)) for each in search.scan(kept))


def _value(name: str) -> str:
    """What a person types or a program pipes in, without blanks around it: with them, it would not be found without them."""
    if sys.stdin.isatty():
        return str(click.prompt("value", hide_input=True, confirmation_prompt=True)).strip()
    data = sys.stdin.buffer.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise UsageError("This value is too long.", why=f"it has more than {_LONGEST} bytes", fix="Register parts of it.")
    try:
        text = data.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        fix = "Register it as programs write it: in base64, or in hexadecimal digits."
        raise UsageError("This value is no text.", why="it is not UTF-8", fix=fix) from error
    if not text:
        fix = f"Pipe the value into `checkrein secret add {name}`, or run that in a terminal to be asked for it."
        raise UsageError("There is no value to register.", why="standard input is empty", fix=fix)
    return text
