"""The policy decision point: one event in, one decision out."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from checkrein.controls import CONTROLS, Context, Guard
from checkrein.core import (
    Action,
    Decision,
    Effect,
    EffectKind,
    Event,
    EventKind,
    Finding,
    Flag,
    Rule,
    Severity,
    Threat,
    UndoError,
    Verdict,
)
from checkrein.core.effect import UNKNOWN
from checkrein.decide import fold, harmless
from checkrein.decide.approvals import ApprovalStore, fingerprint
from checkrein.decide.sessions import Session, SessionStore
from checkrein.detect.paths import Places
from checkrein.detect.shell.interpreter import Analysis
from checkrein.detect.tools import tool_analysis
from checkrein.observe.disk import Disk, standard_environment
from checkrein.observe.git import State
from checkrein.observe.view import GitView, git_config
from checkrein.policy import Approval, IgnoreTree, Policy, PolicyStore
from checkrein.undo import SnapshotStore

JUDGED = frozenset((EventKind.TOOL_CALL, EventKind.PROMPT, EventKind.CONFIG_CHANGE))
MAX_EFFECTS = 600
PATH_MAX = 4096
WARMING = (
    "ls -l | grep x && git status",
    "python3 -c 'print(1)'",
    "node -e '1'",
    "ruby -e '1'",
    "perl -e '1'",
    "php -r '1;'",
    "awk '{print}' x",
    "psql -c 'delete from t where id = 1'",
    "kubectl get pods; docker ps; aws s3 ls; curl -s http://localhost/",
)
TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/")  # noqa: S108 - compared, never opened


def judgeable(effects: Sequence[Effect]) -> Iterator[Effect]:
    """The effects that the controls look at: at most ``MAX_EFFECTS``, with paths that a file system can hold.

    What is left out is an effect of its own, decided by the policy's ``unknown``: nothing is silently dropped.
    """
    for effect in effects[:MAX_EFFECTS]:
        if len(effect.target) > PATH_MAX or len(effect.to) > PATH_MAX:
            what = f"{effect.program} {effect.target[:60]}"
            yield Effect(EffectKind.UNRESOLVED, what, "", detail="the path is too long to be one")
        else:
            yield effect
    if len(effects) > MAX_EFFECTS:
        what = f"{len(effects) - MAX_EFFECTS} more effects"
        yield Effect(EffectKind.UNRESOLVED, what, "", detail=f"one call has more than the {MAX_EFFECTS} that are looked at")


@dataclass(frozen=True, slots=True)
class Stores:
    """What the decision point keeps: the policies, the sessions, and, where a service runs it, snapshots and permissions."""

    policies: PolicyStore
    sessions: SessionStore
    snapshots: SnapshotStore | None = None
    approvals: ApprovalStore | None = None
    key: bytes = b""  # keys the fingerprints of actions


@dataclass
class DecisionPoint:
    """Judges events. Thread-safe. ``new_id`` gives the public id of each decision."""

    stores: Stores
    rules: Mapping[str, Rule]
    home: str
    guard: Guard = field(default_factory=Guard)
    new_id: Callable[[], str] = lambda: secrets.token_hex(3)
    own_config: tuple[str, ...] = ()
    own_state: tuple[str, ...] = ()
    _git: GitView = field(default_factory=GitView)
    _ignores: dict[tuple[str, tuple[str, ...]], IgnoreTree] = field(default_factory=dict)

    def decide(self, event: Event) -> Decision:
        """The decision on one event. A control that fails is a finding of its own, decided by the policy's ``on_error``."""
        if event.kind not in JUDGED:
            return Decision(self.new_id(), Verdict.NONE)
        policy = self.stores.policies.current(event.project).policy
        session = self.stores.sessions.get(event.session)
        return self._concluded(event, policy, session, *self.findings(event, policy, session))

    def at_once(self, event: Event) -> Decision | None:
        """The decision on one event where reading and comparing is all it takes; None where files have to be kept first."""
        if event.kind not in JUDGED:
            return Decision(self.new_id(), Verdict.NONE)
        policy = self.stores.policies.current(event.project).policy
        session = self.stores.sessions.get(event.session)
        analysis, findings = self.findings(event, policy, session)
        if any(finding.action is Action.SNAPSHOT for finding in findings):
            return None
        return self._concluded(event, policy, session, analysis, findings)

    def _concluded(
        self, event: Event, policy: Policy, session: Session, analysis: Analysis, findings: list[Finding]
    ) -> Decision:
        decision_id = self.new_id()
        findings = self._permitted(event, findings)
        ordered = fold.ordered(findings)
        ordered = self._snapshot(event, policy, ordered, decision_id)
        verdict = fold.VERDICTS[fold.strictest(ordered)]
        if verdict is Verdict.NONE:
            self._remember(session, analysis)
            if self._spared(event, policy, analysis, ordered):
                verdict = Verdict.APPROVE
        permit = f"A person can permit this: checkrein allow {decision_id} --once" if verdict is Verdict.DENY else ""
        return Decision(
            decision_id,
            verdict,
            ordered,
            message=fold.message(ordered, self.rules, permit),
            notice=fold.notice(ordered, decision_id, verdict),
        )

    def warm(self) -> None:
        """Load what the first decisions would otherwise wait for: grammars, the SQL reader, rules and program tables."""
        policy = self.stores.policies.current(self.home).policy
        session = Session("warm", time.time())
        for command in WARMING:
            call = Event(EventKind.TOOL_CALL, "warm", self.home, self.home, tool="Bash", input={"command": command})
            self.findings(call, policy, session)

    def findings(self, event: Event, policy: Policy, session: Session) -> tuple[Analysis, list[Finding]]:
        """What all controls say of an event, and what it would do."""
        disk = self._disk(session, event)
        analysis = Analysis()
        findings: list[Finding] = []
        if event.kind is EventKind.TOOL_CALL:
            try:
                analysis = tool_analysis(event.tool, event.input, disk, event.cwd)
            except Exception as error:  # noqa: BLE001 - a detector that fails must stop the call, not the guard
                findings.append(self._failed("the analysis of this call", error, policy))
        context = Context(
            event=event,
            effects=tuple(judgeable(analysis.effects)),
            programs=tuple(analysis.programs),
            policy=policy,
            rules=self.rules,
            disk=disk,
            git=self._git,
            places=Places(self.home, event.project, self.own_config, self.own_state),
            ignored=self._ignore_tree(event.project, policy),
            guard=self.guard,
            started=session.started,
        )
        for name, control in CONTROLS:
            try:
                findings.extend(control(context))
            except Exception as error:  # noqa: BLE001 - one broken control must not silence the others
                findings.append(self._failed(f"the control for {name}", error, policy))
        return analysis, findings

    def _disk(self, session: Session, event: Event) -> Disk:
        def is_trusted(path: str) -> bool:
            real = os.path.realpath(path)
            if session.may_have_written(path) or session.may_have_written(real):
                return False
            inside = real.startswith((event.project.rstrip("/") + "/", *TEMPORARY))
            if not inside:
                return True
            state = self._git.state(real)
            if state is State.IGNORED:
                return os.stat(real).st_ctime < session.started  # noqa: PTH116 - on the path of every decision
            return state is State.CLEAN

        return Disk(self.home, standard_environment(self.home), is_trusted, git_config, session.written)

    def _ignore_tree(self, project: str, policy: Policy) -> IgnoreTree:
        key = (project, policy.ignore_files)
        tree = self._ignores.get(key)
        if tree is None:
            tree = self._ignores[key] = IgnoreTree(project, policy.ignore_files)
        return tree

    def _failed(self, what: str, error: Exception, policy: Policy) -> Finding:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        return Finding(
            "guard.control-failed",
            Threat.SESSION_HIJACKING,
            Severity.HIGH,
            policy.on_error,
            f"{what} failed ({type(error).__name__} at {place}), so nobody knows what this call would do",
            source=policy.sources.get("on_error", "default"),
        )

    def _permitted(self, event: Event, findings: list[Finding]) -> list[Finding]:
        """The findings, with those that a person permitted turned into remarks."""
        if self.stores.approvals is None or fold.strictest(findings) < Action.ASK:
            return findings
        action = fingerprint(self.stores.key, event.project, event.tool, event.input)
        approval = self.stores.approvals.consume(action, time.time())
        if approval is None:
            return findings
        source = f"permitted by a person ({approval.scope}, {approval.id})"
        return [replace(finding, action=min(finding.action, Action.SNAPSHOT), source=source) for finding in findings]

    def _snapshot(self, event: Event, policy: Policy, findings: tuple[Finding, ...], decision_id: str) -> tuple[Finding, ...]:
        """Keep what would be lost before it is let through; where that cannot be done, a person is asked."""
        wanted = [finding for finding in findings if finding.action is Action.SNAPSHOT]
        if not wanted or fold.strictest(findings) > Action.SNAPSHOT:
            return findings
        trouble = ""
        if not policy.undo.enabled:
            trouble = "snapshots are switched off by the policy"
        elif self.stores.snapshots is not None:
            try:
                self.stores.snapshots.take(
                    [path for finding in wanted for path in finding.paths],
                    public_id=decision_id,
                    root=Path(event.project),
                    reason=wanted[0].rule,
                    max_bytes=policy.undo.max_bytes,
                    session=event.session,
                )
            except UndoError as error:
                trouble = error.what
        if not trouble:
            return findings
        asked = [
            replace(f, action=Action.ASK, what=f"{f.what}, and it cannot be kept: {trouble}") if f in wanted else f
            for f in findings
        ]
        return fold.ordered(asked)

    def _spared(self, event: Event, policy: Policy, analysis: Analysis, findings: tuple[Finding, ...]) -> bool:
        """True for a class of harmless calls whose permission prompt the policy spares."""
        if findings or event.kind is not EventKind.TOOL_CALL or event.tool != "Bash":
            return False
        return Approval.READ_ONLY in policy.approve and harmless.only_reads(analysis, event.project)

    def _remember(self, session: Session, analysis: Analysis) -> None:
        """What this call writes is judged by its content when it is run later."""
        for effect in analysis.effects:
            if (
                effect.kind in (EffectKind.WRITE, EffectKind.LINK)
                and UNKNOWN not in effect.target
                and not effect.flags & Flag.REMOTE
            ):
                address = effect.detail.removeprefix("network:") if effect.detail.startswith("network:") else ""
                self.stores.sessions.note_written(session, effect.target, address)
            elif effect.kind is EffectKind.MOVE and effect.to:
                self.stores.sessions.note_written(session, effect.to)
