"""``Entry``: one line of the record, and the hash chain that ties it to the one before.

The MAC of an entry is HMAC-SHA-256 over the MAC before it and the entry's canonical encoding: a JSON array of all its fields in
the order of ``FIELDS``, UTF-8, without spaces. Changing, removing, adding or moving an entry needs the key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from checkrein.core import Action, Finding, LedgerError, Severity, Threat

FIELDS = (
    "sequence",
    "at",
    "id",
    "kind",
    "name",
    "session",
    "project",
    "agent",
    "tool",
    "call",
    "verdict",
    "rewritten",
    "rules",
    "findings",
    "summary",
    "digest",
    "micros",
)
"""The columns that are covered by the MAC, in the order of their encoding."""

NOTE = "note"
"""The kind of entries about the service itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    ``sequence`` counts from 1; ``at`` is microseconds since the epoch; ``kind`` an EventKind's value, or ``note``; ``name`` the
    protocol's name of the event, or the kind of the note. ``rules`` and ``findings`` are JSON texts as they are stored.
    ``digest`` is the keyed digest of the full input (hex), ``micros`` the time the decision took. ``previous`` and ``mac``
    are hex.
    """

    sequence: int
    at: int
    id: str
    kind: str
    name: str
    session: str
    project: str
    agent: str
    tool: str
    call: str
    verdict: str
    rewritten: int
    rules: str
    findings: str
    summary: str
    digest: str
    micros: int
    previous: str
    mac: str

    @property
    def time(self) -> datetime:
        """When it was written, in UTC."""
        return datetime.fromtimestamp(self.at / 1_000_000, tz=UTC)

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules that spoke, in order. Raises LedgerError where the stored text is broken."""
        return tuple(self._decoded(self.rules))

    @property
    def parsed_findings(self) -> tuple[Finding, ...]:
        """The findings as they were recorded (masked). Raises LedgerError where the stored text is broken."""
        try:
            return tuple(_finding(item) for item in self._decoded(self.findings))
        except (KeyError, TypeError, ValueError) as error:
            raise self._broken(str(error)) from error

    def as_dict(self) -> dict[str, Any]:
        """All fields for JSON output: ``rules`` and ``findings`` decoded, the time in ISO 8601 beside ``at``."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in (*FIELDS, "previous", "mac")}
        fields["time"] = self.time.isoformat(timespec="microseconds")
        fields["rewritten"] = bool(self.rewritten)
        fields["rules"] = self._decoded(self.rules)
        fields["findings"] = self._decoded(self.findings)
        return fields

    def _decoded(self, text: str) -> list[Any]:
        try:
            decoded = orjson.loads(text)
        except (orjson.JSONDecodeError, TypeError) as error:
            raise self._broken(str(error)) from error
        if not isinstance(decoded, list):
            raise self._broken("it is not a list")
        return decoded

    def _broken(self, why: str) -> LedgerError:
        return LedgerError(f"entry {self.sequence} of the ledger is broken", why=why, fix="run `checkrein ledger verify`")


def first_previous(ledger_id: str) -> bytes:
    """What stands in for the MAC before the first entry: it ties the chain to this ledger."""
    return hashlib.sha256(b"checkrein ledger 1 " + ledger_id.encode(errors="replace")).digest()


def chain_mac(key: bytes, previous: bytes, fields: Sequence[object]) -> bytes:
    """The MAC of an entry whose ``FIELDS`` have the values ``fields``. TypeError where a value is not text or a number."""
    return hmac.digest(key, previous + orjson.dumps(list(fields)), "sha256")


def findings_json(findings: Sequence[Finding]) -> tuple[str, str]:
    """The ``rules`` and ``findings`` texts of an entry. The findings are expected to be masked."""
    rules = list(dict.fromkeys(finding.rule for finding in findings))
    items = [
        {
            "rule": finding.rule,
            "threat": finding.threat.value,
            "severity": finding.severity.value,
            "action": str(finding.action),
            "what": finding.what,
            "why": finding.why,
            "instead": finding.instead,
            "subject": finding.subject,
            "source": finding.source,
            "paths": list(finding.paths),
        }
        for finding in findings
    ]
    return orjson.dumps(rules).decode(), orjson.dumps(items).decode()


def _finding(item: dict[str, Any]) -> Finding:
    return Finding(
        rule=item["rule"],
        threat=Threat(item["threat"]),
        severity=Severity(item["severity"]),
        action=Action.parse(item["action"]),
        what=item["what"],
        why=item["why"],
        instead=item["instead"],
        subject=item["subject"],
        source=item["source"],
        paths=tuple(item["paths"]),
    )
