"""``checkrein down``: take protection off."""

from __future__ import annotations

from collections.abc import Iterator

import click

from checkrein.cli._setup import LocalService, from_terminal, row, this_machine
from checkrein.core import SettingsError
from checkrein.setup.files import Change
from checkrein.setup.install import Scope
from checkrein.setup.protect import DownReport, Left
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
    report = take_off(this_machine(), LocalService(), Scope(scope) if scope else None)
    for line in render(report):
        click.echo(line)
    if report.left:
        raise SystemExit(SettingsError.exit_code)


def render(report: DownReport) -> Iterator[str]:
    """The report's lines."""
    if not report.was_on:
        yield "Protection was not on; nothing to take off."
        return
    if report.left:
        yield "Protection is not off: a settings file cannot be read, and was left as it is. The service stays."
    elif report.stopped:
        yield "Protection is off."
    else:
        yield "Protection is off here; other settings still ask for it, and the service stays."
    for left in report.left:
        yield from _left(left)
    for written in report.written:
        if written.path in report.gone:
            stood = f" What stood there is {written.backup}" if written.backup else ""
            yield row("settings", f"{written.path} is gone; nothing to restore.{stood}")
            continue
        yield row("settings", f"{written.path} {_OUTCOME[written.change]}")
        if written.change is Change.CLEANED and written.backup:
            yield row("", f"what stood there before is {written.backup}")
    if report.stopped:
        yield row("service", "stopped; the record and the policy are kept")
    yield row("files", "the client's files stay closed to other users")
    if report.stopped:
        yield "Sessions that are open now still ask the service, and are stopped: start them anew."


def _left(left: Left) -> Iterator[str]:
    """The file, what is wrong with it, and both ways to go on."""
    yield row("settings", f"{left.path} is left: {left.error.what}")
    if left.backup:
        yield row("", f"what stood there before protection is {left.backup}")
    mend = f"{left.error.fix or 'mend the file'}; or"
    back = f"`cp {left.backup} {left.path}`" if left.backup else f"remove {left.path}, which was not there before"
    yield row("go on", f"{mend} {back}, then `checkrein down`")
