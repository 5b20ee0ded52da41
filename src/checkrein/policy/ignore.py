"""``IgnoreTree``: what the ignore files of a project (``.claudeignore``) exclude, exactly as git would judge the same files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from checkrein.core import PolicyError
from checkrein.policy.files import FileId, file_id, read_text
from checkrein.policy.wildmatch import Pattern, PatternList, parse_lines


class IgnoreTree:
    """The ignore files named ``names`` in ``project`` and all folders below it.

    Each name is a set of files of its own: what one of them excludes, a negation in another does not bring back. Files are read
    when a path below their folder is first asked for, and again when they change; an unchanged tree costs one ``stat`` per
    folder and name.
    """

    def __init__(self, project: str | Path, names: Sequence[str]) -> None:
        self._root = os.path.normpath(project)
        self._names = tuple(names)
        self._files: dict[str, tuple[FileId, PatternList]] = {}

    def match(self, path: str, is_dir: bool) -> tuple[bool, str]:  # noqa: FBT001 (a fact about the path, as os.DirEntry has it)
        """Whether ``path`` is excluded, and by which ``FILE:LINE``. ``path`` is absolute and normalised, and need not exist.

        A path outside the project, and the project itself, is never excluded. Raises PolicyError where an ignore file cannot be
        read: what it would exclude is then unknown.
        """
        prefix = self._root if self._root.endswith("/") else self._root + "/"
        if not path.startswith(prefix):
            return False, ""
        segments = [segment for segment in path[len(prefix) :].split("/") if segment]
        for name in self._names:
            source = self._excluded_by(name, segments, is_dir=is_dir)
            if source:
                return True, source
        return False, ""

    def _excluded_by(self, name: str, segments: list[str], *, is_dir: bool) -> str:
        # From the project downwards: nothing below an excluded folder can be brought back.
        files: list[tuple[str, PatternList]] = []
        folder = self._root
        for depth, segment in enumerate(segments):
            file = os.path.join(folder, name)  # noqa: PTH118 (strings: this runs for every path of every command)
            files.append((file, self._patterns(file)))
            leaf = depth == len(segments) - 1
            decided = _deciding(files, segments[: depth + 1], is_dir=is_dir or not leaf)
            if decided is not None and not decided[1].negated:
                return f"{decided[0]}:{decided[1].line}"
            folder = os.path.join(folder, segment)  # noqa: PTH118
        return ""

    def _patterns(self, file: str) -> PatternList:
        identity = file_id(file)
        if identity is None:
            self._files.pop(file, None)
            return _NOTHING
        known = self._files.get(file)
        if known is not None and known[0] == identity:
            return known[1]
        source = read_text(file, errors="surrogateescape")  # as Python spells such file names
        if source is None:
            return _NOTHING
        try:
            patterns = PatternList(parse_lines(source.text))
        except RecursionError as error:
            raise PolicyError(f"{file}: a pattern is too long to be compiled", fix="Shorten it.") from error
        self._files[file] = (source.identity, patterns)
        return patterns


_NOTHING = PatternList(())


def _deciding(files: list[tuple[str, PatternList]], segments: list[str], *, is_dir: bool) -> tuple[str, Pattern] | None:
    """The file nearest to the entry that says anything about it, and its pattern."""
    for depth in range(len(files) - 1, -1, -1):
        file, patterns = files[depth]
        if not patterns:
            continue
        pattern = patterns.last_match("/".join(segments[depth:]), is_dir=is_dir)
        if pattern is not None:
            return file, pattern
    return None
