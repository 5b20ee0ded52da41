"""``checkrein anonymize`` and ``checkrein deanonymize``: a folder that may be shown to others, and what they made of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from checkrein.anonymise import back, kept
from checkrein.anonymise.folder import Outcome, anonymised
from checkrein.cli._files import write_whole
from checkrein.cli._search import redaction_of, search_in
from checkrein.cli._vault import for_a_person, opened
from checkrein.core import UsageError
from checkrein.report.text import clean, counted

_SHOWN = 20


@click.command("anonymize")
@click.argument("path")
@click.option("-o", "--output", required=True, help="The copy: a folder that is not there yet.")
@click.option("--name", "names", multiple=True, help="A name to replace in every spelling, beside the policy's dictionary.")
@click.option("--host", "hosts", multiple=True, help="A host or domain to replace, with all below it.")
@click.option("--map", "map_id", default="", help="Go on with the stand-ins of an earlier copy: its ID.")
def anonymize(path: str, output: str, names: tuple[str, ...], hosts: tuple[str, ...], map_id: str) -> None:
    """Copy the folder PATH with stand-ins for names, hosts, personal data and secrets: the same one for the same value.

    Replaced are the team's dictionary, the authors and servers that git knows, and what `checkrein check` finds, in contents
    and in names of files. The copy still parses; git's history, installed packages and caches stay behind.
    """
    source = Path(path)
    project = str(source.resolve())
    redaction = redaction_of(project)
    with opened() as vault:
        mapping = kept.find(vault, map_id)[1] if map_id else kept.new()
        search = search_in(project, redaction, vault)
        wanted = (*(term.text for term in redaction.dictionary), *names)
        try:
            outcome = anonymised(source, Path(output), search, wanted, hosts, mapping)
        except OSError as error:
            raise UsageError(f"cannot copy {path}", why=str(error), fix="free some space, or name another folder") from error
        name = kept.keep(vault, mapping)
    _show(outcome, output)
    click.echo(f"the map is {name}; it is forgotten when it was not used for {counted(redaction.expire_days, 'day')}")
    click.echo(f"look through the copy before you show it; `checkrein deanonymize PATCH --map {name}` brings changes back")


def _show(outcome: Outcome, output: str) -> None:
    for path, why in outcome.left[:_SHOWN]:
        click.echo(f"left out: {clean(path)} ({clean(why)})", err=True)
    if len(outcome.left) > _SHOWN:
        click.echo(f"left out: {counted(len(outcome.left) - _SHOWN, 'further path')}", err=True)
    click.echo(f"{counted(outcome.files, 'file')} in {clean(output)}, {outcome.changed} of them with stand-ins")


@click.command("deanonymize")
@click.argument("path")
@click.option("--map", "map_id", default="", help="The ID of the copy's map (default: the newest).")
@click.option("-o", "--output", default="", help="Where to write the result (default for a patch: standard output).")
def deanonymize(path: str, map_id: str, output: str) -> None:
    """Bring a patch (a unified diff, - for standard input) or a folder that was made in a copy back to the original's names."""
    for_a_person("deanonymize")
    with opened() as vault:
        name, mapping = kept.find(vault, map_id)
    way = mapping.back()
    try:
        if path != "-" and Path(path).is_dir():
            if not output:
                raise UsageError("a folder needs an output", fix="name a folder that is not there yet with --output")
            count = back.folder(Path(path), Path(output), way)
            click.echo(f"{counted(count, 'file')} in {clean(output)}, by the map {name}", err=True)
            return
        result = back.patch(sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes(), way)
        if output:
            write_whole(Path(output), result, 0o600)
        else:
            sys.stdout.buffer.write(result)
    except OSError as error:
        raise UsageError(f"cannot bring back {path}", why=str(error), fix="name a patch or a folder") from error
    click.echo(f"by the map {name}", err=True)
