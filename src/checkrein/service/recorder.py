"""The record as the protocol sees it: what the agent asked for, and no value that is known to be sensitive.

Calls into which values were put are recorded with their placeholders; in all other texts values are masked.
"""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.core import Decision, Event
from checkrein.decide.asked import Asked
from checkrein.ledger import Ledger
from checkrein.service.hiding import Hiding


@dataclass(frozen=True, slots=True)
class MaskedRecorder:
    """Writes into ``ledger`` what the agent asked for, masked."""

    ledger: Ledger
    asked: Asked
    hiding: Hiding

    def append(self, event: Event, decision: Decision, micros: int) -> object:
        """As ``Ledger.append``. Raises LedgerError."""
        return self.ledger.append(self.asked.of(event), decision, micros, self.hiding.of(event))
