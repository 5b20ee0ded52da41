"""``checkrein status``: is protection on, and what did it do today."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from checkrein import __version__
from checkrein.cli._setup import LocalService, row, this_machine
from checkrein.core import Verdict
from checkrein.ledger.entry import NOTE
from checkrein.locations import ledger_dir
from checkrein.service import manage
from checkrein.service.manage import Status
from checkrein.setup.files import decode, load, read
from checkrein.setup.settings import our_handlers

_COUNTS = "SELECT verdict, count(*) FROM entries WHERE at >= ? AND kind <> ? GROUP BY verdict"


@dataclass(frozen=True, slots=True)
class Today:
    """What the record holds since midnight."""

    judged: int
    denied: int


@click.command("status")
def status() -> None:
    """Whether protection is on. Exit status 1 where it is not."""
    machine = this_machine()
    now = manage.status(LocalService().paths)
    files = {record.path: _transports(record.path) for record in machine.store.records()}
    for line in render(now, files, machine.store.since(), today(ledger_dir(os.environ))):
        click.echo(line)
    if not (now.healthy and any(files.values())):
        raise SystemExit(1)


def render(now: Status, files: Mapping[Path, str], since: float | None, done: Today | None) -> Iterator[str]:
    """The lines. ``files`` maps a settings file to the transports that its hooks use; ``since`` is in seconds of the epoch."""
    hooked = any(files.values())
    if now.healthy and hooked:
        when = f" since {datetime.fromtimestamp(since).astimezone():%Y-%m-%d %H:%M}" if since else ""
        yield f"Protection is on{when}."
    elif hooked:
        yield "Protection is on, but the service does not answer: every call is stopped. Run `checkrein up`."
    else:
        yield "Protection is off. Run `checkrein up`."
    if now.healthy:
        yield row("service", f"version {now.health.get('version', '?')}, process {now.pid}, 127.0.0.1:{now.port}")
        handled: Any = now.health.get("handled", 0)
        yield row("events", f"{handled} since the service started")
    else:
        yield row("service", f"down: {now.trouble or 'it does not answer'}; version {__version__} is installed")
    for path, transports in files.items():
        yield row("settings", f"{path}: {f'hooks by {transports}' if transports else 'our hooks are gone from it'}")
    if done is not None:
        yield row("today", f"{done.judged} judged, {done.denied} denied")


def today(folder: Path) -> Today | None:
    """What the record in ``folder`` says of today; None where there is none yet."""
    from checkrein.ledger import LedgerReader  # noqa: PLC0415 - opened only where there is a record

    if not folder.exists():
        return None
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    with LedgerReader.open(folder) as reader:
        rows = reader.query(_COUNTS, (int(midnight.timestamp() * 1_000_000), NOTE))
        counts = {str(verdict): int(count) for verdict, count in rows}
    return Today(sum(counts.values()), counts.get(Verdict.DENY, 0))


def _transports(path: Path) -> str:
    data = read(path)
    settings = load(path, decode(path, data)) if data else {}
    return " and ".join(sorted({str(handler.get("type")) for handler in our_handlers(settings)}))
