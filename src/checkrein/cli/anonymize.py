"""``checkrein anonymize`` and ``checkrein deanonymize``: a folder that may be shown to others, and what they made of it."""

from __future__ import annotations

import errno
import ipaddress
import re
import sys
from pathlib import Path

import click

from checkrein.anonymise import back, kept
from checkrein.anonymise.folder import Outcome, anonymised
from checkrein.anonymise.mapping import Back
from checkrein.cli._files import read_whole, write_whole
from checkrein.cli._search import redaction_of, search_in
from checkrein.cli._vault import for_a_person, opened
from checkrein.core import UsageError
from checkrein.policy.wildmatch import parse_line
from checkrein.report.text import clean, counted

_SHOWN = 20
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*")


@click.command("anonymize", short_help="Copy a folder with stand-ins that may be shown.")
@click.argument("path")
@click.option("-o", "--output", required=True, help="The copy: a folder that is not there yet.")
@click.option("--name", "names", multiple=True, help="A name to replace in every spelling, beside the policy's dictionary.")
@click.option("--host", "hosts", multiple=True, help="A host or domain to replace, with all below it.")
@click.option(
    "--keep",
    multiple=True,
    metavar="PATTERN",
    help="Copy files that are no text, too, unsearched: those that match, as in a .gitignore (tests/**/*.png).",
)
@click.option("--map", "map_id", default="", help="Go on with the stand-ins of an earlier copy: its ID.")
def anonymize(
    path: str, output: str, names: tuple[str, ...], hosts: tuple[str, ...], keep: tuple[str, ...], map_id: str
) -> None:
    """Copy the folder PATH with stand-ins for names, hosts, personal data and secrets: the same one for the same value.

    Replaced are the team's dictionary, the authors and servers that git knows, and what `checkrein check` finds, in contents
    and in names of files. The copy still parses; git's history, installed packages and caches stay behind, and so do pictures,
    archives and whatever else is no text.
    """
    _check(names, hosts, keep)
    source = Path(path)
    project = str(source.resolve())
    redaction = redaction_of(project)
    with opened() as vault:
        mapping = kept.find(vault, map_id)[0][1] if map_id else kept.new()
        search = search_in(project, redaction, vault)
        wanted = (*(term.text for term in redaction.dictionary), *names)
        try:
            outcome = anonymised(source, Path(output), search, wanted, hosts, mapping, keep)
        except OSError as error:
            raise _failed(f"cannot copy {clean(path)} to {clean(output)}", error) from error
        name = kept.keep(vault, mapping)
    _show(outcome, output)
    click.echo(f"the map is {name}; it is forgotten when it was not used for {counted(redaction.expire_days, 'day')}")
    click.echo(f"look through the copy before you show it; `checkrein deanonymize PATCH --map {name}` brings changes back")


def _check(names: tuple[str, ...], hosts: tuple[str, ...], keep: tuple[str, ...]) -> None:
    """UsageError for what would replace or keep nothing: who asked for it would believe that it was done."""
    for name in names:
        if not any(map(str.isalnum, name)):
            raise UsageError(f"--name {clean(name)!r} is no name", why="it has no letter or digit", fix="name one such as Acme")
    for host in hosts:
        if not _HOST.fullmatch(host) and not _is_address(host):
            fix = "name one such as acme.example, without scheme, port and path"
            raise UsageError(f"--host {clean(host)!r} is no host or domain", fix=fix)
    for pattern in keep:
        if parse_line(pattern) is None:
            raise UsageError(f"--keep {clean(pattern)!r} is no pattern", fix="name one as in a .gitignore, such as *.png")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _show(outcome: Outcome, output: str) -> None:
    _list("left out", outcome.left)
    if outcome.unkept:
        click.echo("`--keep PATTERN` copies files that are no text, unsearched", err=True)
    _list("kept unsearched", [(path, f"it is {what}") for path, what in outcome.kept])
    if outcome.joined:
        seen = ", ".join(f"{clean(word)} ({counted(times, 'time')})" for word, times in outcome.joined.most_common(_SHOWN))
        click.echo(f"left, since a short name only begins or ends it: {seen}; `--name WORD` replaces such a word", err=True)
    click.echo(f"{counted(outcome.files, 'file')} in {clean(output)}, {outcome.changed} of them with stand-ins")


def _list(what: str, paths: list[tuple[str, str]]) -> None:
    for path, why in paths[:_SHOWN]:
        click.echo(f"{what}: {clean(path)} ({clean(why)})", err=True)
    if len(paths) > _SHOWN:
        click.echo(f"{what}: {counted(len(paths) - _SHOWN, 'further path')}", err=True)


def _failed(what: str, error: OSError) -> UsageError:
    """What to do about a file or folder that cannot be read or written."""
    where = f"{clean(str(error.filename))}: " if error.filename else ""
    fixes = {
        errno.ENOENT: "name a file or folder that is there",
        errno.ENOSPC: "free some space, or name a folder on another disk",
        errno.EDQUOT: "free some space, or name a folder on another disk",
    }
    fix = fixes.get(error.errno or 0, "name a place in which you may read and write")
    return UsageError(what, why=f"{where}{error.strerror or type(error).__name__}", fix=fix)


@click.command("deanonymize", short_help="Bring a patch to such a copy back.")
@click.argument("path")
@click.option("--map", "map_id", default="", help="The ID of the copy's map (default: the one whose stand-ins stand in PATH).")
@click.option("-o", "--output", default="", help="Where to write the result (default for a patch: standard output).")
def deanonymize(path: str, map_id: str, output: str) -> None:
    """Bring a patch (a unified diff, - for standard input) or a folder that was made in a copy back to the original's names.

    Since it shows what the stand-ins stand for, only a person at a terminal can do it, in which no Claude Code runs.
    """
    for_a_person("deanonymize")
    is_folder = path != "-" and Path(path).is_dir()
    if is_folder and not output:
        raise UsageError("a folder needs an output", fix="name a folder that is not there yet with --output")
    with opened() as vault:
        ways = [(name, mapping.back()) for name, mapping in kept.find(vault, map_id)]
        try:
            name, standing = _brought_back(path, output, ways, is_folder=is_folder)
        except OSError as error:
            raise _failed(f"cannot bring back {clean(path)}", error) from error
        kept.use(vault, name)
    click.echo(f"by the map {name}, of which {counted(standing, 'stand-in')} stood there", err=True)
    if not standing:
        click.echo("nothing may have been brought back: is it of another copy? `--map ID` names the copy's map", err=True)


def _brought_back(path: str, output: str, ways: list[tuple[str, Back]], *, is_folder: bool) -> tuple[str, int]:
    """Write the result; the map that led there, and how many stand-ins of it there were. OSError."""
    if is_folder:
        name, way, standing = back.fitting(back.texts(Path(path)), ways)
        count = back.folder(Path(path), Path(output), way)
        click.echo(f"{counted(count, 'file')} in {clean(output)}", err=True)
        return name, standing
    data = sys.stdin.buffer.read() if path == "-" else read_whole(Path(path))
    name, way, standing = back.fitting([data.decode("utf-8", "surrogateescape")], ways)
    _write(back.patch(data, way), output)
    return name, standing


def _write(result: bytes, output: str) -> None:
    if output:
        write_whole(Path(output), result, 0o600)
    else:
        sys.stdout.buffer.write(result)
