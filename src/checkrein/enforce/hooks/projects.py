"""Which folder a session was opened in.

A payload carries the working folder of the moment, which a ``cd`` moves. The client keeps each transcript in a folder named
after the project's path with every character other than ASCII letters and digits turned into ``-``; that name tells which
folder it was, whatever the working folder is now, and needs no memory.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import PurePosixPath

REMEMBERED = 4096
_LISTED = 5000  # names looked at in one search


def slug(path: str) -> str:
    """The client's folder name for the project at ``path``."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in path)


class Projects:
    """Session id and transcript -> absolute path of the project; remembers the sessions seen last.

    What one event claims must not change what holds for another: an event with another transcript is another session here.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._last: OrderedDict[str, str] = OrderedDict()

    def of(self, session: str, cwd: str, transcript: str) -> str:
        """The project of ``session``. Where nothing else is known, the first working folder that it was seen in."""
        key = (session, transcript)
        known = self._known.get(key)
        if known is None:
            known = self._find(cwd, transcript)
            self._known[key] = known
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        self._last[session] = known
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return known

    def of_session(self, session: str, cwd: str) -> str:
        """The project that ``session`` was last seen in; ``cwd`` where it has not been seen."""
        return self._last.get(session, cwd)

    def _find(self, cwd: str, transcript: str) -> str:
        wanted = PurePosixPath(transcript).parent.name if transcript else ""
        path = PurePosixPath(os.path.normpath(cwd))
        for folder in (path, *path.parents):
            if slug(str(folder)) == wanted:
                return str(folder)
        found = _search(wanted)
        if found is None and PurePosixPath(transcript).is_relative_to(path):
            return str(PurePosixPath(transcript).parent)  # as wide as the home folder is no project
        return found or str(path)


def _search(wanted: str) -> str | None:
    """The only existing folder whose slug is ``wanted``; None where there is none, or more than one."""
    found: list[str] = []
    pending, budget = ["/"], _LISTED
    while pending and budget > 0:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    budget -= 1
                    name = slug(entry.path)
                    if not wanted.startswith(name) or not entry.is_dir(follow_symlinks=False):
                        continue
                    if name == wanted:
                        found.append(entry.path)
                    elif wanted.startswith(name + "-"):
                        pending.append(entry.path)
        except OSError:
            continue  # a folder that cannot be listed cannot be searched; the working folder stands in
    return found[0] if len(found) == 1 else None
