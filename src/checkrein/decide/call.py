"""One call on its way through the decision point: as the agent made it, and as its tool gets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checkrein.controls import Placeholders
from checkrein.core import Event, EventKind, Finding, VaultError
from checkrein.decide.restore import Restoration, Values, restored
from checkrein.detect.shell.interpreter import Analysis
from checkrein.policy import Policy
from checkrein.rules import load_notices

_UNAVAILABLE = load_notices()["vault.unavailable"]


@dataclass(frozen=True, slots=True)
class Call:
    """``event`` is what the agent asked for, ``restoration`` what becomes of it where values are put back.

    ``trouble`` are findings of their own: why values cannot be put back.
    """

    event: Event
    restoration: Restoration | None = None
    trouble: tuple[Finding, ...] = ()

    @property
    def given(self) -> Event:
        """The event as its tool gets it."""
        return self.restoration.event if self.restoration else self.event

    @property
    def changed(self) -> Mapping[str, Any] | None:
        """The tool's input with values, None where it holds none."""
        return self.given.input if self.given.input != self.event.input else None

    @property
    def placeholders(self) -> Placeholders:
        """The placeholders in it."""
        return self.restoration.placeholders if self.restoration else Placeholders()

    def hidden(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings without the values."""
        return [self.restoration.hidden(finding) for finding in findings] if self.restoration else list(findings)

    def remembered(self, analysis: Analysis) -> Analysis:
        """What may be remembered of the call."""
        return self.restoration.remembered(analysis) if self.restoration else analysis


def call_of(event: Event, policy: Policy, vault: Values | None) -> Call:
    """The call with the values of its placeholders, where there is a vault and the policy redacts."""
    if vault is None or event.kind is not EventKind.TOOL_CALL or not policy.privacy.redaction.enabled:
        return Call(event)
    try:
        return Call(event, restored(event, vault))
    except VaultError as error:
        what = f"the values of its placeholders cannot be put back: {error.what}"
        notice = _UNAVAILABLE.finding(what)
        finding = replace(notice, why=error.why or notice.why, instead=error.fix or notice.instead)
        return Call(event, trouble=(finding,))
