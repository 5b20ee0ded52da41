"""``checkrein prove``: show on the real client, with a scripted model, what is stopped and what is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from checkrein.core import ClientError, UsageError
from checkrein.prove.client import ClientProgram, ensure_client, identify
from checkrein.prove.origin import copy_of
from checkrein.prove.protection import build_helper
from checkrein.prove.replay import Endpoint, can_replay, replay_all
from checkrein.prove.report import as_json, as_junit, details, matrix, summary
from checkrein.prove.run import Outcome, Settings, Status, play_all
from checkrein.prove.scenario import Scenario, load_all
from checkrein.prove.world import Origin
from checkrein.report.text import clean
from checkrein.service.paths import ServicePaths
from checkrein.setup.clients import find_clients, show


@click.command("prove", short_help="Play attacks and harmless work on the real client.")
@click.argument("ids", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--quick", is_flag=True, help="Only the most telling scenarios. Without a client their calls are put to a service itself."
)
@click.option(
    "--here", is_flag=True, help="With a copy of your settings, your policy and this project. Your own hooks run too."
)
@click.option(
    "--client", "wanted", metavar="VERSION|PATH", multiple=True, help="Which client: a version from npm, or a program."
)
@click.option(
    "--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="How many at a time; 0.5 GB of memory each."
)
@click.option("--keep", is_flag=True, help="Keep the evidence of every run. That of failures is always kept.")
@click.option("--list", "listing", is_flag=True, help="Show the scenarios, and play none.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as JUnit XML.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results as JSON.")
def prove(
    ids: tuple[str, ...],
    quick: bool,
    here: bool,
    wanted: tuple[str, ...],
    jobs: int,
    keep: bool,
    listing: bool,
    junit: Path | None,
    json_file: Path | None,
) -> None:
    """Start a scripted model on this machine, run Claude Code in throw-away homes with your protection, and play SCENARIOs (all
    of them by default). Nothing leaves this machine, and nothing of yours is touched. Ends with 1 where one did not go as it
    should."""
    scenarios = chosen(load_all(), ids, quick=quick)
    if listing:
        for scenario in scenarios:
            click.echo(clean(f"{scenario.id:<36} {','.join(scenario.threats):<10} {scenario.kind:<7} {scenario.title}"))
        return
    folder = cache_folder()
    clients = find(wanted, folder / "clients")
    if clients:
        work = folder / "worlds"
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        origin = copy_of(os.environ, Path.cwd()) if here else Origin()
        settings = Settings(work, keep=keep, origin=origin, helper=build_helper(work))
        outcomes = play_all(scenarios, clients, settings, jobs, _progress)
    elif quick:
        Endpoint.live(ServicePaths.of_user())
        click.echo("Your service answers. No Claude Code that starts is installed: the same calls are put to a second service,")
        click.echo("which has a home and a record of its own, over its hook address.")
        outcomes = replay_all(scenarios, folder / "worlds")
        left = [scenario.id for scenario in scenarios if not can_replay(scenario)]
        click.echo(f"Not shown without a client: {', '.join(left)}.")
    else:
        raise ClientError(
            "No Claude Code is installed here",
            fix="Install it, name a version that npm has (--client 2.1.330), or use --quick, which needs none.",
        )
    _show(outcomes, junit, json_file)


def chosen(scenarios: Sequence[Scenario], ids: Sequence[str], *, quick: bool) -> list[Scenario]:
    """The scenarios to play. UsageError for an id that there is none of."""
    known = {scenario.id for scenario in scenarios}
    for name in ids:
        if name not in known:
            raise UsageError(f"There is no scenario {name!r}.", fix="`checkrein prove --list` shows them.")
    return [each for each in scenarios if (not ids or each.id in ids) and (each.quick or not quick)]


def find(wanted: Sequence[str], cache: Path) -> list[ClientProgram]:
    """The clients to play on: those that are named, else one of each version that is installed."""
    if wanted:
        return [identify(Path(name)) if "/" in name else ClientProgram(ensure_client(name, cache), name) for name in wanted]
    home = Path(os.environ.get("HOME") or "/")
    found = find_clients(home, os.environ.get("PATH", os.defpath))
    for client in found:
        if client.version is None:
            click.echo(clean(f"passed over: {client.path} cannot be started, or does not tell its version"), err=True)
    return list(
        {show(client.version): ClientProgram(client.path, show(client.version)) for client in found if client.version}.values()
    )


def cache_folder() -> Path:
    """Where clients and worlds are kept: not in /tmp, which policies treat as temporary, nor in a folder that they protect."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "checkrein-prove"


def _progress(outcome: Outcome) -> None:
    if sys.stderr.isatty():
        click.echo(f"{outcome.status:<8} {outcome.scenario.id} ({outcome.client}, {outcome.seconds:.1f} s)", err=True)


def _show(outcomes: Sequence[Outcome], junit: Path | None, json_file: Path | None) -> None:
    for line in (*matrix(outcomes), "", *details(outcomes), summary(outcomes)):
        click.echo(line)
    if junit is not None:
        junit.write_bytes(as_junit(outcomes))
    if json_file is not None:
        json_file.write_text(as_json(outcomes) + "\n", "utf-8")
    if any(outcome.status is Status.FAILED for outcome in outcomes):
        sys.exit(1)
