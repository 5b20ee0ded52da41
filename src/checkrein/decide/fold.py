"""From findings to one decision, and to the words that the agent and the person read."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace

from checkrein.core import Action, Finding, Rule, Verdict
from checkrein.decide.approvals import Approval
from checkrein.locations import spoken

VERDICTS = {Action.ALLOW: Verdict.NONE, Action.SNAPSHOT: Verdict.NONE, Action.ASK: Verdict.ASK, Action.DENY: Verdict.DENY}
MAX_TOLD = 3
UNKEPT = "Such changes go ahead once a copy is kept. Without one nothing brings back what they replace or remove."
ASIDE = "Move what is at stake out of the way (mv), or do it in smaller parts, each of which can be kept."


def strictest(findings: Iterable[Finding]) -> Action:
    """The strictest action of all findings, ALLOW where there are none."""
    return max((finding.action for finding in findings), default=Action.ALLOW)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, the strictest and gravest first; each rule and subject once."""
    unique = {(finding.rule, finding.subject, finding.what): finding for finding in findings}
    return tuple(sorted(unique.values(), key=lambda finding: (-finding.action, -finding.severity.rank)))


def permitted(findings: Iterable[Finding], permission: Approval) -> list[Finding]:
    """The findings as remarks: a person permitted the action. What would be lost is still to be kept."""
    source = f"permitted by a person ({permission.scope}, {permission.id})"
    return [replace(finding, action=min(finding.action, Action.SNAPSHOT), source=source) for finding in findings]


def without(findings: Iterable[Finding]) -> list[Finding]:
    """The findings as remarks: what they speak of is left out of the call."""
    source = "leaving out what it speaks of"
    return [replace(finding, action=Action.ALLOW, source=source) for finding in findings]


def unkept(findings: Iterable[Finding], trouble: str, permission: Approval | None) -> tuple[Finding, ...]:
    """The findings where what would be lost cannot be kept: a person is asked, unless one permitted the action already."""
    action = Action.ALLOW if permission else Action.ASK
    said = [
        replace(finding, action=action, what=f"{finding.what}, and it cannot be kept: {trouble}", why=UNKEPT, instead=ASIDE)
        if finding.action is Action.SNAPSHOT
        else finding
        for finding in findings
    ]
    return ordered(permitted(said, permission) if permission else said)


_command = functools.cache(spoken)  # looks through the folders of PATH: once a process, not with each call that is stopped


def permit_hint(decision_id: str) -> str:
    """How a person can permit what was stopped."""
    return f"A person can permit this: {_command()} allow {decision_id} --once"


def message(findings: tuple[Finding, ...], rules: Mapping[str, Rule], permit: str) -> str:
    """What the agent is told: what was stopped and why, a safer way, and who can permit it. "" where nothing was stopped."""
    stopping = [finding for finding in findings if finding.action >= Action.ASK]
    if not stopping:
        return ""
    lines = []
    for finding in stopping[:MAX_TOLD]:
        title = rules[finding.rule].title if finding.rule in rules else finding.rule
        lines.append(f"{title} ({finding.rule}): {finding.what}.")
        if finding.why:
            lines.append(f"Why: {finding.why}")
        if finding.instead:
            lines.append(f"Instead: {finding.instead}")
    if len(stopping) > MAX_TOLD:
        lines.append(f"{len(stopping) - MAX_TOLD} more findings: checkrein explain shows them.")
    if permit:
        lines.append(permit)
    return "\n".join(lines)


def notice(findings: tuple[Finding, ...], decision_id: str, verdict: Verdict) -> str:
    """One line for the person, "" where nothing was stopped."""
    if verdict not in (Verdict.ASK, Verdict.DENY) or not findings:
        return ""
    word = "stopped" if verdict is Verdict.DENY else "asks about"
    return f"checkrein {word}: {findings[0].what} [{findings[0].rule}, checkrein explain {decision_id}]"
