"""``checkrein sent``: what left the machine through the gateway, what was held back, and how long it is kept where it went."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from checkrein import locations
from checkrein.cli.log import Since
from checkrein.core import UsageError
from checkrein.ledger.egress import DATABASE, EgressStore
from checkrein.policy import PolicyFiles, load_policy
from checkrein.policy.privacy import Gateway
from checkrein.report.retention import retention
from checkrein.report.sent import kept_as_dict, lines, summed
from checkrein.report.text import clean


@click.command("sent", short_help="Show what left through the gateway.")
@click.option("--session", default="", help="Only this session: its id, or the beginning of it.")
@click.option("--since", type=Since(), default=0, help="Only from then on: 10m, 2h, 1d, or a date and time.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def sent(session: str, since: int, as_json: bool) -> None:
    """Show what left through the gateway: how much, to whom, which files, what was held back, and how long it is kept there.

    Files are those that tools such as Read and Edit were called on, and those that the client put in (@FILE, CLAUDE.md). What a
    command such as cat read is in the record of commands: `checkrein log --tool Bash`.
    """
    gateway = _gateway()
    with _store(gateway) as store:
        summaries = summed(store.rows(session=_session(store, session), since=since / 1_000_000))
    table, today = retention(), datetime.now(UTC).date()
    if as_json:
        found = {"hosts": [each.as_dict() for each in summaries], "kept": kept_as_dict(table, gateway.account, today)}
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    if not summaries:
        click.echo("nothing that matches left through the gateway", err=True)
    for number, summary in enumerate(summaries):
        if number:
            click.echo()
        click.echo("\n".join(lines(summary, table, gateway.account, today)))


def _gateway() -> Gateway:
    """What the policy says of the gateway: the project's layer has no say in where the record is."""
    loaded = load_policy(str(Path.home()), PolicyFiles.standard(os.environ))
    return loaded.policy.privacy.gateway


def _store(gateway: Gateway) -> EgressStore:
    folder = locations.egress_dir()
    if not gateway.store and not (folder / DATABASE).is_file():
        raise UsageError(
            "there is no record of what was sent",
            why="no request went through the gateway yet",
            fix="`checkrein up --gateway` puts it between the client and the API",
        )
    return EgressStore.open(folder, gateway.store)


def _session(store: EgressStore, beginning: str) -> str:
    """The one session whose id begins so. Raises UsageError where there is none, or more than one."""
    if not beginning:
        return ""
    found = store.sessions(beginning)
    if beginning in found:
        return beginning
    if not found:
        raise UsageError(f"no request of a session {clean(beginning)} is on record", fix="leave --session out to see all")
    if len(found) > 1:
        raise UsageError(f"{len(found)} sessions begin with {clean(beginning)}", fix="give more of its id")
    return found[0]
