"""``Sweep``: which of the paths below a folder a search (find, fd) finds."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

ANY_SIZE = (0, 1 << 63)
ANY_DEPTH = (0, 1 << 31)


@dataclass(frozen=True, slots=True)
class Glob:
    """A pattern for a name, or where ``whole`` for a path as the search prints it: there ``*`` matches slashes as well."""

    pattern: str
    whole: bool = False
    folded: bool = False  # upper and lower case are the same

    def matches(self, path: str) -> bool:
        """True where the printed path is like the pattern."""
        text, pattern = path if self.whole else path.rstrip("/").rsplit("/", 1)[-1], self.pattern
        if self.folded:
            text, pattern = text.lower(), pattern.lower()
        return fnmatch.fnmatchcase(text, pattern)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The paths below ``root`` (absolute; ``shown`` as the search was given it) that are found.

    ``target`` is the target of the effects that this narrows. ``globs`` all match, of ``spared`` none does; nothing is found
    below what ``pruned`` matches. ``kinds`` are letters as ``find -type`` has them ("" is any), ``depths`` levels below the
    root, ``sizes`` bytes, least and most. ``partly`` tells of conditions that are not in here: fewer paths may be found.
    """

    target: str
    root: str
    shown: str
    globs: tuple[Glob, ...] = ()
    spared: tuple[Glob, ...] = ()
    pruned: tuple[Glob, ...] = ()
    kinds: str = ""
    depths: tuple[int, int] = ANY_DEPTH
    sizes: tuple[int, int] = ANY_SIZE
    empty: bool = False
    partly: bool = False

    def admits(self, path: str, kind: str) -> bool:
        """True where an absolute path of a kind (``f``, ``d``, ``l``) is found, as far as its name and kind tell."""
        if self.kinds and kind not in self.kinds:
            return False
        below = path.removeprefix(self.root.rstrip("/")).strip("/")
        parts = below.split("/") if below else []
        if not self.depths[0] <= len(parts) <= self.depths[1]:
            return False
        printed = [f"{self.shown.rstrip('/')}/{'/'.join(parts[:end])}" for end in range(1, len(parts) + 1)] or [self.shown]
        if not all(glob.matches(printed[-1]) for glob in self.globs) or any(glob.matches(printed[-1]) for glob in self.spared):
            return False
        return not any(glob.matches(above) for above in printed[:-1] for glob in self.pruned)
