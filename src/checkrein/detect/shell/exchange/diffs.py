"""The files that a patch changes: unified diffs with git's extended headers, and context diffs, read by their line counts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import absolute

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NAMED = re.compile(r"(?:rename to|copy to) (.+)")
_ESCAPE = re.compile(r"\\([0-7]{3}|.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def patched_files(text: str, folder: str, program: str, strip: int | None = 1) -> Iterator[Effect]:
    """What applying a patch in ``folder`` writes and deletes. ``strip`` leading parts of each name go; None: perhaps one.

    Lines of a hunk are content, whatever they look like. A patch that removes a file carries the whole of it.
    """
    lines = iter(text.splitlines())
    old = only_named = ""  # a binary file, or one whose mode changes, has no other line with its name
    for line in lines:
        if hunk := _HUNK.match(line):
            _skip(lines, int(hunk[1] or 1), int(hunk[2] or 1))
        elif line.startswith(("--- ", "*** ")) and not line.endswith(" ****"):
            old = line[4:]
        elif named := _NAMED.match(line):
            yield from _written(named[1], folder, program, (0,))
        elif line.startswith("diff --git "):
            yield from _written(only_named, folder, program, (1,))
            only_named = "b/" + line.rpartition(" b/")[2].rstrip('"')
        elif line.startswith(("+++ ", "Index: ")):
            new, only_named = line.partition(" ")[2], ""
            steps = (0, 1) if strip is None else (strip,)
            if _name(new) == "/dev/null" and old:
                for step in steps:
                    yield Effect(EffectKind.DELETE, _place(old, folder, step), program, flags=Flag.FILTERED)
            else:
                yield from _written(new, folder, program, steps)
    yield from _written(only_named, folder, program, (1,))


def _skip(lines: Iterator[str], old: int, new: int) -> None:
    """Go over the lines of one hunk: so many of the old file, so many of the new one."""
    while (old > 0 or new > 0) and (line := next(lines, None)) is not None:
        old -= line[:1] in (" ", "-", "")
        new -= line[:1] in (" ", "+", "")


def _written(name: str, folder: str, program: str, steps: tuple[int, ...]) -> Iterator[Effect]:
    if _name(name) not in ("", "/dev/null"):
        for step in steps:
            yield Effect(EffectKind.WRITE, _place(name, folder, step), program, flags=Flag.IN_PLACE)


def _place(name: str, folder: str, strip: int) -> str:
    plain = _name(name)
    return absolute("/".join(plain.split("/")[strip:]) or plain, folder)


def _name(header: str) -> str:
    """A file's name without its time, unquoted as git quotes it."""
    if not header.startswith('"'):
        return header.partition("\t")[0].strip()
    quoted = header[1:].rpartition('"')[0]
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)) if match[1].isdigit() else _LETTERS.get(match[1], match[1]), quoted)
