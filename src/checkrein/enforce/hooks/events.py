"""The table of Claude Code's hook events: what each is about, and how an answer can stop it.

Source: the client's hook reference, and runs of the real client (2.1.197 to 2.1.330) where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from checkrein.core import EventKind


class Stop(StrEnum):
    """How an answer stops what an event announces."""

    PERMISSION = "permission"  # hookSpecificOutput.permissionDecision: the only one that can also ask, approve or rewrite
    REQUEST = "request"  # hookSpecificOutput.decision.behavior of a permission prompt
    BLOCK = "block"  # decision "block" with a reason
    DECLINE = "decline"  # hookSpecificOutput.action of an MCP server's question
    NEVER = "never"  # the client honours nothing, or blocking would drive the agent on instead of stopping it


@dataclass(frozen=True, slots=True)
class HookEvent:
    """One event. ``text`` names the payload field that becomes ``Event.text`` ("" where there is none). Of what was said, only
    the prompt is: all else stands in ``Event.input``, of which the record tells no more than the size.

    ``required`` are payload fields that must be strings. ``tool`` events also need ``tool_name`` and ``tool_input``.
    ``http`` is False where the client runs no http hooks, and for the prompt, with which all else begins: a repository's
    settings can change which certificates the client trusts, but not whom the hook client believes. ``subscribe`` is False
    where a hook must not be registered, because the client hands the work itself to the hook or calls it for every piece of
    text on the screen.
    """

    name: str
    kind: EventKind
    stop: Stop
    text: str = ""
    required: tuple[str, ...] = ()
    tool: bool = False
    http: bool = True
    subscribe: bool = True


def _event(name: str, kind: EventKind = EventKind.LIFECYCLE, stop: Stop = Stop.NEVER, text: str = "") -> HookEvent:
    """An event without a tool and without required fields of its own."""
    return HookEvent(name, kind, stop, text)


_ALL = (
    HookEvent("SessionStart", EventKind.SESSION_START, Stop.NEVER, "source", http=False),
    HookEvent("Setup", EventKind.LIFECYCLE, Stop.NEVER, "trigger", http=False),
    _event("InstructionsLoaded", EventKind.INSTRUCTIONS, text="file_path"),
    HookEvent("UserPromptSubmit", EventKind.PROMPT, Stop.BLOCK, "prompt", required=("prompt",), http=False),
    HookEvent("UserPromptExpansion", EventKind.PROMPT, Stop.BLOCK, "prompt", required=("prompt",)),
    HookEvent("MessageDisplay", EventKind.LIFECYCLE, Stop.NEVER, subscribe=False),
    HookEvent("PreToolUse", EventKind.TOOL_CALL, Stop.PERMISSION, tool=True),
    HookEvent("PermissionRequest", EventKind.LIFECYCLE, Stop.REQUEST, tool=True),
    HookEvent("PermissionDenied", EventKind.LIFECYCLE, Stop.NEVER, "reason", tool=True),
    HookEvent("PostToolUse", EventKind.TOOL_RESULT, Stop.BLOCK, tool=True),
    HookEvent("PostToolUseFailure", EventKind.TOOL_FAILURE, Stop.NEVER, tool=True),
    _event("PostToolBatch", stop=Stop.BLOCK),
    _event("Notification"),
    _event("SubagentStart", text="agent_type"),
    _event("SubagentStop"),
    _event("TaskCreated", stop=Stop.BLOCK),
    _event("TaskCompleted"),
    _event("TeammateIdle", text="teammate_name"),
    _event("Stop"),
    _event("StopFailure"),
    _event("ConfigChange", EventKind.CONFIG_CHANGE, Stop.BLOCK, "file_path"),
    _event("CwdChanged", text="new_cwd"),
    _event("FileChanged", text="file_path"),
    _event("DirectoryAdded", text="directory"),
    HookEvent("WorktreeCreate", EventKind.LIFECYCLE, Stop.NEVER, "name", subscribe=False),
    HookEvent("WorktreeRemove", EventKind.LIFECYCLE, Stop.NEVER, "worktree_path", subscribe=False),
    _event("PreCompact", stop=Stop.BLOCK),
    _event("PostCompact"),
    _event("Elicitation", stop=Stop.DECLINE),
    _event("ElicitationResult", stop=Stop.DECLINE),
    HookEvent("SessionEnd", EventKind.SESSION_END, Stop.NEVER, "reason"),
)

EVENTS: dict[str, HookEvent] = {event.name: event for event in _ALL}
"""All 31 events by their name in the protocol."""


def unknown(name: str) -> HookEvent:
    """What stands for an event that is not in the table: newer clients may send one, and may honour ``decision: block``."""
    return HookEvent(name, EventKind.LIFECYCLE, Stop.BLOCK)
