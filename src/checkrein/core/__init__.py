"""The vocabulary of Checkrein: events, effects, findings, decisions and errors. No I/O; imports nothing of ours."""

from checkrein.core.decision import Decision, Verdict
from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.core.errors import (
    CheckreinError,
    ClientError,
    LedgerError,
    PolicyError,
    RedactionError,
    ScanError,
    ServiceError,
    SettingsError,
    UndoError,
    UsageError,
    VaultError,
)
from checkrein.core.event import Event, EventKind
from checkrein.core.finding import Action, Finding, Severity, Threat
from checkrein.core.rule import Descriptor, Example, Notice, Rule

__all__ = [
    "Action",
    "CheckreinError",
    "ClientError",
    "Decision",
    "Descriptor",
    "Effect",
    "EffectKind",
    "Event",
    "EventKind",
    "Example",
    "Finding",
    "Flag",
    "LedgerError",
    "Notice",
    "PolicyError",
    "RedactionError",
    "Rule",
    "ScanError",
    "ServiceError",
    "SettingsError",
    "Severity",
    "Threat",
    "UndoError",
    "UsageError",
    "VaultError",
    "Verdict",
]
