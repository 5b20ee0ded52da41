"""What of an event is recorded: enough to understand it later, and never a secret.

Prompts, file contents and outputs are recorded by size and keyed digest alone. Commands, paths, URLs and the inputs of MCP
tools are recorded masked (``maskshell``, ``masktext``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from checkrein.core import Event, EventKind, Finding
from checkrein.ledger.encoding import canonical
from checkrein.ledger.maskshell import mask_command
from checkrein.ledger.masktext import MASK, is_sensitive, mask_text, mask_word

__all__ = ["MASK", "mask_command", "mask_finding", "mask_text", "shown_mapping", "summarize"]

LONGEST = 2000  # characters of a summary
_LONGEST_TEXT = 4000  # characters of one string that are looked at
_MOST_KEYS = 40
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


def summarize(event: Event) -> str:
    """One line or more on what was asked, masked; at most ``LONGEST`` characters."""
    if event.kind is EventKind.PROMPT:
        return f"prompt of {len(event.text)} characters"
    parts = []
    if event.text:
        parts.append(mask_text(event.text[:_LONGEST_TEXT]) if len(event.text) <= _LONGEST_TEXT else _amount(event.text))
    if event.input:
        parts.append(_summary_of_input(event.tool, event.input))
    if event.result is not None:
        parts.append(f"→ {_amount(event.result)}")
    summary = " ".join(parts)
    return summary if len(summary) <= LONGEST else summary[: LONGEST - 1] + "…"


def mask_finding(finding: Finding) -> Finding:
    """The finding with each of its texts masked."""
    return replace(
        finding,
        what=mask_text(finding.what),
        why=_mask_rule_text(finding.why),
        instead=_mask_rule_text(finding.instead),
        subject=mask_text(finding.subject),
        source=mask_text(finding.source),
        paths=tuple(map(mask_text, finding.paths)),
    )


@lru_cache(maxsize=1024)
def _mask_rule_text(text: str) -> str:
    """Rules say the same thing again and again. The cache keeps nothing that is longer than what a rule says."""
    return mask_text(text)


def _summary_of_input(tool: str, given: Mapping[str, Any]) -> str:
    match tool, given:
        case "Bash", {"command": str(command)}:
            return mask_command(command)
        case "Write", {"file_path": str(path), "content": str(content)}:
            return f"{mask_text(path)} ({_amount(content)})"
        case "Edit", {"file_path": str(path), "old_string": str(old), "new_string": str(new)}:
            return f"{mask_text(path)} ({_amount(old)} -> {_amount(new)})"
        case "Read", {"file_path": str(path)}:
            return mask_text(path)
        case _:
            return shown_mapping(given)


def shown_mapping(given: Mapping[str, Any], depth: int = 0) -> str:
    """``key=value`` for each, masked; nested values down to a depth of four."""
    shown = [f"{mask_text(str(key))}={_shown_value(str(key), value, depth)}" for key, value in list(given.items())[:_MOST_KEYS]]
    if len(given) > _MOST_KEYS:
        shown.append(f"… {len(given) - _MOST_KEYS} more")
    return " ".join(shown)


def _shown_value(key: str, value: object, depth: int) -> str:
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
            return f"'{mask_command(value)}'"
        case str():
            return f"'{mask_text(value)}'"
        case Mapping() if depth < _DEEPEST:
            return "{" + shown_mapping(value, depth + 1) + "}"
        case list() if depth < _DEEPEST and key.lower() not in _CONTENT_KEYS:
            shown = [_shown_value(key, item, depth + 1) for item in value[:_MOST_KEYS]]
            return "[" + ", ".join(shown) + (f", … {len(value) - _MOST_KEYS} more" if len(value) > _MOST_KEYS else "") + "]"
        case _:
            return f"({type(value).__name__}, {_amount(value)})"


def _amount(value: object) -> str:
    data = value.encode(errors="replace") if isinstance(value, str) else canonical(value)
    return f"{len(data)} bytes"
