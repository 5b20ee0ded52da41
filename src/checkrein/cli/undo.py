"""``checkrein undo``: bring back what a command deleted or overwrote."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from checkrein import locations
from checkrein.core import UndoError, UsageError
from checkrein.report.text import clean, shorten, size
from checkrein.undo import Snapshot, SnapshotStore

_SHOWN = 20
_WIDTH = 100  # characters of a reason on one line


@click.command("undo")
@click.argument("snapshot_id", metavar="[ID]", required=False)
@click.option("--list", "listing", is_flag=True, help="Show the snapshots, oldest first.")
@click.option("--dry-run", is_flag=True, help="Show what would be restored, and change nothing.")
@click.option("--force", is_flag=True, help="Replace what stands there now; a snapshot of it is kept first.")
def undo(snapshot_id: str | None, listing: bool, dry_run: bool, force: bool) -> None:
    """Restore the snapshot ID, or the latest one of this project: files, modes, times, links and empty folders, exactly."""
    if listing and (snapshot_id or dry_run or force):
        raise UsageError("--list stands alone", fix="leave the other options out")
    store = SnapshotStore(locations.undo_dir())
    if listing:
        for snapshot in store.all():
            click.echo(_line(snapshot))
        return
    snapshot = store.get(snapshot_id) if snapshot_id else _latest(store)
    if dry_run:
        _show_plan(store, snapshot)
        return
    done = store.restore(snapshot.id, force=force)
    click.echo(f"restored {len(done.paths)} paths below {clean(snapshot.root)} from snapshot {snapshot.id}")
    if done.unchanged:
        click.echo(f"{done.unchanged} stood there as they were")
    _show_paths(done.paths)
    if done.before:
        click.echo(f"what stood in the way is kept: `checkrein undo {done.before} --force` brings it back")
    _show_notes(snapshot)


def _latest(store: SnapshotStore) -> Snapshot:
    here = Path.cwd()
    found = [snapshot for snapshot in store.all() if here.is_relative_to(snapshot.root)]
    if not found:
        raise UndoError(
            f"there is no snapshot of {clean(str(here))}", fix="`checkrein undo --list` shows those of other projects"
        )
    return found[-1]


def _show_plan(store: SnapshotStore, snapshot: Snapshot) -> None:
    blocked = store.conflicts(snapshot.id)
    click.echo(_line(snapshot))
    _show_paths(tuple(item.path or "." for item in snapshot.items))
    if blocked:
        click.echo("something else stands now at (needs --force):")
        _show_paths(blocked)
    _show_notes(snapshot)


def _show_paths(paths: tuple[str, ...]) -> None:
    for path in paths[:_SHOWN]:
        click.echo(f"  {clean(path)}")
    if len(paths) > _SHOWN:
        click.echo(f"  … and {len(paths) - _SHOWN} more")


def _show_notes(snapshot: Snapshot) -> None:
    for note in snapshot.notes:
        click.echo(f"note: {clean(note)}")


def _line(snapshot: Snapshot) -> str:
    at = datetime.fromtimestamp(snapshot.at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    kept = f"{snapshot.files} files, {size(snapshot.size)}"
    return f"{at}  {snapshot.id:10}{kept:22}  {clean(snapshot.root)}  {shorten(clean(snapshot.reason), _WIDTH)}".rstrip()
