"""The patterns of one policy entry: gitignore lines relative to the project, below the home folder, or absolute."""

from __future__ import annotations

import os
from collections.abc import Iterable

from checkrein.policy.wildmatch import Pattern, PatternList, parse_line

_LONGEST_PATH = 4096  # characters (PATH_MAX): of a longer text, which no file can be opened by, the folders at its start count


class PathList:
    """Matches absolute paths. Immutable.

    A pattern that begins with ``/`` is meant from the root of the file system and, as in a gitignore file, from the project:
    both are matched, so that neither reading leaves a path without its entry. ``patterns`` are those that it was made from.
    """

    __slots__ = ("_bases", "_places", "patterns")

    def __init__(self, patterns: Iterable[str], *, project: str, home: str) -> None:
        self.patterns = tuple(patterns)
        self._places = (project, home)
        lists: dict[str, list[Pattern]] = {}
        for number, text in enumerate(self.patterns, 1):
            for base, line in _anchored(text, project, home):
                pattern = parse_line(line, number)
                if pattern is not None:
                    lists.setdefault(base, []).append(pattern)
        self._bases = tuple((_prefix(base), PatternList(found)) for base, found in lists.items())

    def __eq__(self, other: object) -> bool:
        """Equal where they were made from the same, so that a policy that was read anew is known to be the same."""
        return isinstance(other, PathList) and (self.patterns, self._places) == (other.patterns, other._places)

    def __hash__(self) -> int:
        return hash((self.patterns, self._places))

    def covers(self, path: str, *, is_dir: bool = False) -> bool:
        """Whether ``path`` (absolute, normalised), or a folder above it, is meant."""
        path = path[:_LONGEST_PATH]
        for prefix, patterns in self._bases:
            relative = path.removeprefix(prefix)
            if relative and relative is not path and patterns.covers(relative, is_dir=is_dir):
                return True
        return False


def _anchored(text: str, project: str, home: str) -> list[tuple[str, str]]:
    """Each folder that ``text`` is relative to, with the gitignore line for it."""
    bang = "!" if text.startswith("!") else ""
    pattern = text.removeprefix("!")
    if pattern.startswith("~/"):
        return [(home, bang + pattern.removeprefix("~"))]
    if pattern.startswith("/"):
        return [(project, text), ("/", text)]
    if pattern.startswith("./"):
        return [(project, bang + pattern.removeprefix("."))]
    return [(project, text)]


def _prefix(folder: str) -> str:
    return os.path.join(os.path.normpath(folder), "")  # noqa: PTH118 (a trailing slash is what it is for)
