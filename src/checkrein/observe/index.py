"""Marks in a git index that make git, and libgit2 with it, look away from changes on disk.

libgit2 gives entries without their flags, so the file itself is read. Source: gitformat-index(5).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

_HEADER = struct.Struct(">4sLL")
_STAT = 40  # bytes of an entry in front of its object id
_OBJECT_ID = 20  # SHA-1; an index with longer ids does not end where it should, and is then not understood
_ASSUME_VALID, _EXTENDED, _SKIP_WORKTREE = 0x8000, 0x4000, 0x4000


@lru_cache(maxsize=16)
def hides_changes(index: str, _time: int, _size: int, _inode: int) -> bool:
    """True where an entry is marked ``assume-unchanged`` or ``skip-worktree``, and where the index cannot be understood.

    The numbers are those of the file: where they are others, it is read again.
    """
    try:
        return _hides(Path(index).read_bytes())
    except (OSError, struct.error, ValueError, IndexError):
        return True


def _hides(data: bytes) -> bool:
    mark, version, count = _HEADER.unpack_from(data)
    if mark != b"DIRC" or version not in (2, 3, 4):
        return True
    at = _HEADER.size
    for _ in range(count):
        start = at
        at += _STAT + _OBJECT_ID
        flags = int.from_bytes(data[at : at + 2])
        at += 2
        if flags & _EXTENDED:
            if int.from_bytes(data[at : at + 2]) & _SKIP_WORKTREE:
                return True
            at += 2
        if flags & _ASSUME_VALID:
            return True
        if version == 4:  # a number of variable length stands in front of the name, and nothing fills up behind it
            while data[at] & 0x80:
                at += 1
            at = data.index(b"\0", at + 1) + 1
        else:
            end = data.index(b"\0", at)
            at = start + (end - start + 8) // 8 * 8
    return at > len(data) - _OBJECT_ID
