"""``Finding``: what one control has to say about an event, in the terms of one rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Severity(StrEnum):
    """How bad it would be. The order is ``rank``."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 4 (critical)."""
        return list(Severity).index(self)


class Threat(StrEnum):
    """The eight threats that Checkrein answers."""

    INSECURE_CODE = "T1"
    SUPPLY_CHAIN = "T2"
    PROMPT_INJECTION = "T3"
    DATA_LEAKAGE = "T4"
    MALICIOUS_MCP = "T5"
    FILE_CHANGES = "T6"
    DESTRUCTIVE_COMMANDS = "T7"
    SESSION_HIJACKING = "T8"

    @property
    def label(self) -> str:
        """The threat in words."""
        return self.name.replace("_", " ").lower()


class Action(IntEnum):
    """What a finding asks for, from the mildest to the strictest: the strictest of all findings wins."""

    ALLOW = 0  # recorded, nothing more
    SNAPSHOT = 1  # let it pass once the files that would be lost are kept
    ASK = 2
    DENY = 3

    @classmethod
    def parse(cls, word: str) -> Action:
        """The action named ``word`` (lower case). KeyError where there is none."""
        return cls[word.upper()]

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's verdict on an event. ``rule`` is a stable id such as ``git.push-force``.

    ``what`` says what would happen in this case, ``why`` why that matters, ``instead`` a safer way (may be empty).
    ``subject`` is what it is about (a path, a host, a command word); ``source`` names what in the policy set ``action``
    (``default``, or ``FILE:LINE``). No field ever holds a secret.
    """

    rule: str
    threat: Threat
    severity: Severity
    action: Action
    what: str
    why: str = ""
    instead: str = ""
    subject: str = ""
    source: str = "default"
    paths: tuple[str, ...] = ()  # absolute paths to keep a snapshot of, where action is SNAPSHOT
    without: tuple[str, ...] = ()  # names that a search or an archive could leave out instead, a folder's with a slash
