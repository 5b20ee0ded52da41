"""``checkrein vault``: the values that placeholders stand for, without the values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime

import click
import orjson

from checkrein import locations
from checkrein.cli._vault import for_a_person, opened, store_url
from checkrein.core import UsageError
from checkrein.report.text import clean, counted
from checkrein.vault import Entry
from checkrein.vault.placeholder import CHECKED, KEYED
from checkrein.vault.vault import Vault

_NEWEST = 50
_SOURCES = 3  # that are shown on one line


@click.group("vault")
def vault() -> None:
    """Redacted values: list, forget, and give them new placeholders. Values are never shown."""


@vault.command("ls")
@click.option(
    "-n", "--number", type=click.IntRange(min=0), default=_NEWEST, show_default=True, help="The last used so many (0: all)."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on each line.")
def ls(number: int, as_json: bool) -> None:
    """List the placeholders, the last used first: when they were used, and where their values were met."""
    for_a_person("vault ls")
    with opened() as store:
        entries, place = store.entries(), store.key_place
    shown = entries[:number] if number else entries
    for entry in shown:
        click.echo(orjson.dumps(_as_dict(entry)).decode() if as_json else _line(entry))
    if not as_json:
        more = f", of which the last used {number} are shown" if len(shown) < len(entries) else ""
        click.echo(f"{counted(len(entries), 'value')}{more}; the key is in {clean(place)}", err=True)


@vault.command("forget")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Forget every value and every registered secret, and make a new key.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(ids: tuple[str, ...], everything: bool, yes: bool) -> None:
    """Forget the values of these placeholders. ID is a placeholder, or its last 16 characters.

    Where a placeholder still stands in a conversation, its value can no longer be put back.
    """
    if everything == bool(ids):
        raise UsageError("What is to be forgotten?", fix="Give placeholders (`checkrein vault ls` shows them), or --all.")
    for_a_person("vault forget")
    if everything:
        if not yes:
            click.confirm("Forget all values, all registered secrets and the key?", abort=True)
        gone = Vault.reset(locations.vault_dir(os.environ), store_url())
        click.echo(f"forgotten: {counted(gone, 'value')} and the key")
        return
    with opened() as store:
        gone = store.forget(_named(store.entries(), ids))
    click.echo(f"forgotten: {counted(gone, 'value')}")


@vault.command("rotate")
def rotate() -> None:
    """Make a new key: values get new placeholders from now on, and all that is kept is encrypted anew.

    Placeholders of before are understood as ever. A conversation that goes on sees new ones, once.
    """
    for_a_person("vault rotate")
    with opened() as store:
        kept = store.rotate()
        click.echo(f"a new key is in {clean(store.key_place)}; {counted(kept, 'value')} encrypted anew")


def _named(entries: Sequence[Entry], ids: tuple[str, ...]) -> list[str]:
    known = {name: entry.placeholder for entry in entries for name in (entry.placeholder, _mark(entry))}
    missing = [name for name in ids if name not in known]
    if missing:
        raise UsageError(f"No value is known as {clean(missing[0])}.", fix="`checkrein vault ls --number 0` shows all.")
    return [known[name] for name in ids]


def _mark(entry: Entry) -> str:
    return entry.placeholder[-(KEYED + CHECKED) :]


def _line(entry: Entry) -> str:
    sources = sorted(entry.sources)
    more = f" and {len(sources) - _SOURCES} more" if len(sources) > _SOURCES else ""
    used = datetime.fromtimestamp(entry.last_seen).astimezone().strftime("%Y-%m-%d %H:%M")
    return clean(f"{used}  {entry.placeholder:46}  {', '.join(sources[:_SOURCES]) or '-'}{more}")


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "placeholder": entry.placeholder,
        "label": entry.label,
        "kind": entry.kind,
        "sources": sorted(entry.sources),
        "first_seen": entry.first_seen,
        "last_seen": entry.last_seen,
    }
