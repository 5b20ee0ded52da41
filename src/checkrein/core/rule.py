"""``Rule``: the metadata of one rule, from which documentation, explanations and tests are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkrein.core.finding import Action, Severity, Threat


@dataclass(frozen=True, slots=True)
class Example:
    """One case of a rule: a tool call, and the files that stand in the project before it.

    ``tool`` and ``input`` are as the client sends them (``Bash`` with ``{"command": ...}`` where an example is written as a
    plain string). ``files`` maps project-relative paths to their text; ``tracked`` names those that git has committed.
    """

    tool: str
    input: Mapping[str, Any]
    files: Mapping[str, str]
    tracked: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line that shows the case."""
        return str(self.input.get("command") or f"{self.tool} {dict(self.input)}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``instead`` is told to the agent as a safer way; ``suggests`` are commands in it that must not be stopped."""

    id: str
    title: str
    threat: Threat
    severity: Severity
    action: Action
    why: str
    instead: str
    references: tuple[str, ...]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    suggests: tuple[str, ...] = ()
