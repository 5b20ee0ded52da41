"""What the client's own tools take: where a call has another shape, nobody can say what it would do.

Source: the tools' schemas as the client sends them to the API. Only what decides about the effect is looked at: the client
itself reads a number or a truth value given as text, and leaves out what is optional or gives it as null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("Bash", "BashTool", "Shell"), (("command",),)),
    **dict.fromkeys(("Read", "NotebookRead"), (("file_path", "notebook_path"),)),
    "Write": (("file_path",), ("content",)),
    **dict.fromkeys(("Edit", "Update"), (("file_path",), ("old_string",), ("new_string",))),
    "MultiEdit": (("file_path",),),
    "NotebookEdit": (("notebook_path", "file_path"),),
    "Grep": (("pattern",),),
    "Glob": (("pattern",),),
    "LS": (("path",),),
    "WebFetch": (("url",),),
}
"""For each tool the texts that it cannot do without; where several names stand together, one of them."""

TEXTS = frozenset(
    {
        *("command", "file_path", "notebook_path", "path", "content", "old_string", "new_string", "new_source", "pattern"),
        *("glob", "url", "output_mode", "edit_mode", "cell_id"),
    }
)
"""Arguments of these tools that are text wherever they are given."""


def misshapen(tool: str, given: Mapping[str, Any]) -> str:
    """What is wrong with the input of one of the client's own tools, in one clause; "" where nothing is."""
    needed = NEEDED.get(tool)
    if needed is None:
        return ""
    for name in sorted(TEXTS & given.keys()):
        if given[name] is not None and not isinstance(given[name], str):
            return f"{name} is not text"
    for names in needed:
        if all(given.get(name) is None for name in names):
            return f"{names[0]} is missing"
    for name in ("command", "file_path", "notebook_path", "path"):
        if "\0" in (given.get(name) or ""):
            return f"{name} holds a NUL character"
    return _edits(given.get("edits")) if tool == "MultiEdit" else ""


def _edits(edits: object) -> str:
    fine = isinstance(edits, list) and all(
        isinstance(edit, dict) and isinstance(edit.get("old_string"), str) and isinstance(edit.get("new_string"), str)
        for edit in edits
    )
    return "" if fine else "edits is no list of replacements"
