"""Which projects the transcripts are of: their own secrets are looked for in every copy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import orjson

from checkrein.sweep import rewrite
from checkrein.sweep.places import Copy

_LINES = 20  # of a transcript in which its folder is named
_LONGEST = 1_000_000  # bytes of a line that is looked at


def projects(found: Iterable[Copy]) -> tuple[str, ...]:
    """The folders that the transcripts among ``found`` name, and that are still there: absolute paths, each once."""
    named = dict.fromkeys(_project(copy.path) for copy in found if not copy.is_dir and copy.path.endswith(".jsonl"))
    return tuple(path for path in named if path and Path(path).is_dir())


def _project(path: str) -> str:
    """The folder that a transcript is of, "" where it does not tell."""
    try:
        with rewrite.opened(path) as file:
            for _ in range(_LINES):
                try:
                    record = orjson.loads(file.readline(_LONGEST))
                except orjson.JSONDecodeError:
                    continue
                folder = record.get("cwd") if isinstance(record, dict) else None
                if isinstance(folder, str) and folder.startswith("/"):
                    return folder
    except OSError:
        return ""
    return ""
