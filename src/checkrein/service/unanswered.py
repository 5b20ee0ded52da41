"""Stops a prompt whose session goes through a gateway that does not answer: the client alone would try for minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.enforce.hooks.protocol import PolicyDecisionPoint
from checkrein.rules import load_notices
from checkrein.service import manage_gateway
from checkrein.service.paths import ServicePaths

WAIT_SECONDS = 2.0
"""How long a gateway may take to come up again: less than a decision may take."""
_LOOK_SECONDS = 0.05
_NOTICE = load_notices()["guard.gateway-down"]


def trouble(paths: ServicePaths) -> str:
    """Why nobody would answer at the gateway's address now; "" where somebody does. It reads three small files."""
    if manage_gateway.unit_of(paths).running_pid() is None:
        return "the gateway does not run"
    return "" if manage_gateway.serving(paths) else "no worker of the gateway serves"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The decision point ``point``, for prompts as well.

    ``routed`` tells whether a session goes through the gateway, ``trouble`` why that is down ("" where it is not).
    """

    point: PolicyDecisionPoint
    routed: Callable[[str], bool]
    trouble: Callable[[], str]
    wait: float = WAIT_SECONDS

    def decide(self, event: Event) -> Decision:
        """See ``PolicyDecisionPoint``. A gateway that is about to come up again is waited for."""
        decision = self.point.decide(event)
        if event.kind is not EventKind.PROMPT or decision.verdict is Verdict.DENY or not self.routed(event.session):
            return decision
        deadline = time.monotonic() + self.wait
        while why := self.trouble():
            if time.monotonic() > deadline:
                return _stopped(decision, why)
            time.sleep(_LOOK_SECONDS)
        return decision

    def at_once(self, event: Event) -> Decision | None:
        """See ``PolicyDecisionPoint``."""
        return None if event.kind is EventKind.PROMPT else self.point.at_once(event)


def _stopped(decision: Decision, why: str) -> Decision:
    finding = _NOTICE.finding(why)
    return replace(
        decision,
        verdict=Verdict.DENY,
        findings=(finding, *decision.findings),
        message=f"Not sent: {why}. {finding.instead}",
        notice=f"checkrein stopped: {why} [{finding.rule}, checkrein explain {decision.id}]",
    )
