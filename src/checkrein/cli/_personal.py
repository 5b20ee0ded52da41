"""``checkrein check pii``: personal data in cases or files."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import click
import orjson

from checkrein.cli._findings import Look, Seen, answers, line_of, passed_over, scan_files
from checkrein.core import UsageError
from checkrein.detect.pii import Pii, default_kinds, load
from checkrein.detect.sensitive import Scanner
from checkrein.report.text import clean, counted

DEFAULT = "default"


def pii_answers(lines: Iterable[bytes], kinds: str) -> Iterator[dict[str, Any]]:
    """One answer with its findings for each case ``{"id", "text"}``; ``kinds`` as in ``check_pii``."""
    return answers(lines, _look(kinds))


def check_pii(paths: tuple[str, ...], *, kinds: str, as_json: bool) -> int:
    """Scan ``paths`` and say what is found. The exit code: 1 with findings, 2 where a file could not be read, else 0.

    ``kinds``: ids of ``rules/pii`` with commas between them, "default" for those with good evidence, "" for all.
    """
    if not paths:
        raise UsageError("check pii needs something to look at", fix="checkrein check pii PATH..., or --jsonl")
    seen = scan_files(paths, _look(kinds))
    if as_json:
        click.echo(orjson.dumps(_as_dict(seen)).decode())
    else:
        _show(seen)
    return 1 if seen.found else 2 if seen.unreadable else 0


def _look(kinds: str) -> Look:
    known = {kind.id for kind in load()}
    asked = {name.strip() for name in kinds.split(",") if name.strip()}
    if not asked and kinds:
        raise UsageError("--kinds names no kind", fix="name some, as email,phone, or leave it out for all")
    asked = asked or known
    if DEFAULT in asked:
        asked = (asked - {DEFAULT}) | default_kinds()
    if unknown := sorted(asked - known):
        raise UsageError(
            f"there is no kind of personal data named {clean(unknown[0])}",
            why=f"close to it are {', '.join(close)}" if (close := _close(unknown[0], known)) else "",
            fix="name kinds of docs/kinds/personal-data.md, or default for those that policies begin with",
        )
    return Scanner(Pii(asked), generic=False, comments=True).look


def _close(name: str, known: Collection[str]) -> list[str]:
    """The kinds whose names hold that one, or are much like it."""
    holding = sorted(each for each in known if name.lower() in each)
    return holding or difflib.get_close_matches(name.lower(), known, n=5)


def _as_dict(seen: Seen) -> dict[str, Any]:
    return {
        "findings": [place.as_dict() for place in seen.found],
        "allowed": [place.as_dict() for place in seen.allowed],
        "files": seen.files,
        "binary": seen.binary,
        "unreadable": [{"path": path, "why": why} for path, why in seen.unreadable],
    }


def _show(seen: Seen) -> None:
    for place in seen.found:
        click.echo(line_of(place))
    for place in seen.allowed:
        click.echo(f"{line_of(place)} allowed: {clean(place.reason)}")
    for path, why in seen.unreadable:
        click.echo(f"not read: {clean(path)} ({why})", err=True)
    titles = {kind.rule: kind.title for kind in load()}
    for rule in dict.fromkeys(place.found.rule for place in seen.found):
        click.echo(f"{rule}: {titles[rule]}", err=True)
    parts = [f"{counted(len(seen.found), 'finding')} in {counted(seen.files, 'file')}"]
    parts += [f"{len(seen.allowed)} allowed by comments"] if seen.allowed else []
    click.echo("; ".join(parts + passed_over(seen)), err=True)
