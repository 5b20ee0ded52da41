"""What a tool call of the client would do, in the same effects as a command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from checkrein.core import Effect, EffectKind, Flag
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.detect.shell.model import World, absolute

PATH_KEYS = frozenset(
    {
        *("path", "paths", "file", "files", "file_path", "filepath", "filename", "file_name", "uri", "directory"),
        *("dir", "folder", "source", "src", "destination", "dest", "target", "from", "to", "old_path", "new_path"),
        *("root", "cwd", "notebook_path", "output", "input_path", "output_path"),
    }
)
COMMAND_KEYS = frozenset(("command", "cmd", "script", "shell_command", "commandline", "bash"))
SQL_KEYS = frozenset(("sql", "query", "statement"))
DELETING = ("delete", "remove", "unlink", "rmdir", "trash", "destroy", "purge", "erase")
MOVING = ("move", "rename")
WRITING = (
    "write",
    "edit",
    "create",
    "update",
    "append",
    "save",
    "put",
    "patch",
    "insert",
    "replace",
    "copy",
    "mkdir",
    "touch",
    "set",
    "apply",
    "upload",
    "modify",
)
READING = ("read", "get", "cat", "open", "view", "fetch", "load", "search", "grep", "show", "download", "head", "tail")
MAX_DEPTH = 6


def tool_analysis(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Analysis:
    """The effects of one tool call. ``given`` is the tool's input; values of a wrong type count as absent."""
    if tool in ("Bash", "BashTool", "Shell", "Monitor"):
        return analyse(_text(given, "command"), world, cwd)
    if tool.startswith("mcp__"):
        return _mcp(tool, given, world, cwd)
    return Analysis(effects=list(_effects(tool, given, world, cwd)))


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _effects(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Iterator[Effect]:
    match tool:
        case "Read" | "NotebookRead":
            path = _text(given, "file_path") or _text(given, "notebook_path")
            yield Effect(EffectKind.READ, expanded(path, world, cwd), tool, flags=Flag.CONTENT_OUT)
        case "Write":
            path, content = expanded(_text(given, "file_path"), world, cwd), given.get("content")
            yield Effect(EffectKind.WRITE, path, tool, text=content if isinstance(content, str) else None)
        case "Edit" | "MultiEdit" | "NotebookEdit" | "Update":
            path = _text(given, "file_path") or _text(given, "notebook_path")
            target = expanded(path, world, cwd)
            yield Effect(EffectKind.WRITE, target, tool, flags=Flag.IN_PLACE, text=_edited(given, world, target))
        case "Grep":
            path = expanded(_text(given, "path") or ".", world, cwd)
            printing = _text(given, "output_mode") == "content"
            flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if printing else Flag.NONE)
            detail = f"include:{_text(given, 'glob')}" if _text(given, "glob") else ""
            yield Effect(EffectKind.READ, path, tool, flags=flags, detail=detail)
        case "Glob" | "LS":
            yield Effect(EffectKind.LIST, expanded(_text(given, "path") or ".", world, cwd), tool, flags=Flag.RECURSIVE)
        case "WebFetch":
            yield Effect(EffectKind.FETCH, _text(given, "url"), tool)
        case _:
            return


def expanded(path: str, world: World, cwd: str) -> str:
    """A path as the client's tools open it: ``~`` is the home folder, relative ones start at ``cwd``."""
    path = path.replace("\0", "")
    if path == "~" or path.startswith("~/"):
        path = world.home + path[1:]
    return absolute(path, cwd)


def _edited(given: Mapping[str, Any], world: World, path: str) -> str | None:
    """The file's text after an Edit, None where it cannot be told."""
    old, new = given.get("old_string"), given.get("new_string")
    if not isinstance(old, str) or not isinstance(new, str):
        return None
    if not old:
        return new
    text = world.read_text(path)
    if text is None or old not in text:
        return None
    return text.replace(old, new) if given.get("replace_all") is True else text.replace(old, new, 1)


def _mcp(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Analysis:
    """An MCP tool: its name says what it does, its arguments to what. Commands and SQL in them are read as such."""
    action = tool.rsplit("__", 1)[-1].lower()
    analysis = Analysis()
    text = next(
        (
            value
            for key, value in given.items()
            if key.lower() in ("content", "text", "contents", "data") and isinstance(value, str)
        ),
        None,
    )
    for key, value in _strings(given):
        if key in COMMAND_KEYS:
            inner = analyse(value, world, cwd)
            analysis.effects.extend(inner.effects)
            analysis.programs.extend(inner.programs)
            analysis.problems.extend(inner.problems)
        elif key in SQL_KEYS and " " in value:
            from checkrein.detect.shell.sql import looks_like_sql, sql_effects  # noqa: PLC0415 - heavy

            if looks_like_sql(value):
                analysis.effects.extend(sql_effects(value))
        elif key in PATH_KEYS or value.startswith(("/", "~/", "./", "../", "file://")):
            if "\n" in value or len(value) > 4096 or value.startswith(("http://", "https://")):
                continue
            analysis.effects.append(_path_effect(action, tool, key, _local(value, world, cwd), text))
    return analysis


def _local(value: str, world: World, cwd: str) -> str:
    if value.startswith("file://"):
        value = unquote(urlsplit(value).path)
    return expanded(value, world, cwd)


def _path_effect(action: str, tool: str, key: str, path: str, text: str | None) -> Effect:
    words = set(action.replace("-", "_").split("_"))
    if words.intersection(DELETING):
        return Effect(EffectKind.DELETE, path, tool, flags=Flag.RECURSIVE)
    if words.intersection(MOVING):
        kind = EffectKind.MOVE if key in ("source", "src", "from", "old_path", "path") else EffectKind.WRITE
        return Effect(kind, path, tool)
    if words.intersection(WRITING) and not words.intersection(READING) and key not in ("source", "src", "from", "cwd", "root"):
        return Effect(EffectKind.WRITE, path, tool, flags=Flag.IN_PLACE, text=text)
    if words.intersection(("list", "tree", "stat", "info", "exists")):
        return Effect(EffectKind.LIST, path, tool)
    return Effect(EffectKind.READ, path, tool, flags=Flag.CONTENT_OUT)


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """(key, text) of every string in a JSON value, at most ``MAX_DEPTH`` deep."""
    if isinstance(value, str):
        yield key, value
    elif depth < MAX_DEPTH and isinstance(value, Mapping):
        for name, item in value.items():
            yield from _strings(item, str(name).lower(), depth + 1)
    elif depth < MAX_DEPTH and isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item, key, depth + 1)
