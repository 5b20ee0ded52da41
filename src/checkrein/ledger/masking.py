"""What of an event is recorded: enough to understand it later, and never a secret.

Prompts, answers, file contents and outputs are recorded by size and keyed digest alone. Commands, paths, URLs and the inputs of
MCP tools are recorded masked (``maskshell``, ``masktext``), after ``hide`` has masked what is known to be sensitive.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from checkrein.core import Event, EventKind, Finding
from checkrein.ledger.encoding import canonical
from checkrein.ledger.maskshell import mask_command
from checkrein.ledger.masktext import MASK, is_sensitive, mask_text, mask_word

__all__ = [
    "MASK",
    "Hide",
    "mask_command",
    "mask_finding",
    "mask_text",
    "shown_mapping",
    "summarize",
    "withheld",
    "withheld_finding",
]

Hide = Callable[[str], str]
"""Masks in a text what is known to be sensitive. What it raises keeps the text out of the record."""

LONGEST = 2000  # characters of a summary
_LONGEST_TEXT = 4000  # characters of one string that are looked at
_MOST_KEYS = 40
_MOST_TEXTS = 200  # strings of one input that are looked at
_LONGEST_COMMAND = 65_536  # characters of a command that are looked at; far more than a summary shows
_DEEPEST = 4
_CONTENT_KEYS = frozenset(
    [
        "prompt",
        "content",
        "contents",
        "new_string",
        "old_string",
        "new_source",
        "body",
        "text",
        "data",
        "html",
        "message",
        "plan",
        "edits",
        "file_text",
    ]
)
_COMMAND_KEYS = frozenset({"command", "cmd", "script"})
_NAMES = frozenset(
    [
        *("source", "trigger", "reason", "model", "mode", "action", "event", "status", "type"),
        *("file_path", "trigger_file_path", "parent_file_path", "globs", "memory_type", "load_reason"),
        *("old_cwd", "new_cwd", "directory", "worktree_path", "agent_transcript_path"),
        *("notification_type", "agent_type", "task_id", "teammate_name", "team_name", "mcp_server_name"),
        *("expansion_type", "command_name", "command_source"),
    ]
)
"""What an event without a tool may tell in words. Its other texts were said by a person or the model, or may be in time."""


def summarize(event: Event, hide: Hide) -> str:
    """One line or more on what was asked, masked; at most ``LONGEST`` characters. Raises what ``hide`` does."""
    if event.kind is EventKind.PROMPT:
        return f"prompt of {len(event.text)} characters"
    hide = _limited(hide)
    parts = []
    if event.text:
        parts.append(mask_text(hide(event.text)) if len(event.text) <= _LONGEST_TEXT else _amount(event.text))
    if event.input:
        parts.append(_summary_of_input(event.tool, event.input, hide))
    if event.result is not None:
        parts.append(f"→ {_amount(event.result)}")
    summary = " ".join(parts)
    return summary if len(summary) <= LONGEST else summary[: LONGEST - 1] + "…"


def withheld(event: Event) -> str:
    """What stands in place of ``summarize`` where the texts could not be searched: how much there was, and nothing of it."""
    amount = _amount({"text": event.text, "input": dict(event.input), "result": event.result})
    return f"({amount}, kept as a digest: they could not be searched for secrets)"


def mask_finding(finding: Finding, hide: Hide) -> Finding:
    """The finding with each of its texts masked. Raises what ``hide`` does."""

    def masked(text: str) -> str:
        return mask_text(hide(text)) if text else ""

    return replace(
        finding,
        what=masked(finding.what),
        why=_mask_rule_text(hide(finding.why)),
        instead=_mask_rule_text(hide(finding.instead)),
        subject=masked(finding.subject),
        source=masked(finding.source),
        paths=tuple(map(masked, finding.paths)),
    )


def withheld_finding(finding: Finding) -> Finding:
    """The finding without its texts, where they could not be searched: which rule spoke, and what it asked for."""
    amount = _amount(finding.what)
    return replace(finding, what=f"({amount}, not kept)", why="", instead="", subject="", source="", paths=())


def _limited(hide: Hide) -> Hide:
    """As ``hide``, for as many strings as one input may have: what comes behind them is told by its size."""
    count = itertools.count()
    return lambda text: hide(text) if next(count) < _MOST_TEXTS else f"({_amount(text)})"


@lru_cache(maxsize=1024)
def _mask_rule_text(text: str) -> str:
    """Rules say the same thing again and again. The cache keeps nothing that is longer than what a rule says."""
    return mask_text(text)


def _summary_of_input(tool: str, given: Mapping[str, Any], hide: Hide) -> str:
    match tool, given:
        case "Bash", {"command": str(command)}:
            return mask_command(hide(_beginning(command)))
        case "Write", {"file_path": str(path), "content": str(content)}:
            return f"{mask_text(hide(path))} ({_amount(content)})"
        case "Edit", {"file_path": str(path), "old_string": str(old), "new_string": str(new)}:
            return f"{mask_text(hide(path))} ({_amount(old)} -> {_amount(new)})"
        case "Read", {"file_path": str(path)}:
            return mask_text(hide(path))
        case "", _:
            return shown_mapping(
                {key: value if _may_be_told(key, value) else _Said(value) for key, value in given.items()}, hide
            )
        case _:
            return shown_mapping(given, hide)


def _beginning(command: str) -> str:
    """As much of a command as is looked at: whole words."""
    if len(command) <= _LONGEST_COMMAND:
        return command
    kept = re.sub(r"\S*\Z", "", command[:_LONGEST_COMMAND])
    return f"{kept}[{len(command) - len(kept)} more characters]"


class _Said:
    """A value of which only the size is told."""

    def __init__(self, value: object) -> None:
        self.value = value


def _may_be_told(key: str, value: object) -> bool:
    return key in _NAMES or value is None or isinstance(value, (bool, int, float))


def shown_mapping(given: Mapping[str, Any], hide: Hide, depth: int = 0) -> str:
    """``key=value`` for each, masked; nested values down to a depth of four. Raises what ``hide`` does."""
    items = [(str(key), value) for key, value in itertools.islice(given.items(), _MOST_KEYS)]
    keys = "\n".join(key for key, _ in items)
    told = hide(keys).split("\n")
    if len(told) != len(items):  # a line end in a key, or something sensitive over several of them
        told = [MASK] * len(items)
    shown = [
        f"{mask_text(name)}={_shown_value(key, value, hide, depth)}" for name, (key, value) in zip(told, items, strict=True)
    ]
    if len(given) > _MOST_KEYS:
        shown.append(f"… {len(given) - _MOST_KEYS} more")
    return " ".join(shown)


def _shown_value(key: str, value: object, hide: Hide, depth: int) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if is_sensitive(key):
        return MASK
    match value:
        case int() | float():
            return mask_word(str(value))
        case str() if key.lower() in _CONTENT_KEYS or len(value) > _LONGEST_TEXT:
            return f"({_amount(value)})"
        case str() if key.lower() in _COMMAND_KEYS:
            return f"'{mask_command(hide(_beginning(value)))}'"
        case str():
            return f"'{mask_text(hide(value))}'"
        case _Said():
            return f"({_amount(value.value)})"
        case Mapping() if depth < _DEEPEST:
            return "{" + shown_mapping(value, hide, depth + 1) + "}"
        case list() if depth < _DEEPEST and key.lower() not in _CONTENT_KEYS:
            shown = [_shown_value(key, item, hide, depth + 1) for item in value[:_MOST_KEYS]]
            return "[" + ", ".join(shown) + (f", … {len(value) - _MOST_KEYS} more" if len(value) > _MOST_KEYS else "") + "]"
        case _:
            return f"({type(value).__name__}, {_amount(value)})"


def _amount(value: object) -> str:
    data = value.encode(errors="replace") if isinstance(value, str) else canonical(value)
    return f"{len(data)} bytes"
