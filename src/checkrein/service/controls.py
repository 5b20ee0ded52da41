"""What the service does on request over its Unix socket: health, permissions, reading the policy anew."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checkrein import __version__
from checkrein.core import CheckreinError, UsageError
from checkrein.decide.approvals import Scope
from checkrein.service.approval import Approver, Consent, Wish, as_body
from checkrein.service.server import Reply, Request

MAX_FOR_SECONDS = 30 * 24 * 3600


@dataclass(slots=True)
class ServiceControls:
    """``reload_policy`` reads the policy files anew and says what holds now; ``extra`` adds to what /health tells.

    ``trouble`` says on one line why nothing can be recorded, and so why every call is stopped; empty while all is well.
    """

    consent: Consent
    approver: Approver
    reload_policy: Callable[[], Mapping[str, Any]]
    extra: Callable[[], Mapping[str, Any]] = field(default=dict)
    started: float = field(default_factory=time.time)
    trouble: Callable[[], str] = field(default=str)

    def health(self) -> Mapping[str, Any]:
        """Version, process id and age of the worker, what others add, and ``trouble`` where there is any."""
        trouble = self.trouble()
        told = {"trouble": trouble} if trouble else {}
        return {"version": __version__, "pid": os.getpid(), "since": self.started, **self.extra(), **told}

    def control(self, action: str, request: Request) -> Reply:
        """Do ``action``; errors of ours become a reply with what, why and fix."""
        try:
            return Reply(self._do(action, request))
        except CheckreinError as error:
            return Reply(as_body(error), 400)

    def _do(self, action: str, request: Request) -> Mapping[str, Any]:
        if action == "allow":
            return {"handle": self.consent.ask(request.peer, _wish(request.body))}
        if action == "allow/confirm":
            return {"granted": self.consent.confirm(request.peer, _text(request.body, "handle"), _text(request.body, "code"))}
        if action == "allow/list":
            return {"approvals": [dict(item) for item in self.approver.granted()]}
        if action == "allow/revoke":  # takes rights away: nobody has to prove to be a person for that
            return {"revoked": self.approver.revoke(_text(request.body, "id"))}
        if action == "policy/reload":
            return self.reload_policy()
        raise UsageError(
            f"The service knows no action {action!r}.", fix="Run `checkrein up`: command and service may differ in age."
        )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise UsageError(f"The request has no {name}.")
    return value


def _wish(body: Mapping[str, Any]) -> Wish:
    try:
        span = Scope(_text(body, "span"))
    except ValueError as exc:
        raise UsageError("A permission lasts once, for a time, or always.") from exc
    seconds = body.get("seconds")
    if (span is Scope.UNTIL) != isinstance(seconds, int | float):
        raise UsageError("A permission for a time needs that time, and no other does.")
    if isinstance(seconds, int | float) and not 0 < seconds <= MAX_FOR_SECONDS:
        raise UsageError("A permission for a time lasts at most 30 days.", fix="Use --always, or change the policy.")
    return Wish(_text(body, "id"), span, None if seconds is None else float(seconds))
