"""What the client sends of a file before any hook sees it as a result: a longer part is put to the API to be counted.

Measured on 2.1.197 and 2.1.330: before a ``Read`` answers, text of more than 25,000 characters (12,500 in JSON) goes to
``/v1/messages/count_tokens`` as it stands in the file. ``PostToolUse`` comes after that. So a part with something sensitive in
it is asked for in fewer lines than are counted. An MCP server's answer of more than 50,000 characters is counted too: no hook
comes before that one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkrein.enforce.hooks.redactor import Redactor, redact_bytes

TOOL = "Read"
UNCOUNTED = 24_000
UNCOUNTED_DENSE = 12_000
"""Bytes that are not counted yet, and those of files whose text makes more tokens."""

DENSE = (".json", ".jsonl", ".jsonc", ".ipynb")
NOTEBOOK = ".ipynb"
MOST = 16 * 1024 * 1024
"""Bytes of a part that are looked at. The client gives back far less at once."""

_PIECE = 1 << 20
_HEAD = 1024


@dataclass(frozen=True, slots=True)
class Shortened:
    """A part that would be counted with values in it. ``lines`` of it are not, from line ``offset`` on; 0 lines: none."""

    offset: int
    lines: int
    counts: Mapping[str, int]


def may_be_counted(tool: str, given: Mapping[str, Any]) -> bool:
    """Whether the call reads a file that is large enough for that."""
    if tool != TOOL:
        return False
    try:
        found = os.stat(str(given.get("file_path", "")))  # noqa: PTH116 - on the path of every call
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > UNCOUNTED_DENSE


def shortened(given: Mapping[str, Any], redactor: Redactor) -> Shortened | None:
    """What can be read at once of the part that the call asks for; None where it can be read as it is.

    Raises RedactionError, and OSError where the file cannot be read.
    """
    path = str(given["file_path"])
    limit = UNCOUNTED_DENSE if path.endswith(DENSE) else UNCOUNTED
    offset = max(_number(given.get("offset")) or 1, 1)
    lines = _part(path, offset, _number(given.get("limit")))
    if sum(map(len, lines)) <= limit or b"\0" in b"".join(lines[:1])[:_HEAD]:
        return None
    counts = redact_bytes(b"".join(lines), redactor, path).counts
    if not counts:
        return None
    return Shortened(offset, 0 if path.endswith(NOTEBOOK) else _fitting(lines, limit), counts)


def _part(path: str, offset: int, count: int | None) -> list[bytes]:
    """The lines of the part, as many as are looked at."""
    lines: list[bytes] = []
    number, size, begins = 1, 0, True
    with open(path, "rb") as file:  # noqa: PTH123 - on the path of calls
        while size <= MOST and (count is None or number < offset + count) and (piece := file.readline(_PIECE)):
            if number >= offset:
                lines[len(lines) :] = [piece] if begins else [lines.pop() + piece]
                size += len(piece)
            begins = piece.endswith(b"\n")
            number += begins
    return lines


def _fitting(lines: list[bytes], limit: int) -> int:
    """How many of the first lines stay within ``limit`` bytes."""
    size = 0
    for number, line in enumerate(lines):
        size += len(line)
        if size > limit:
            return number
    return len(lines)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
