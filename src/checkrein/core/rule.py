"""``Rule`` and ``Notice``: metadata, from which messages, documentation, explanations and tests are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkrein.core.finding import Action, Finding, Severity, Threat


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
class Descriptor:
    """What rules and notices have in common (the ``reportingDescriptor`` of SARIF). ``instead`` is told to the agent."""

    id: str
    title: str
    threat: Threat
    severity: Severity
    action: Action
    why: str
    instead: str


@dataclass(frozen=True, slots=True)
class Rule(Descriptor):
    """One rule. ``suggests`` are commands in ``instead`` that must not be stopped."""

    references: tuple[str, ...]
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    suggests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice(Descriptor):
    """What a finding says that no rule raises: the guard's own trouble, and what it did to keep data here.

    ``when`` and ``not_when`` are cases in words. ``action`` is what is done; no policy changes it by the notice's id.
    """

    when: tuple[str, ...]
    not_when: tuple[str, ...]

    def finding(self, what: str, *, subject: str = "") -> Finding:
        """The finding in one case, which ``what`` tells."""
        return Finding(self.id, self.threat, self.severity, self.action, what, self.why, self.instead, subject)
