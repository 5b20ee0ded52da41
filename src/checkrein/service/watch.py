"""Watches the client's own folder for what would let others in: opened modes and files of other users. Looks, never reads."""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from checkrein.setup.harden import lets_through, passes

POLL_SECONDS = 5.0
MAX_ENTRIES = 4000
_DEEPEST = 3


@dataclass(slots=True)
class Watch:
    """``folder`` is the client's folder (~/.claude) in the home folder ``home``. ``remarks`` are those of the last look.

    What stands in a folder that lets nobody through is open to nobody, whatever its own mode.
    """

    folder: Path
    home: Path
    uid: int = field(default_factory=os.geteuid)
    remarks: tuple[str, ...] = ()

    def poll(self) -> tuple[str, ...]:
        """Look once; the remarks that were not there before."""
        now = tuple(self._look())
        new = tuple(remark for remark in now if remark not in self.remarks)
        self.remarks = now
        return new

    def _look(self) -> list[str]:
        """Breadth first, so that what is near the top is seen before the limit is reached; the limit is a remark of its own."""
        remarks: list[str] = []
        pending: deque[tuple[Path, int, bool]] = deque([(self.folder, 0, lets_through(self.folder, self.home))])
        left = MAX_ENTRIES
        while pending:
            path, depth, reached = pending.popleft()
            left -= 1
            if left < 0:
                remarks.append(f"{self.folder} holds more than {MAX_ENTRIES} entries; the rest is not watched")
                break
            try:
                found = path.lstat()
                remarks += self._judge(path, found, reached=reached)
                if stat.S_ISDIR(found.st_mode) and depth < _DEEPEST:
                    inside = reached and passes(found.st_mode)
                    pending.extend((Path(entry.path), depth + 1, inside) for entry in os.scandir(path))
            except FileNotFoundError:
                continue  # removed between two looks
            except OSError as exc:
                remarks.append(f"{path} cannot be looked at ({exc.strerror})")
        return remarks

    def _judge(self, path: Path, found: os.stat_result, *, reached: bool) -> list[str]:
        if stat.S_ISLNK(found.st_mode):
            return []  # a link's own mode means nothing
        remarks = []
        if found.st_uid not in (self.uid, 0):
            remarks.append(f"{path} belongs to another user (id {found.st_uid})")
        if not reached:
            return remarks
        if found.st_mode & 0o022:
            remarks.append(f"{path} can be written by other users (mode {stat.S_IMODE(found.st_mode):04o})")
        elif found.st_mode & 0o044:
            remarks.append(f"{path} can be read by other users (mode {stat.S_IMODE(found.st_mode):04o})")
        return remarks
