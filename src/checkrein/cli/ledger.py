"""``checkrein ledger``: check the record, and sign what it is now."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import orjson

from checkrein import locations
from checkrein.core import LedgerError, UsageError
from checkrein.ledger import Checkpoint, Problem, Report, read_checkpoint_file, read_git_note, take_checkpoint, write_git_note
from checkrein.ledger import verify as verify_ledger
from checkrein.report.text import clean


@click.group("ledger")
def ledger() -> None:
    """The tamper-evident record of events and decisions."""


@ledger.command("verify")
@click.option("--checkpoint", "file", type=click.Path(path_type=Path), help="A checkpoint that was kept elsewhere.")
@click.option("--git-note", "repository", type=click.Path(path_type=Path), help="The repository in whose notes one was kept.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_context
def verify(ctx: click.Context, file: Path | None, repository: Path | None, as_json: bool) -> None:
    """Check every entry. Exit 0: as it was written; 1: tampered with; 3: it cannot be read.

    With a checkpoint that was kept elsewhere, a cut-off end and a forged chain show as well.
    """
    if file and repository:
        raise UsageError("--checkpoint and --git-note exclude each other", fix="give one of them")
    kept = read_checkpoint_file(file) if file else read_git_note(repository) if repository else None
    report = verify_ledger(locations.ledger_dir(), kept)
    click.echo(orjson.dumps({"ok": report.ok, **asdict(report)}) if as_json else "\n".join(_shown(report, kept)))
    if not report.ok:
        ctx.exit(1)


@ledger.command("checkpoint")
@click.option("--to", "file", type=click.Path(path_type=Path), help="Write it to this file (replaced in one step).")
@click.option(
    "--git-note", "repository", type=click.Path(path_type=Path), help="Keep it as a git note on HEAD of this repository."
)
def checkpoint(file: Path | None, repository: Path | None) -> None:
    """Verify the record and sign what it is now, to be kept elsewhere. Without an option it is printed."""
    folder = locations.ledger_dir()
    report = verify_ledger(folder)
    if not report.ok:
        raise LedgerError(
            "the record is not signed: it was tampered with",
            why=report.problems[0].what,
            fix="run `checkrein ledger verify` for all of it",
        )
    made = take_checkpoint(folder)
    if file:
        _write(file, made)
        click.echo(f"signed entries 1 to {made.sequence} in {clean(str(file))}")
    if repository:
        commit = write_git_note(repository, made)
        click.echo(f"signed entries 1 to {made.sequence} in a note on commit {commit[:12]}")
    if not file and not repository:
        click.echo(made.to_text(), nl=False)


def _write(file: Path, made: Checkpoint) -> None:
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(made.to_text())
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise LedgerError(f"cannot write {clean(str(file))}", why=str(error), fix="give a path that can be written") from error


def _shown(report: Report, kept: Checkpoint | None) -> list[str]:
    counted = f"{report.entries} entries, {report.checkpoints} checkpoints"
    if not report.ok:
        found = [f"  {problem.kind}: {clean(problem.what)}" for problem in report.problems]
        if len(found) > 1:
            found.insert(0, f"  the first break is at {_place(report.problems)}")
        return [f"TAMPERED WITH: {counted}", *found]
    lines = [f"ok: {counted}, each as it was written"]
    if kept is None:
        lines.append("    give --checkpoint to see whether the end was cut off or the whole was forged anew")
    else:
        lines.append(f"    the checkpoint vouches for entries 1 to {report.vouched}")
    return lines


def _place(problems: tuple[Problem, ...]) -> str:
    first = next((problem.sequence for problem in problems if problem.sequence), 0)
    return f"entry {first}" if first else "the record as a whole"
