"""What the service clears away: old snapshots, sessions that nobody goes on with, and redacted values that nobody used."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from checkrein.core import CheckreinError
from checkrein.decide import SessionStore
from checkrein.policy import PolicyStore
from checkrein.undo import SnapshotStore
from checkrein.vault.lazy import LazyVault

log = logging.getLogger("checkrein.service")

EVERY_SECONDS = 86_400.0
_NAMED = 50


@dataclass(frozen=True, slots=True)
class Upkeep:
    """``home`` is the folder whose policy says how long snapshots are kept; ``note`` writes into the record (kind, fields)."""

    snapshots: SnapshotStore
    sessions: SessionStore
    policies: PolicyStore
    home: str
    note: Callable[[str, Mapping[str, Any]], object]
    vault: LazyVault | None = None

    def run(self) -> None:
        """Clear away and record it. Never raises: what could not be done is in the log, and tried again the next time."""
        for what, task in (("snapshots", self._snapshots), ("sessions", self._sessions), ("values", self._values)):
            try:
                task()
            except CheckreinError as error:
                log.error("old %s were not cleared away: %s", what, error)
            except OSError as error:
                log.error("old %s were not cleared away: %s", what, error.strerror)

    def _snapshots(self) -> None:
        keep_days = self.policies.current(self.home).policy.undo.keep_days
        gone = self.snapshots.prune(keep_days)
        if gone.snapshots:
            named = ", ".join(gone.snapshots[:_NAMED])
            more = f" and {len(gone.snapshots) - _NAMED} more" if len(gone.snapshots) > _NAMED else ""
            self.note("pruned", {"snapshots": named + more, "bytes": gone.size, "keep_days": keep_days})

    def _sessions(self) -> None:
        gone = self.sessions.prune()
        if gone:
            self.note("pruned", {"sessions": gone})

    def _values(self) -> None:
        redaction = self.policies.current(self.home).policy.privacy.redaction
        gone = self.vault.expire(redaction.expire_days) if self.vault is not None and redaction.enabled else 0
        if gone:
            self.note("pruned", {"values": gone, "keep_days": redaction.expire_days})
