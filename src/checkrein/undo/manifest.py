"""``Snapshot``: what stood at some paths at one moment; its file is JSON. Contents lie in the object store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from checkrein.core import UndoError

_VERSION = 1
_MADE_WAY = "what stood in the way of restoring "


class ItemKind(StrEnum):
    """What stands at a path. ``PARENT`` is a folder on the way to a kept path: only made again where it is missing."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Item:
    """One path of a snapshot.

    ``path`` is relative to the snapshot's root with ``/`` between its parts, ``""`` being the root itself; bytes that are
    no UTF-8
    are surrogates as ``os.fsdecode`` makes them. ``mode`` holds the permission bits, ``mtime`` nanoseconds since the epoch,
    ``size`` bytes, ``object`` the SHA-256 of a file's content (hex), ``target`` where a link points.
    """

    path: str
    kind: ItemKind
    mode: int
    mtime: int
    size: int = 0
    object: str = ""
    target: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """The names on the way from the root."""
        return tuple(self.path.split("/")) if self.path else ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``at`` is seconds since the epoch; ``root`` an absolute path; ``reason`` one line, free of secrets; ``notes`` tell
    what changed or vanished while it was taken. Items stand parents first."""

    id: str
    at: float
    root: str
    session: str
    reason: str
    items: tuple[Item, ...]
    notes: tuple[str, ...] = ()

    @staticmethod
    def reason_in_the_way(public_id: str) -> str:
        """The reason of a snapshot of what had to make way for ``public_id``."""
        return _MADE_WAY + public_id

    @property
    def made_way(self) -> bool:
        """Whether a restore made it, of what stood in its way. No decision's id holds a dash."""
        return "-" in self.id and self.reason.startswith(_MADE_WAY)

    @property
    def files(self) -> int:
        """How many files are kept."""
        return sum(item.kind is ItemKind.FILE for item in self.items)

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(item.size for item in self.items)

    def to_bytes(self) -> bytes:
        """The manifest as JSON. Names that are no UTF-8 are escaped, which is why it is ASCII."""
        return json.dumps({"version": _VERSION, **asdict(self)}).encode()

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> Snapshot:
        """Read a manifest; ``where`` names it in errors. Raises UndoError where it is broken or a path would leave the root."""
        try:
            given = json.loads(data)
            if given.pop("version") != _VERSION:
                raise ValueError("its version is unknown")
            items = tuple(_item(item) for item in given.pop("items"))
            words = {name: given.pop(name) for name in ("id", "root", "session", "reason")}
            if not all(isinstance(value, str) for value in words.values()) or not words["root"].startswith("/"):
                raise ValueError("a field has the wrong type")
            return cls(**words, items=items, at=float(given.pop("at")), notes=tuple(map(str, given.pop("notes"))))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UndoError(
                f"the snapshot {where} is broken", why=str(error), fix="it was changed or cut short; nothing was restored"
            ) from error


def _item(given: dict[str, Any]) -> Item:
    item = Item(**{**given, "kind": ItemKind(given["kind"])})
    if any(part in ("", ".", "..") or "\0" in part for part in item.parts):
        raise ValueError(f"the path {item.path!r} would leave the root")
    if not all(type(value) is int and value >= 0 for value in (item.mode, item.size)) or type(item.mtime) is not int:
        raise ValueError(f"the numbers of {item.path!r} are wrong")
    if item.kind is ItemKind.FILE and (len(item.object) != 64 or not set(item.object) <= set("0123456789abcdef")):
        raise ValueError(f"the object of {item.path!r} is wrong")
    return item
