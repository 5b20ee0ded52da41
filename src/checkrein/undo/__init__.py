"""Snapshots before destructive file operations, and bringing them back exactly.

Kept: content, permission bits, modification times, symbolic links, empty folders. Not kept: owners, extended attributes and
access control lists, and that two names were one file (hard links come back as two files): a snapshot's notes say which.
"""

from checkrein.undo.manifest import Item, ItemKind, Snapshot
from checkrein.undo.restore import Restored
from checkrein.undo.store import SnapshotStore

__all__ = ["Item", "ItemKind", "Restored", "Snapshot", "SnapshotStore"]
