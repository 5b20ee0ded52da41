"""``checkrein check secret``: secrets in cases or files, with the baseline of those that are accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from checkrein.cli._files import read_whole, write_whole
from checkrein.cli._findings import Place, Seen, answers, line_of, passed_over, scan_files
from checkrein.cli._search import kept_values
from checkrein.core import UsageError
from checkrein.detect.secrets import catalogue
from checkrein.detect.secrets.engine import standard
from checkrein.detect.secrets.exceptions import Baseline
from checkrein.detect.sensitive import Scanner
from checkrein.report.text import clean, counted


def secret_answers(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """One answer with its findings for each case ``{"id", "text"}``."""
    return answers(lines, Scanner(standard(), comments=True).look)


def check_secret(paths: tuple[str, ...], *, as_json: bool, baseline: str, update: bool) -> int:
    """Scan ``paths`` and say what is found. The exit code: 1 with findings, 2 where a file could not be read, else 0.

    ``baseline`` is the path of a file whose findings are accepted ("" for none); ``update`` writes it anew.
    """
    if not paths:
        raise UsageError("check secret needs something to look at", fix="checkrein check secret PATH..., or --jsonl")
    if update and not baseline:
        raise UsageError("--update needs a baseline to write", fix="add --baseline FILE")
    known = _baseline(baseline, update=update)
    seen = scan_files(paths, Scanner(standard(), known=kept_values(), comments=True).look)
    if update:
        accepting = known.with_all((place.found, place.value, place.path) for place in seen.found)
        write_whole(Path(baseline), accepting.render().encode(), 0o644)
        click.echo(f"{clean(baseline)} accepts {counted(len(seen.found), 'finding')}", err=True)
        return 2 if seen.unreadable else 0
    new = [place for place in seen.found if not known.holds(place.found, place.value)]
    accepted = len(seen.found) - len(new)
    if as_json:
        click.echo(orjson.dumps(_as_dict(seen, new, accepted)).decode())
    else:
        _show(seen, new, accepted)
    return 1 if new else 2 if seen.unreadable else 0


def _baseline(path: str, *, update: bool) -> Baseline:
    if not path or (update and not Path(path).exists()):
        return Baseline.empty()
    try:
        return Baseline.parse(read_whole(Path(path)).decode("utf-8"), path)
    except FileNotFoundError as error:
        raise UsageError(f"there is no {path}", fix="write it with --update, or name the baseline that you have") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}", why=error.strerror or "", fix="name a file that you may read") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not a baseline", why="it is not text", fix="name another file") from error


def _as_dict(seen: Seen, new: list[Place], accepted: int) -> dict[str, Any]:
    return {
        "findings": [place.as_dict() for place in new],
        "allowed": [place.as_dict() for place in seen.allowed],
        "accepted": accepted,
        "files": seen.files,
        "binary": seen.binary,
        "unreadable": [{"path": path, "why": why} for path, why in seen.unreadable],
    }


def _show(seen: Seen, new: list[Place], accepted: int) -> None:
    for place in new:
        click.echo(line_of(place))
    for place in seen.allowed:
        click.echo(f"{line_of(place)} allowed: {clean(place.reason)}")
    for path, why in seen.unreadable:
        click.echo(f"not read: {clean(path)} ({why})", err=True)
    for text in _advice(new):
        click.echo(text, err=True)
    parts = [f"{counted(len(new), 'finding')} in {counted(seen.files, 'file')}"]
    parts += [f"{len(seen.allowed)} allowed by comments"] if seen.allowed else []
    parts += [f"{accepted} accepted by the baseline"] if accepted else []
    click.echo("; ".join(parts + passed_over(seen)), err=True)


def _advice(places: Iterable[Place]) -> Iterator[str]:
    """For each kind that was found: what it is, and where it is taken back."""
    kinds = {kind.rule: kind for kind in catalogue.load()}
    for rule in dict.fromkeys(place.found.rule for place in places):
        if rule in kinds:
            yield f"{rule}: {kinds[rule].title}; take it back at {kinds[rule].rotate}"
