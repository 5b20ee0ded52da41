"""``Decision``: the one answer that an event gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from checkrein.core.finding import Finding


class Verdict(StrEnum):
    """``NONE`` means no objection: the client's own permission prompt still stands. ``APPROVE`` spares that prompt."""

    NONE = "allow"
    APPROVE = "approve"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one event, folded from all findings.

    ``message`` is for the agent: why, a safer way, what was changed. ``notice`` is one line for the person. ``updated_input``
    replaces the tool's whole input where it is not None, ``updated_output`` what the tool gave back, in exactly its shape.
    ``id`` is the short id under which the ledger keeps it.
    """

    id: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    message: str = ""
    notice: str = ""
    updated_input: Mapping[str, Any] | None = None
    updated_output: Any = None

    @property
    def stops(self) -> bool:
        """True where the action does not simply go ahead."""
        return self.verdict in (Verdict.ASK, Verdict.DENY)
