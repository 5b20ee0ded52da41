"""``checkrein allow``: permit, from a terminal of one's own, what was stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click

from checkrein import locations
from checkrein.core import LedgerError, ServiceError, UsageError
from checkrein.ledger import LedgerReader
from checkrein.report.text import clean
from checkrein.service.caller import call
from checkrein.service.paths import ServicePaths

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[float]):
    """A time such as ``90s``, ``10m``, ``2h`` or ``1d``, in seconds."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse ``value``."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([1-9]\d{0,5})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r} is no time; write 90s, 10m, 2h or 1d", param, ctx)
        return float(int(found[1]) * _UNITS[found[2]])


@click.command("allow", short_help="Permit what was stopped (for a person).")
@click.argument("decision_id", metavar="[ID]", required=False)
@click.option("--once", is_flag=True, help="Permit the next such action, once (this is what happens without an option).")
@click.option("--for", "seconds", type=Duration(), help="Permit it for a time: 90s, 10m, 2h, 1d.")
@click.option("--always", is_flag=True, help="Permit it from now on.")
@click.option("--list", "listing", is_flag=True, help="Show the permissions that hold.")
@click.option("--revoke", is_flag=True, help="Take the permission for ID back.")
def allow(decision_id: str | None, once: bool, seconds: float | None, always: bool, listing: bool, revoke: bool) -> None:
    """Permit what was stopped under ID (the agent's message and `checkrein log` show it).

    Works only for a person: in a terminal in which no Claude Code runs, with a code that appears there.
    """
    if sum((once, seconds is not None, always, listing, revoke)) > 1:
        raise UsageError("These options exclude each other.", fix="Give one of --once, --for, --always, --list and --revoke.")
    paths = ServicePaths.of_user()
    if listing:
        _show(paths)
        return
    if not decision_id:
        raise UsageError("Which decision?", fix="Give its ID; `checkrein log` shows them.")
    if revoke:
        click.echo(clean(str(_control(paths, "allow/revoke", {"id": decision_id})["revoked"])))
        return
    wish: dict[str, object] = {"id": decision_id, "span": "always" if always else "once"}
    if seconds is not None:
        wish.update(span="until", seconds=seconds)
    handle = _control(paths, "allow", wish)["handle"]
    for line in _about(decision_id):
        click.echo(line)
    code = _from_terminal("checkrein: code> ")
    click.echo(clean(str(_control(paths, "allow/confirm", {"handle": handle, "code": code})["granted"])))


def _about(decision_id: str) -> Iterator[str]:
    """Where it was stopped, and by which rules, as the record has it."""
    try:
        with LedgerReader.open(locations.ledger_dir()) as reader:
            entry = reader.find(decision_id)
    except LedgerError as error:
        yield clean(f"project and rule are not known: {error.what}")
        return
    if entry is not None:
        yield clean(f"project: {entry.project}")
        yield clean(f"rule:    {', '.join(entry.rule_ids) or 'none'}")


def _show(paths: ServicePaths) -> None:
    approvals = _control(paths, "allow/list", {})["approvals"]
    if not isinstance(approvals, list) or not approvals:
        click.echo("No permissions hold.")
        return
    for item in approvals:
        click.echo(clean("  ".join(f"{name}={json.dumps(value)}" for name, value in item.items())))


def _from_terminal(prompt: str) -> str:
    """One line typed at the controlling terminal itself, whatever standard input is."""
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 - unbuffered and both ways
            terminal.write(prompt.encode())
            return terminal.readline(100).decode("ascii", "replace")
    except OSError as exc:
        raise UsageError("There is no terminal to type at.", fix="Run this yourself, in a terminal.") from exc


def _control(paths: ServicePaths, action: str, body: dict[str, object]) -> dict[str, object]:
    """The service's answer. Its errors are raised again here, in its words."""
    response = call(paths, f"/control/{action}", body, timeout=15.0)
    if response.status == 200:
        return dict(response.body)
    what, why, fix = (clean(str(response.body.get(name) or "")) for name in ("error", "why", "fix"))
    if response.status == 400:
        raise UsageError(what, why=why, fix=fix)
    raise ServiceError(what or "The service refused.", why=why, fix=fix)
