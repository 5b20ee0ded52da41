"""``checkrein placeholder-env``: an example of a .env file, without its secrets."""

from __future__ import annotations

import os
from pathlib import Path

import click

from checkrein.anonymise.environment import example
from checkrein.cli._files import read_whole, write_whole
from checkrein.cli._search import redaction_of, search_in
from checkrein.cli._vault import opened
from checkrein.core import UsageError
from checkrein.report.text import clean, counted

_LARGEST = 1_000_000  # bytes


@click.command("placeholder-env", short_help="Write .env.example from .env, without its values.")
@click.argument("file", default=".env")
@click.option("-o", "--output", default="", help="Where to write it (default: FILE.example beside it; - for standard output).")
@click.option("--force", is_flag=True, help="Replace a file that stands there.")
def placeholder_env(file: str, output: str, force: bool) -> None:
    """Write .env.example from .env: names, comments, order and harmless values stay, <GITHUB_TOKEN> stands for a secret."""
    source = Path(file)
    for folder in (source, Path(output)) if output else (source,):
        if folder.is_dir():
            raise UsageError(f"{folder} is a folder", fix=f"name a file: {folder / '.env'}")
    target = Path(output) if output else source.with_name(f"{source.name}.example")
    if output != "-" and os.path.lexists(target) and not force:
        raise UsageError(f"{target} is there already", fix="look at it; --force replaces it")
    if target.resolve() == source.resolve():
        raise UsageError("the example would replace the file itself", fix="name another file with --output")
    text = _read(source)
    project = str(source.resolve().parent)
    with opened() as vault:
        search = search_in(project, redaction_of(project), vault, without=str(source.resolve()))
        made = example(text, search)
    if output == "-":
        click.echo(made.text, nl=False)
    else:
        write_whole(target, made.text.encode(), 0o644)
    for each in made.replaced:
        click.echo(f"{clean(file)}:{each.line}: {each.placeholder}", err=True)
    where = "" if output == "-" else f" in {clean(str(target))}"
    click.echo(f"{counted(len(made.replaced), 'value')} replaced{where}; look through it before you share it", err=True)


def _read(source: Path) -> str:
    try:
        data = read_whole(source, _LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot read {source}", why=error.strerror or "", fix="name a .env file") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{source} is no .env file", why=f"it has more than {_LARGEST} bytes", fix="name a .env file")
    if b"\0" in data:
        raise UsageError(f"{source} is no .env file", why="it is not text", fix="name a .env file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{source} is no .env file", why="it is not UTF-8", fix="name a .env file") from error
