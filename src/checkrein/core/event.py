"""``Event``: one thing that the agent does, reads, writes or sends, whatever protocol it was met in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What an event is about. Enforcement points map their protocol's names onto these."""

    TOOL_CALL = "tool-call"  # before a tool runs; the only kind that can be denied, asked or rewritten
    TOOL_RESULT = "tool-result"  # after it ran, with its output
    TOOL_FAILURE = "tool-failure"
    PROMPT = "prompt"  # what the user is about to send; can be denied
    CONFIG_CHANGE = "config-change"  # the client reloads a settings file; can be denied
    INSTRUCTIONS = "instructions"  # an instruction file was loaded
    SESSION_START = "session-start"
    SESSION_END = "session-end"
    LIFECYCLE = "lifecycle"  # everything else that is recorded and never blocks


@dataclass(frozen=True, slots=True)
class Event:
    """One event, in the terms of the agent, not of a protocol.

    ``input`` is the tool's input as the client sent it (JSON object); ``result`` its output (JSON value) or error text.
    ``cwd`` and ``project`` are absolute paths; ``project`` is the folder that the session was opened in. ``agent`` is the
    subagent's id, empty for the main agent. ``interactive`` tells whether a person can answer a prompt: None is unknown.
    """

    kind: EventKind
    session: str
    cwd: str
    project: str
    name: str = ""  # the protocol's own name of the event, e.g. "PreToolUse"
    tool: str = ""
    call: str = ""  # the tool call's id
    input: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    text: str = ""  # the prompt, or the path of a file that this event is about
    agent: str = ""
    permission_mode: str = "default"
    interactive: bool | None = None
    at: float = 0.0  # seconds since the epoch
