"""The record as the protocol sees it: events of calls into which values were put are recorded with their placeholders."""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.core import Decision, Event
from checkrein.decide.asked import Asked
from checkrein.ledger import Ledger


@dataclass(frozen=True, slots=True)
class RecordedAsAsked:
    """Writes into ``ledger`` what the agent asked for."""

    ledger: Ledger
    asked: Asked

    def append(self, event: Event, decision: Decision, micros: int) -> object:
        """As ``Ledger.append``. Raises LedgerError."""
        return self.ledger.append(self.asked.of(event), decision, micros)
