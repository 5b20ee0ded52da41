"""What a tool call of the client would do, in the same effects as a command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkrein.core import Effect, EffectKind, Flag
from checkrein.detect.arguments import arguments_analysis, expanded
from checkrein.detect.shell.interpreter import Analysis, analyse
from checkrein.detect.shell.links import Links, met
from checkrein.detect.shell.model import World

QUIET = frozenset(
    {
        *("Agent", "AgentOutputTool", "AskUserQuestion", "BashOutput", "CronCreate", "CronDelete", "CronList", "EnterPlanMode"),
        *("EnterWorktree", "ExitPlanMode", "ExitWorktree", "KillBash", "KillShell", "ListMcpResources"),
        *("ListMcpResourcesTool", "ReportFindings", "ScheduleWakeup", "SendMessage", "Skill", "SlashCommand"),
        *(
            "StructuredOutput",
            "Task",
            "TaskCreate",
            "TaskGet",
            "TaskList",
            "TaskOutput",
            "TaskStop",
            "TaskUpdate",
            "TeamCreate",
        ),
        *("TeamDelete", "TodoRead", "TodoWrite", "ToolSearch", "WebSearch", "Workflow"),
    }
)
"""The client's tools that only plan, ask, or start sessions of its own: what those do comes through the hooks, call by call.

CronCreate and ScheduleWakeup belong to them: what they keep is a prompt for a hooked session, not a program."""

SHELLS = frozenset(("Bash", "BashTool", "Shell", "Monitor"))
"""The client's tools that run a command line, which they are given as ``command``."""


def tool_analysis(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Analysis:
    """The effects of one tool call. ``given`` is the tool's input; values of a wrong type count as absent (see ``shapes``)."""
    if tool in SHELLS:
        return analyse(_text(given, "command"), world, cwd, background=given.get("run_in_background") is True)
    if tool in QUIET:
        return Analysis()
    effect = _effect(tool, given, world, cwd)
    if effect is None:
        return arguments_analysis(tool, given, world, cwd)
    with met(Links(world.real)):  # a tool may fold ``..`` by itself, or leave it to the kernel
        followed = _effect(tool, given, world, cwd)
    return Analysis(effects=[effect] if followed in (None, effect) else [effect, followed])


def _text(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _effect(tool: str, given: Mapping[str, Any], world: World, cwd: str) -> Effect | None:
    """The effect of one of the client's own file and web tools; None for every other tool."""
    match tool:
        case "Read" | "NotebookRead":
            path = _text(given, "file_path") or _text(given, "notebook_path")
            return Effect(EffectKind.READ, expanded(path, world, cwd), tool, flags=Flag.CONTENT_OUT)
        case "Write":
            path, content = expanded(_text(given, "file_path"), world, cwd), given.get("content")
            return Effect(EffectKind.WRITE, path, tool, text=content if isinstance(content, str) else None)
        case "Edit" | "MultiEdit" | "NotebookEdit" | "Update":
            path = _text(given, "file_path") or _text(given, "notebook_path")
            target = expanded(path, world, cwd)
            return Effect(EffectKind.WRITE, target, tool, flags=Flag.IN_PLACE, text=_edited(given, world, target))
        case "Grep":
            path = expanded(_text(given, "path") or ".", world, cwd)
            printing = _text(given, "output_mode") == "content"
            flags = Flag.RECURSIVE | (Flag.CONTENT_OUT if printing else Flag.NONE)
            detail = f"include:{_text(given, 'glob')}" if _text(given, "glob") else ""
            return Effect(EffectKind.READ, path, tool, flags=flags, detail=detail)
        case "Glob" | "LS":
            return Effect(EffectKind.LIST, expanded(_text(given, "path") or ".", world, cwd), tool, flags=Flag.RECURSIVE)
        case "WebFetch":
            return Effect(EffectKind.FETCH, _text(given, "url"), tool)
        case _:
            return None


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
