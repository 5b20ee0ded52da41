"""``checkrein up``: put protection on."""

from __future__ import annotations

from collections.abc import Iterator

import click

from checkrein.cli._setup import LocalService, listed, outside_sessions, row, this_machine
from checkrein.locations import NAME
from checkrein.report.text import clean
from checkrein.setup.files import Change
from checkrein.setup.install import Scope, Transport
from checkrein.setup.launcher import Launcher, provide
from checkrein.setup.protect import UpReport
from checkrein.setup.protect import up as put_on
from checkrein.setup.settings import subscribed


@click.command("up", short_help="Start the service and write the hooks into settings.")
@click.option("--scope", type=click.Choice([str(s) for s in Scope]), default="user", show_default=True, help="Whose sessions.")
@click.option("--transport", type=click.Choice(["auto", *map(str, Transport)]), default="auto", show_default=True)
@click.option(
    "--gateway/--no-gateway",
    default=None,
    help="Send all that goes to the model through the redacting gateway. Default: as the policy says, and on once it is on.",
)
def up(scope: str, transport: str, gateway: bool | None) -> None:
    """Start the service and write its hooks into Claude Code's settings. Run it again at any time: it changes what is stale."""
    outside_sessions("up")
    wanted = None if transport == "auto" else Transport(transport)
    machine = this_machine()
    report = put_on(machine, LocalService(), Scope(scope), wanted, gateway=gateway)
    for line in render(report, provide(machine.env)):
        click.echo(line)


def render(report: UpReport, launcher: Launcher) -> Iterator[str]:
    """The report's lines."""
    written = report.written
    quiet = written.change is Change.UNCHANGED and not report.tightened.changed
    if quiet and report.mended:
        why = f"the service was started anew, because {report.mended}"
        yield clean(f"Protection is on again: {why}. The settings were in place.")
    else:
        yield "Protection is on already; nothing changed." if quiet else "Protection is on."
    yield row("service", f"answers on 127.0.0.1:{report.port}")
    copy = f"; a copy of what was there is {written.backup}" if written.backup else ""
    yield row("settings", f"{written.path} ({written.change}{copy})")
    yield row("hooks", f"{len(subscribed())} events by {report.install.transport}: {report.why}")
    if report.upstream:
        yield row("gateway", f"{report.install.gateway}, which sends on to {report.upstream}")
    yield row("read rules", f"{len(report.install.deny_read)} patterns of secret files are refused to @file and Read too")
    for pattern in report.left_out:
        yield row("", f"{pattern}: the client's rules cannot say this; hooks enforce it, @file passes")
    yield from _files(report)
    yield from _command(launcher)
    if written.change is not Change.UNCHANGED:
        yield "Sessions that are open now are protected once they are started anew."


def _command(launcher: Launcher) -> Iterator[str]:
    """How to call us from now on, where that is new or not obvious."""
    if launcher.link is not None:
        yield row("command", f"{launcher.command}, by the link {launcher.link}")
    elif launcher.command != NAME:
        why = launcher.trouble or "~/.local/bin is not on the PATH"
        yield row("command", f"{launcher.command}, because `{NAME}` alone is not found ({why})")


def _files(report: UpReport) -> Iterator[str]:
    closed, left = report.tightened.changed, report.tightened.left
    if closed:
        count = f"{len(closed)} files and folders" if len(closed) > 1 else str(closed[0].path)
        yield row("files", f"{count} of the client closed to other users, for good")
    for item in left[:3]:
        yield row("files", f"{item.path} could not be closed (mode {item.mode:04o}): see `checkrein doctor`")
    if report.readers:
        yield row("people", f"{listed(report.readers)} could read the client's files until now")
    elif report.others:
        verb = "has an account" if len(report.others) == 1 else "have accounts"
        people = listed(person.name for person in report.others)
        yield row("people", f"{people} {verb} here too and cannot read the client's files; nothing to do")
