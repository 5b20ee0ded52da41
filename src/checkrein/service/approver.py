"""Permissions kept in the approval store, every change of them in the ledger first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkrein.core import UsageError
from checkrein.decide.approvals import Approval, ApprovalStore, Scope
from checkrein.service.approval import Wish


@dataclass(frozen=True, slots=True)
class Stopped:
    """An action that was stopped: its fingerprint in the store's terms, and one masked line on what it was."""

    fingerprint: str
    summary: str


@dataclass(frozen=True, slots=True)
class RecordedApprover:
    """``find`` looks up what was stopped under a decision's id; ``note`` writes a note into the ledger (kind, fields)."""

    store: ApprovalStore
    find: Callable[[str], Stopped | None]
    note: Callable[[str, Mapping[str, Any]], object]

    def describe(self, decision_id: str) -> str:
        """What would be permitted. UsageError where nothing was stopped under that id."""
        return self._stopped(decision_id).summary

    def grant(self, wish: Wish) -> str:
        """Permit it. LedgerError where that cannot be recorded or kept; nothing is permitted then."""
        stopped, now = self._stopped(wish.id), time.time()
        expires = now + wish.seconds if wish.seconds is not None else 0.0
        self.note("approval", {"change": "granted", "decision": wish.id, "span": wish.span.value, "expires": expires})
        made = self.store.add(
            stopped.fingerprint, wish.span, now=now, expires=expires, decision=wish.id, summary=stopped.summary
        )
        return f"Permitted {_lasting(made)}: {stopped.summary}"

    def refused(self, wish: Wish, why: str) -> None:
        """Record that nothing was permitted. LedgerError where that cannot be recorded."""
        self.note("approval", {"change": "refused", "decision": wish.id, "span": wish.span.value, "reason": why})

    def granted(self) -> Sequence[Mapping[str, Any]]:
        """The permissions that hold, oldest first."""
        return [
            {"id": item.decision, "lasts": _lasting(item), "what": item.summary} for item in self.store.holding(time.time())
        ]

    def revoke(self, decision_id: str) -> str:
        """Take back all permissions that were given under this id. UsageError where there is none."""
        found = [item for item in self.store.holding(time.time()) if item.decision == decision_id]
        if not found:
            raise UsageError(f"No permission holds for {decision_id}.", fix="`checkrein allow --list` shows those that do.")
        for item in found:
            self.store.withdraw(item.id)
        self.note("approval", {"change": "revoked", "decision": decision_id})
        return f"Taken back: {found[0].summary}"

    def _stopped(self, decision_id: str) -> Stopped:
        found = self.find(decision_id)
        if found is None:
            raise UsageError(
                f"Nothing that could be permitted was stopped as {decision_id}.",
                fix="`checkrein log` shows the ids; where it is an old one, let the agent try again and take the new id.",
            )
        return found


def _lasting(item: Approval) -> str:
    match item.scope:
        case Scope.ONCE:
            return "once"
        case Scope.UNTIL:
            return f"until {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(item.expires))}"
        case Scope.ALWAYS:
            return "from now on"
