"""Remembers what was stopped, so that a person can permit it by the id of the decision."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from checkrein.core import Decision, Event, EventKind
from checkrein.decide.approvals import fingerprint
from checkrein.enforce.hooks.protocol import PolicyDecisionPoint
from checkrein.service.approver import Stopped

REMEMBERED = 4096


class StoppedActions:
    """A decision point around another one. Only fingerprints are kept; ``summary`` gives the masked line of a decision's id."""

    def __init__(self, point: PolicyDecisionPoint, key: bytes, summary: Callable[[str], str]) -> None:
        self._point, self._key, self._summary = point, key, summary
        self._actions: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def decide(self, event: Event) -> Decision:
        """The inner decision; what it stops is remembered."""
        return self._remembered(event, self._point.decide(event))

    def at_once(self, event: Event) -> Decision | None:
        """As ``decide``, for what is decided at once."""
        decision = self._point.at_once(event)
        return decision and self._remembered(event, decision)

    def _remembered(self, event: Event, decision: Decision) -> Decision:
        if decision.stops and event.kind is EventKind.TOOL_CALL:
            action = fingerprint(self._key, event.project, event.tool, event.input)
            with self._lock:
                self._actions[decision.id] = action
                if len(self._actions) > REMEMBERED:
                    self._actions.popitem(last=False)
        return decision

    def find(self, decision_id: str) -> Stopped | None:
        """What was stopped under this id; None where nothing was, or too long ago."""
        with self._lock:
            action = self._actions.get(decision_id)
        return None if action is None else Stopped(action, self._summary(decision_id))
