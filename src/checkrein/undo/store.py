"""``SnapshotStore``: the snapshots of one user, oldest first, and the contents that they share."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkrein.core import UndoError
from checkrein.locations import private_folder
from checkrein.undo.folders import opened_root, sync_folder
from checkrein.undo.manifest import ItemKind, Snapshot
from checkrein.undo.objects import ObjectStore
from checkrein.undo.restore import Restored, clear_way, find_conflicts, restore_items, stands, without_live_git
from checkrein.undo.take import read_items

MAX_ITEMS = 100_000  # paths in one snapshot
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_DAY = 86_400  # seconds
_SHOWN_CONFLICTS = 10


@dataclass(frozen=True, slots=True)
class Pruned:
    """What ``prune`` removed: ids of snapshots, and bytes of contents."""

    snapshots: tuple[str, ...]
    size: int


class SnapshotStore:
    """Snapshots in ``folder`` (made with mode 0700 where it is missing). Safe to use from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        self._manifests = private_folder(folder / "snapshots")
        self._objects = ObjectStore(private_folder(folder / "objects"))

    def take(
        self,
        paths: Iterable[Path | str],
        *,
        public_id: str,
        root: Path,
        reason: str,
        max_bytes: int,
        session: str = "",
        max_items: int = MAX_ITEMS,
    ) -> Snapshot:
        """Keep what stands at ``paths`` (absolute, or relative to ``root``), folders with all below them.

        ``public_id`` is the decision's public id; ``reason`` one line on why, with secrets masked already. Paths where
        nothing stands are left out; a snapshot without items is not stored. When this returns, all of it is on disk.

        Raises UndoError before anything is kept where a path lies outside the real path of ``root`` or behind a link, is
        special or unreadable, or where it is more than ``max_bytes`` or ``max_items``: the caller then asks a person.
        """
        _check_id(public_id)
        real = Path(os.path.realpath(root))
        with self._locked():
            if (self._manifests / f"{public_id}.json").exists():
                raise UndoError(f"there is a snapshot {public_id} already", why="each decision has one", fix="use another id")
            items, notes = read_items(
                (_below_real(Path(path), Path(root), real) for path in paths),
                real,
                self._objects,
                max_bytes=max_bytes,
                max_items=max_items,
            )
            snapshot = Snapshot(public_id, time.time(), str(real), session, reason, items, notes)
            if items:
                self._objects.flush()
                self._store(snapshot)
        return snapshot

    def all(self, *, root: Path | None = None) -> list[Snapshot]:
        """All snapshots, or those of one project, oldest first. Raises UndoError where one is broken."""
        real = os.path.realpath(root) if root else None
        found = (self.get(path.stem) for path in self._manifests.glob("*.json"))
        return sorted((snapshot for snapshot in found if real in (None, snapshot.root)), key=lambda snapshot: snapshot.at)

    def look(self) -> tuple[list[Snapshot], list[UndoError]]:
        """All snapshots that can be read, oldest first, and an error for each that is broken."""
        found: list[Snapshot] = []
        broken: list[UndoError] = []
        for path in sorted(self._manifests.glob("*.json")):
            try:
                found.append(self.get(path.stem))
            except UndoError as error:
                broken.append(error)
        return sorted(found, key=lambda snapshot: snapshot.at), broken

    def get(self, public_id: str) -> Snapshot:
        """The snapshot with this id. Raises UndoError where there is none, or it is broken."""
        _check_id(public_id)
        try:
            data = (self._manifests / f"{public_id}.json").read_bytes()
        except FileNotFoundError:
            raise UndoError(f"there is no snapshot {public_id}", fix="`checkrein undo --list` shows all") from None
        return Snapshot.from_bytes(data, where=public_id)

    def conflicts(self, public_id: str) -> tuple[str, ...]:
        """The paths, relative to the root, where something else stands now."""
        snapshot = self.get(public_id)
        if not Path(snapshot.root).exists():
            return ()
        with opened_root(Path(snapshot.root)) as root:
            return find_conflicts(root, without_live_git(root, snapshot)[0])

    def is_open(self, snapshot: Snapshot) -> bool:
        """Whether there is something left to bring back: it was not restored before, and not all of it stands there unchanged.

        What was restored once is not open again: what then changes there is new work. One that cannot be restored is open.
        """
        if self._mark(snapshot.id).exists():
            return False
        try:
            with opened_root(Path(snapshot.root)) as root:
                return not stands(root, snapshot)
        except UndoError:
            return True

    def restore(self, public_id: str, *, force: bool = False) -> Restored:
        """Bring everything back exactly. What stands there unchanged is left alone.

        What lies in a ``.git`` folder that stands there now is left alone, too: it is newer than the snapshot.

        Where something else stands now: UndoError with the list, and nothing is touched; with ``force``, that is kept in a
        snapshot of its own first (its id is in ``before``), and makes way.
        """
        snapshot = self.get(public_id)
        path = Path(snapshot.root)
        _make_root(path, snapshot)
        if not os.path.lexists(path):
            raise UndoError(
                f"the project {path} is not there any more",
                why=f"it was moved, renamed or deleted after the snapshot {public_id} was taken",
                fix=f"move it back to {path}, then undo; nothing was restored",
            )
        with opened_root(path) as root:
            snapshot, left = without_live_git(root, snapshot)
            blocked = find_conflicts(root, snapshot)
            if blocked and not force:
                raise _conflict(snapshot, blocked)
            before = ""
            if blocked:
                reason = Snapshot.reason_in_the_way(public_id)
                kept = self.take(
                    blocked,
                    public_id=self._free_id(public_id),
                    root=path,
                    reason=reason,
                    max_bytes=1 << 62,
                    session=snapshot.session,
                )
                before = kept.id
                clear_way(path, root, blocked)
            made, unchanged = restore_items(root, snapshot, self._objects)
        self._mark(public_id).touch(mode=0o600)
        return Restored(snapshot, made, unchanged, before, left)

    def prune(self, keep_days: float, max_total: int | None = None) -> Pruned:
        """Remove snapshots older than ``keep_days``, then the oldest until their contents take at most ``max_total`` bytes.

        Raises UndoError where a snapshot is broken: what it still needs is not known then, and nothing is removed.
        """
        with self._locked():
            snapshots = self.all()
            sizes = {name: place.stat().st_size for name, place in self._objects.names() if name}
            limit = time.time() - keep_days * _DAY
            kept = [snapshot for snapshot in snapshots if snapshot.at >= limit]
            while max_total is not None and kept and sum(sizes.get(name, 0) for name in _contents(kept)) > max_total:
                kept.pop(0)
            ids = {snapshot.id for snapshot in kept}
            removed = tuple(snapshot.id for snapshot in snapshots if snapshot.id not in ids)
            for name in removed:
                (self._manifests / f"{name}.json").unlink()
                self._mark(name).unlink(missing_ok=True)
            sync_folder(self._manifests)  # a manifest must never outlive its contents
            needed = _contents(kept)
            freed = 0
            for name, place in list(self._objects.names()):
                if name not in needed:
                    freed += place.stat().st_size
                    place.unlink()
        return Pruned(removed, freed)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time: contents must not be removed between being kept and being named by a manifest."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _store(self, snapshot: Snapshot) -> None:
        new = self._manifests / f"{snapshot.id}.new"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(snapshot.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        new.rename(self._manifests / f"{snapshot.id}.json")
        sync_folder(self._manifests)

    def _mark(self, public_id: str) -> Path:
        """The file that says that a snapshot was restored."""
        return self._manifests / f"{public_id}.restored"

    def _free_id(self, public_id: str) -> str:
        number = 1
        while (self._manifests / f"{public_id}-{number}.json").exists():
            number += 1
        return f"{public_id}-{number}"


def _contents(snapshots: Iterable[Snapshot]) -> set[str]:
    return {item.object for snapshot in snapshots for item in snapshot.items if item.kind is ItemKind.FILE}


def _below_real(path: Path, root: Path, real: Path) -> Path:
    """``path`` in terms of the root's real path, where it was given in terms of a link to it."""
    return real / path.relative_to(root) if path.is_absolute() and path.is_relative_to(root) else path


def _make_root(path: Path, snapshot: Snapshot) -> None:
    """Where the root itself was kept and is gone, make it again; what else stands there is for ``opened_root`` to refuse."""
    if snapshot.items and not snapshot.items[0].path and not os.path.lexists(path):
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise UndoError(f"cannot make the folder {path}", why=str(error), fix="make the folders above it first") from error


def _conflict(snapshot: Snapshot, blocked: tuple[str, ...]) -> UndoError:
    shown = ", ".join(blocked[:_SHOWN_CONFLICTS])
    more = f" and {len(blocked) - _SHOWN_CONFLICTS} more" if len(blocked) > _SHOWN_CONFLICTS else ""
    return UndoError(
        f"something else stands now where {snapshot.id} would be restored: {shown}{more}",
        why="restoring would overwrite it",
        fix=f"move it away, or `checkrein undo {snapshot.id} --force`, which keeps a snapshot of it first",
    )


def _check_id(public_id: str) -> None:
    if not _ID.match(public_id):
        raise UndoError(f"{public_id!r} is not the id of a snapshot", fix="`checkrein undo --list` shows all")
