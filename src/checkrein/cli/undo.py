"""``checkrein undo``: bring back what a command deleted or overwrote."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from checkrein import locations
from checkrein.core import EffectKind, EventKind, LedgerError, UndoError, UsageError, Verdict
from checkrein.detect.shell.interpreter import analyse
from checkrein.ledger import Entry, Filter, LedgerReader
from checkrein.observe.disk import Disk
from checkrein.report.text import clean, counted, shorten, size
from checkrein.undo import Snapshot, SnapshotStore

_SHOWN = 20
_WIDTH = 100  # characters of a reason on one line
_LOOKED_AT = 200  # commands since the snapshot
_RAN = (Verdict.NONE, Verdict.APPROVE)


@click.command("undo", short_help="Bring back what a command was about to lose.")
@click.argument("snapshot_id", metavar="[ID]", required=False)
@click.option("--list", "listing", is_flag=True, help="Show the snapshots, oldest first.")
@click.option("--dry-run", is_flag=True, help="Show what would be restored, and change nothing.")
@click.option("--force", is_flag=True, help="Replace what stands there now; a snapshot of it is kept first.")
def undo(snapshot_id: str | None, listing: bool, dry_run: bool, force: bool) -> None:
    """Restore the snapshot ID, or the latest that a command of this project's sessions needed.

    Back come files with their content, mode and time, symbolic links, and empty folders.
    """
    if listing and (snapshot_id or dry_run or force):
        raise UsageError("--list stands alone", fix="leave the other options out")
    store = SnapshotStore(locations.undo_dir())
    if listing:
        _list(store)
        return
    before: list[Snapshot] = []
    if snapshot_id:
        snapshot = store.get(snapshot_id)
    else:
        snapshot, *before = _newest(store)
        _say_which(snapshot)
    if dry_run:
        _show_plan(store, snapshot)
        return
    done = store.restore(snapshot.id, force=force)
    click.echo(f"restored {counted(len(done.paths), 'path')} below {clean(snapshot.root)} from snapshot {snapshot.id}")
    if done.unchanged:
        click.echo(f"{counted(done.unchanged, 'path')} stood there unchanged")
    _show_paths(done.paths)
    if done.left:
        click.echo(f"left alone: {counted(len(done.left), 'path')} of the repository's own data, which is still there")
    if done.before:
        click.echo(f"what stood in the way is kept: `checkrein undo {done.before} --force` brings it back")
    _show_notes(snapshot)
    for each in before:
        click.echo(f"the one before it is {each.id}, from {_clock(each.at)}: {shorten(clean(each.reason), _WIDTH)}")


def _list(store: SnapshotStore) -> None:
    found, broken = store.look()
    commands = _commands(found)
    for snapshot in found:
        click.echo(_line(snapshot, commands.get(snapshot.id, "")))
    _show_broken(broken)


def _commands(snapshots: list[Snapshot]) -> dict[str, str]:
    """What was asked when each snapshot was taken, as far as the record can be read."""
    try:
        with LedgerReader.open(locations.ledger_dir()) as reader:
            return {each.id: entry.summary for each in snapshots if (entry := reader.find(each.id)) is not None}
    except LedgerError:
        return {}  # each line then gives the snapshot's own reason


def _newest(store: SnapshotStore) -> list[Snapshot]:
    """The newest snapshot of this project with something left to bring back, and the one before it. UndoError without any."""
    here = Path.cwd()
    snapshots, broken = store.look()
    _show_broken(broken)
    ours = [each for each in reversed(snapshots) if here.is_relative_to(each.root) and not each.made_way]
    found = list(islice(filter(store.is_open, ours), 2))
    if found:
        return found
    what = "nothing is left to undo in" if ours else "there is no snapshot of"
    fix = "`checkrein undo --list` shows all; `checkrein undo ID` restores one again"
    raise UndoError(f"{what} {clean(str(here))}", fix=fix if ours else "`checkrein undo --list` shows those of other projects")


def _show_broken(broken: list[UndoError]) -> None:
    for error in broken:
        click.echo(f"passed over: {clean(error.what)} ({clean(error.why)})", err=True)


def _say_which(snapshot: Snapshot) -> None:
    """What the latest snapshot is of, from the record, and whether a later command deleted something without one."""
    try:
        with LedgerReader.open(locations.ledger_dir()) as reader:
            entry = reader.find(snapshot.id)
            later = _later(reader, snapshot)
    except LedgerError as error:
        click.echo(f"this is from {_clock(snapshot.at)} ({clean(snapshot.reason)}); {clean(error.what)}")
        return
    what = f"`{shorten(clean(entry.summary), _WIDTH)}`" if entry else shorten(clean(snapshot.reason), _WIDTH)
    click.echo(f"this is from {_clock(snapshot.at)}, {what}")
    if later is not None:
        click.echo(
            f"not undone by this: `{shorten(clean(later.summary), _WIDTH)}` at {_clock(later.at / 1_000_000)}, "
            "of which no snapshot was needed: git or a rebuild brings it back"
        )


def _later(reader: LedgerReader, snapshot: Snapshot) -> Entry | None:
    """The newest command of the project since then that deleted or moved something, where it is not the snapshot's own."""
    which = Filter(project=snapshot.root, tool="Bash", since=int(snapshot.at * 1_000_000), limit=_LOOKED_AT)
    newest = [e for e in reader.entries(which) if e.kind == EventKind.TOOL_CALL and e.verdict in _RAN and e.id != snapshot.id]
    disk = Disk(str(Path.home()), {}, lambda _path: False, lambda _cwd, _key: None)
    return next((entry for entry in reversed(newest) if _deletes(entry, disk)), None)


def _deletes(entry: Entry, disk: Disk) -> bool:
    effects = analyse(entry.summary, disk, entry.project).effects
    return any(effect.kind in (EffectKind.DELETE, EffectKind.MOVE, EffectKind.DESTRUCTIVE) for effect in effects)


def _clock(at: float) -> str:
    """The time of day, with the date where that is not today's. ``at`` is in seconds since the epoch."""
    when, now = datetime.fromtimestamp(at).astimezone(), datetime.now().astimezone()
    return when.strftime("%H:%M" if when.date() == now.date() else "%Y-%m-%d %H:%M")


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


def _line(snapshot: Snapshot, command: str = "") -> str:
    at = datetime.fromtimestamp(snapshot.at, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    kept = f"{counted(snapshot.files, 'file')}, {size(snapshot.size)}"
    what = f"`{shorten(clean(command), _WIDTH)}`" if command else shorten(clean(snapshot.reason), _WIDTH)
    return f"{at}  {snapshot.id:10}{kept:22}  {clean(snapshot.root)}  {what}".rstrip()
