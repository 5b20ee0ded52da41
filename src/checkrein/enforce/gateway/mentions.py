"""Which files a conversation is about: those its tools were called on, and those the client says that it put in.

What stands in a text may have been written by anybody. It is good enough for the record and for keeping data of a class back,
never for saying where a value may return to: only a tool call's own input is the source of its result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from checkrein.enforce.gateway.jsonbody import BodyError, Json, value_at

COMMAND = "command"
_PATH_KEYS = {
    "Read": "file_path",
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "Write": "file_path",
    "NotebookRead": "notebook_path",
    "NotebookEdit": "notebook_path",
}
_MCP = re.compile(r"mcp__(.+?)__")
_CALLED = "Called the Read tool with the following input: "
_CONTENTS = re.compile(r"^Contents of (/[^\n]*?)(?: \([^()\n]*\))?:$", re.MULTILINE)
_FOLDER = re.compile(r"^[ \t]*(?:- )?(?:Primary w|W)orking directory: (/[^\n]*)$", re.MULTILINE)


def file_of(tool: str, given: Mapping[str, Json]) -> str:
    """The file that a call of ``tool`` is about, as its input names it; "" where it is about none."""
    path = given.get(_PATH_KEYS.get(tool, ""))
    return path if isinstance(path, str) else ""


def source_of(tool: str, given: Mapping[str, Json]) -> str:
    """Where the result of a call of ``tool`` comes from, as the vault says it: a path, ``mcp:SERVER`` or ``command``."""
    path = file_of(tool, given)
    if path.startswith("/"):
        return path
    server = _MCP.match(tool)
    return f"mcp:{server[1]}" if server else COMMAND


def files_in(text: str) -> Iterator[str]:
    """The files that the client says it put into ``text``: those of ``@file``, memory files and their imports."""
    at = text.find(_CALLED)
    while at >= 0:
        start = at + len(_CALLED)
        path = _input_path(text, start)
        if path:
            yield path
        at = text.find(_CALLED, start)
    if "Contents of /" in text:
        for found in _CONTENTS.finditer(text):
            yield found[1]


def folders_in(text: str) -> Iterator[str]:
    """The folders that the client says it works in."""
    if "orking directory: /" in text:
        for found in _FOLDER.finditer(text):
            yield found[1].rstrip()


def _input_path(text: str, at: int) -> str:
    try:
        given, _ = value_at(text, at)
    except BodyError:
        return ""
    return file_of("Read", given) if isinstance(given, dict) else ""
