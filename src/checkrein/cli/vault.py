"""``checkrein vault``: the values that placeholders stand for, without the values."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
import orjson

from checkrein import locations
from checkrein.cli._files import read_whole, write_whole
from checkrein.cli._vault import for_a_person, opened, store_url
from checkrein.cli._words import columns, in_two
from checkrein.core import UsageError
from checkrein.enforce.gateway.restore import restored
from checkrein.report.text import clean, counted
from checkrein.vault import Entry
from checkrein.vault.altered import altered
from checkrein.vault.placeholder import CHECKED, KEYED, find
from checkrein.vault.vault import Vault

_NEWEST = 50
_PLACEHOLDER = 40  # characters
_SOURCES = 3  # that are shown on one line


@click.group("vault", short_help="List, forget, renew and put back redacted values.")
def vault() -> None:
    """Redacted values: list, forget, give them new placeholders, and put them back into a file."""


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
    width = columns()
    if shown and not as_json:
        click.echo(f"{'LAST USED':16}  {'PLACEHOLDER':{_PLACEHOLDER}}  MET IN")
    for entry in shown:
        click.echo(orjson.dumps(_as_dict(entry)).decode() if as_json else _line(entry, width))
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


@vault.command("restore")
@click.argument("path")
@click.option("-i", "--in-place", is_flag=True, help="Write the file anew, in place of printing it.")
def restore(path: str, in_place: bool) -> None:
    """Print the file PATH with the values of its placeholders.

    For a file with placeholders in it, from a backup that `checkrein sweep --fix` went over or from a conversation.
    Exit code 1 where a placeholder in it has no value here, or was altered: it stays as it is.
    """
    for_a_person("vault restore")
    try:
        data = read_whole(Path(path))
        mode = stat.S_IMODE(Path(path).stat().st_mode)
    except OSError as error:
        raise UsageError(f"cannot read {path}", why=error.strerror or "", fix="name a file that you may read") from error
    text = data.decode("utf-8", "surrogateescape")
    named = list(dict.fromkeys(place.text for place in find(text)))
    with opened() as store:
        values = {name: str(value) for name, value in store.values(named).items()}  # also in the middle of a word
    result = restored(text, values.get).encode("utf-8", "surrogateescape")
    if not in_place:
        sys.stdout.buffer.write(result)
    elif result != data:
        write_whole(Path(path).resolve(), result, mode)
    left = [*(name for name in named if name not in values), *altered(text)]
    for name in left:
        click.echo(f"left as it is, since no value is known for it: {clean(name)}", err=True)
    click.echo(f"{counted(len(values), 'value')} put back", err=True)
    if left:
        raise SystemExit(1)


def _named(entries: Sequence[Entry], ids: tuple[str, ...]) -> list[str]:
    known = {name: entry.placeholder for entry in entries for name in (entry.placeholder, _mark(entry))}
    missing = [name for name in ids if name not in known]
    if missing:
        raise UsageError(f"No value is known as {clean(missing[0])}.", fix="`checkrein vault ls --number 0` shows all.")
    return [known[name] for name in ids]


def _mark(entry: Entry) -> str:
    return entry.placeholder[-(KEYED + CHECKED) :]


def _line(entry: Entry, width: int) -> str:
    sources = sorted(entry.sources)
    more = f" and {len(sources) - _SOURCES} more" if len(sources) > _SOURCES else ""
    used = datetime.fromtimestamp(entry.last_seen).astimezone().strftime("%Y-%m-%d %H:%M")
    head = f"{used}  {entry.placeholder:{_PLACEHOLDER}}"
    return in_two(head, clean(f"{', '.join(sources[:_SOURCES]) or '-'}{more}"), width)


def _as_dict(entry: Entry) -> dict[str, object]:
    return {
        "placeholder": entry.placeholder,
        "label": entry.label,
        "kind": entry.kind,
        "sources": sorted(entry.sources),
        "first_seen": entry.first_seen,
        "last_seen": entry.last_seen,
    }
