"""Words that several commands say in the same way."""

from __future__ import annotations

import shutil
import sys

from checkrein.report.text import shorten


def set_by(source: str) -> str:
    """What set an action: a policy file and its line, or the built-in policy, which findings know as ``default``."""
    return "the built-in policy" if source == "default" else source


def columns() -> int:
    """How wide a line may be: the terminal's width, or 0 where the output goes to a file or a program, which wants it whole."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def in_two(head: str, rest: str, width: int) -> str:
    """``head`` and ``rest`` on one line, or, where ``width`` has no room for that, on two that are cut to it."""
    if not width or len(head) + len(rest) + 2 <= width:
        return f"{head}  {rest}".rstrip()
    return f"{shorten(head, width)}\n    {shorten(rest, width - 4)}"
