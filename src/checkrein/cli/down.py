"""``checkrein down``: take protection off."""

from __future__ import annotations

from collections.abc import Iterator

import click

from checkrein.cli._setup import LocalService, from_terminal, row, this_machine
from checkrein.setup.files import Change
from checkrein.setup.install import Scope
from checkrein.setup.protect import DownReport
from checkrein.setup.protect import down as take_off

_OUTCOME = {
    Change.UNCHANGED: "held nothing of ours",
    Change.RESTORED: "is as it was before, byte for byte",
    Change.REMOVED: "is gone, as it was before",
    Change.CLEANED: "was edited since: what is ours was taken out, the edits are kept",
}


@click.command("down")
@click.option("--scope", type=click.Choice([str(s) for s in Scope]), help="Only this one. Default: wherever it was put on.")
def down(scope: str | None) -> None:
    """Restore Claude Code's settings and stop the service. Only for a person, in a terminal where no Claude Code runs."""
    from_terminal("down")
    for line in render(take_off(this_machine(), LocalService(), Scope(scope) if scope else None)):
        click.echo(line)


def render(report: DownReport) -> Iterator[str]:
    """The report's lines."""
    if report.stopped:
        yield "Protection is off."
    else:
        yield "Protection is off here; other settings still ask for it, and the service stays."
    for written in report.written:
        yield row("settings", f"{written.path} {_OUTCOME[written.change]}")
        if written.change is Change.CLEANED and written.backup:
            yield row("", f"what stood there before is {written.backup}")
    if report.stopped:
        yield row("service", "stopped; the record and the policy are kept")
    yield row("files", "the client's files stay closed to other users")
    if report.stopped:
        yield "Sessions that are open now still ask the service, and are stopped: start them anew."
