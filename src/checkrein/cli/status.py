"""``checkrein status``: is protection on, and what did it do today."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from checkrein import __version__
from checkrein.cli._setup import LocalService, row, this_machine
from checkrein.core import CheckreinError, LedgerError, PolicyError, SettingsError, Verdict
from checkrein.ledger.entry import NOTE
from checkrein.locations import ledger_dir
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.report.text import clean
from checkrein.service import manage, manage_gateway
from checkrein.service.manage import Status
from checkrein.service.manage_gateway import Status as GatewayStatus
from checkrein.setup.files import decode, load, read
from checkrein.setup.settings import our_handlers, subscribed

_COUNTS = "SELECT verdict, count(*) FROM entries WHERE at >= ? AND kind <> ? GROUP BY verdict"


@dataclass(frozen=True, slots=True)
class Today:
    """What the record holds since midnight."""

    judged: int
    denied: int


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:
    """Whether protection is on. Exit status 1 where it is not, where every call is stopped, or the gateway is down."""
    machine = this_machine()
    now = manage.status(LocalService().paths)
    files = {record.path: _transports(record.path) for record in machine.store.records()}
    since = machine.store.since()
    gateway = manage_gateway.status(LocalService().paths)
    done: Today | LedgerError | None
    try:
        done = today(ledger_dir(os.environ))
    except LedgerError as error:
        done = error
    on = now.healthy and any(files.values())
    broken = PolicyStore(PolicyFiles.standard(machine.env)).current(machine.paths.project).errors
    if as_json:
        click.echo(to_json(now, files, since, done, broken, gateway))
    else:
        for line in render(now, files, since, done, broken, gateway):
            click.echo(line)
    if not on or (gateway.route is not None and not gateway.healthy):
        raise SystemExit(1)


def to_json(
    now: Status,
    files: Mapping[Path, str],
    since: float | None,
    done: Today | LedgerError | None,
    broken: Iterable[PolicyError] = (),
    gateway: GatewayStatus | None = None,
) -> str:
    """The same for programs. ``on``: hooks are in place and the service answers; ``trouble`` says why calls are stopped.
    ``gateway`` is null where it is off."""
    service = {"running": now.running, "healthy": now.healthy, "pid": now.pid, "port": now.port, "trouble": now.trouble}
    counts = {"judged": done.judged, "denied": done.denied} if isinstance(done, Today) else None
    fields = {
        "on": now.healthy and any(files.values()),
        "since": since,
        "service": {**service, "version": now.health.get("version"), "handled": now.health.get("handled")},
        "settings": [{"path": str(path), "hooks": transports} for path, transports in files.items()],
        "gateway": None if gateway is None else _gateway_fields(gateway),
        "today": counts,
        "record": _flat(done) if isinstance(done, LedgerError) else "",
        "broken_policy": [_flat(error) for error in broken],
    }
    return json.dumps(fields, indent=2)


def render(
    now: Status,
    files: Mapping[Path, str],
    since: float | None,
    done: Today | LedgerError | None,
    broken: Iterable[PolicyError] = (),
    gateway: GatewayStatus | None = None,
) -> Iterator[str]:
    """The lines. ``files`` maps a settings file to the transports that its hooks use; ``since`` is in seconds of the epoch.

    ``done`` is an error where the record cannot be read; ``broken`` says which policy files count for nothing as they stand.
    """
    hooked = any(files.values())
    if now.healthy and hooked:
        when = f" since {datetime.fromtimestamp(since).astimezone():%Y-%m-%d %H:%M}" if since else ""
        yield f"Protection is on{when}."
    elif hooked and now.running and now.trouble:
        yield clean(f"Protection is on, but every call is stopped, because {now.trouble}. Mend that, then run `checkrein up`.")
    elif hooked:
        yield "Protection is on, but the service does not answer: every call is stopped. Run `checkrein up`."
    else:
        yield "Protection is off. Run `checkrein up`."
    if now.healthy:
        yield row("service", f"version {now.health.get('version', '?')}, process {now.pid}, 127.0.0.1:{now.port}")
        handled: Any = now.health.get("handled", 0)
        yield row("events", f"{handled} since the service started")
    elif now.running and now.health:
        yield row("service", f"process {now.pid}, 127.0.0.1:{now.port}: stops every call")
    else:
        yield row("service", f"down: {now.trouble or 'it does not answer'}; version {__version__} is installed")
    if gateway is not None and gateway.route is not None:
        state = f"sends on to {gateway.route.upstream}" if gateway.healthy else f"nothing reaches the model: {gateway.trouble}"
        yield row("gateway", f"127.0.0.1:{gateway.port}, {state}")
    for path, transports in files.items():
        yield row("settings", f"{path}: {f'hooks by {transports}' if transports else 'our hooks are gone from it'}")
    for error in broken:
        yield row("policy", f"{error.what}; the file is not in force as it stands (`checkrein policy check`)")
    if isinstance(done, LedgerError):
        yield row("record", _flat(done))
    elif done is not None:
        yield row("today", f"{done.judged} judged, {done.denied} denied")


def _gateway_fields(gateway: GatewayStatus) -> dict[str, Any] | None:
    if gateway.route is None:
        return None
    fields = {"healthy": gateway.healthy, "pid": gateway.pid, "port": gateway.port, "trouble": gateway.trouble}
    return {**fields, "workers": len(gateway.workers), "upstream": gateway.route.upstream, "since": gateway.route.since}


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
    """How our hooks in the file at ``path`` are called; "" where there are none, or where the client passes over the file."""
    try:
        data = read(path)
        settings = load(path, decode(path, data)) if data else {}
    except SettingsError:
        return ""
    return transports(settings)


def transports(settings: Mapping[str, Any]) -> str:
    """How our hooks in ``settings`` are called. An event that the client calls by command alone does not count, where others
    are called by HTTP."""
    by_command = {event.name for event in subscribed() if not event.http}
    hooks = settings.get("hooks")
    if not isinstance(hooks, dict):
        return ""
    found = {name: {str(h.get("type")) for h in our_handlers({"hooks": {name: groups}})} for name, groups in hooks.items()}
    kinds = set().union(*(each for name, each in found.items() if name not in by_command))
    return " and ".join(sorted(kinds or set().union(*found.values())))


def _flat(error: CheckreinError) -> str:
    return "; ".join(part for part in (error.what, error.why, error.fix) if part)
