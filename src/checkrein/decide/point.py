"""The policy decision point: one event in, one decision out."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections import ChainMap, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from checkrein.controls import CONTROLS, Context, Guard, Placeholders
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
    UndoError,
    Verdict,
)
from checkrein.decide import fold, harmless, lookup, narrow
from checkrein.decide.approvals import Approval, ApprovalStore, fingerprint
from checkrein.decide.asked import Asked
from checkrein.decide.call import Call, call_of
from checkrein.decide.lookup import Lookup, TooMuchError
from checkrein.decide.made import made_by
from checkrein.decide.restore import Values, mentions_placeholder
from checkrein.decide.runners import with_runners
from checkrein.decide.sessions import Session, SessionStore
from checkrein.detect.paths import Places
from checkrein.detect.paths.temporary import TEMPORARY
from checkrein.detect.shell.interpreter import Analysis
from checkrein.detect.tools import tool_analysis
from checkrein.observe.disk import one_look, real_path, standard_environment
from checkrein.observe.git.state import State
from checkrein.observe.view import GitView, git_config
from checkrein.policy import Approval as Spared
from checkrein.policy import IgnoreTree, Policy, PolicyStore
from checkrein.rules import load_notices
from checkrein.undo import SnapshotStore

JUDGED = frozenset((EventKind.TOOL_CALL, EventKind.PROMPT, EventKind.CONFIG_CHANGE))
SESSION_START = "SessionStart"
MAX_EFFECTS = 600
PATH_MAX = 4096
MAX_PROJECTS = 64  # whose ignore files are kept read
_FAILED = load_notices()["guard.control-failed"]
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
    """What the decision point keeps: the policies, the sessions, and, where a service runs it, snapshots, permissions and the
    vault, from which values go back into what tools are given."""

    policies: PolicyStore
    sessions: SessionStore
    snapshots: SnapshotStore | None = None
    approvals: ApprovalStore | None = None
    key: bytes = b""  # keys the fingerprints of actions
    vault: Values | None = None


@dataclass
class DecisionPoint:
    """Judges events. Thread-safe. ``new_id`` gives the public id of each decision; ``asked`` knows calls that got values.

    ``on_stopped`` is told of each stopped action: the id of the decision, and the action's fingerprint.
    """

    stores: Stores
    rules: Mapping[str, Rule]
    home: str
    guard: Guard = field(default_factory=Guard)
    new_id: Callable[[], str] = lambda: secrets.token_hex(3)
    own_config: tuple[str, ...] = ()
    own_state: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked)
    _git: GitView = field(default_factory=GitView)
    on_stopped: Callable[[str, str], object] = lambda _decision, _action: None
    _ignores: OrderedDict[tuple[str, tuple[str, ...]], IgnoreTree] = field(default_factory=OrderedDict)
    _ignores_lock: threading.Lock = field(default_factory=threading.Lock)

    @one_look()
    def decide(self, event: Event) -> Decision:
        """The decision on one event. A control that fails is a finding of its own, decided by the policy's ``on_error``."""
        if event.kind not in JUDGED:
            return self._not_judged(event)
        policy = self.stores.policies.current(event.project).policy
        session = self.stores.sessions.get(event.session)
        self.stores.sessions.note_project(session, event.project)
        disk = self._disk(session, event)
        call = call_of(event, policy, self.stores.vault)
        analysis, findings = self._judged(call, policy, session, disk)
        action = self._action(event, disk, findings)
        narrowed = self._narrowed(call, policy, session, disk, findings, action)
        return narrowed or self._concluded(call, policy, session, analysis, findings, action)

    @one_look()
    def at_once(self, event: Event) -> Decision | None:
        """The decision on one event where comparing is all it takes; None where it may take long, or files have to be kept.

        Where it is None, nothing has happened: ``decide`` makes the decision.
        """
        if event.kind not in JUDGED:
            return self._not_judged(event)
        if not lookup.is_light(event.input):
            return None
        policy = self.stores.policies.current(event.project).policy
        session = self.stores.sessions.get(event.session)
        self.stores.sessions.note_project(session, event.project)
        disk = self._disk(session, event, at_once=True)
        if self.stores.vault is not None and mentions_placeholder(event):
            return None  # the vault is a database
        call = Call(event)
        try:
            analysis, findings = self._judged(call, policy, session, disk)
            action = self._action(event, disk, findings)
            narrowed = self._narrowed(call, policy, session, disk, findings, action)
        except TooMuchError:
            return None
        if narrowed:
            return narrowed
        if any(finding.action is Action.SNAPSHOT for finding in findings) or self._is_permitted(action):
            return None
        return self._concluded(call, policy, session, analysis, findings, action)

    def _not_judged(self, event: Event) -> Decision:
        """For an event that only tells of something. A session is known from its start on."""
        if event.name == SESSION_START:
            self.stores.sessions.get(event.session)
        return Decision(self.new_id(), Verdict.NONE)

    def _judged(self, call: Call, policy: Policy, session: Session, disk: Lookup) -> tuple[Analysis, list[Finding]]:
        """``findings`` of the call as its tool is to get it; where that cannot be told, that is one, too."""
        analysis, findings = self.findings(call.given, policy, session, disk, call.placeholders)
        return analysis, [*findings, *call.trouble]

    def _narrowed(
        self, call: Call, policy: Policy, session: Session, disk: Lookup, findings: list[Finding], action: str
    ) -> Decision | None:
        """The same call without what speaks against it, where leaving files out is all it takes; None where it is not."""
        names = narrow.names_to_leave_out(findings)
        asked = narrow.narrowed(call.given, names) if names and not self._is_permitted(action) else None
        if asked is None:
            return None
        analysis, remarks = self.findings(asked, policy, session, disk, call.placeholders)
        if fold.strictest(remarks) > Action.ALLOW:
            return None
        self._remember(session, call.remembered(analysis))
        decision_id = self.new_id()
        left = call.hidden(fold.without(findings))
        if call.changed is not None:
            self.asked.note(call.event, asked.input)
        return Decision(
            decision_id,
            Verdict.NONE,
            fold.ordered([*left, *call.hidden(remarks)]),
            message=f"checkrein changed this call so that it leaves out {', '.join(names)}: {left[0].why}",
            notice=f"checkrein left out {', '.join(names)} [{left[0].rule}, checkrein explain {decision_id}]",
            updated_input=asked.input,
        )

    def _concluded(
        self, call: Call, policy: Policy, session: Session, analysis: Analysis, findings: list[Finding], action: str
    ) -> Decision:
        """``action`` is the fingerprint of what is judged, "" where nothing speaks against it."""
        event, decision_id = call.event, self.new_id()
        permission = self._permission(action) if fold.strictest(findings) >= Action.ASK else None
        ordered = fold.ordered(fold.permitted(findings, permission) if permission else findings)
        trouble = self._keep(event, policy, ordered, decision_id)
        if trouble:
            permission = permission or self._permission(action)
            ordered = fold.unkept(ordered, trouble, permission)
        ordered = fold.ordered(call.hidden(ordered))
        verdict = fold.VERDICTS[fold.strictest(ordered)]
        if verdict in (Verdict.NONE, Verdict.ASK):  # what is asked about may be permitted where nobody tells us
            self._remember(session, call.remembered(analysis))
        if verdict is Verdict.NONE and self._spared(event, policy, analysis, ordered):
            verdict = Verdict.APPROVE
        changed = call.changed if verdict is not Verdict.DENY else None
        if changed is not None:
            self.asked.note(event, changed)
        permit = fold.permit_hint(decision_id) if verdict is Verdict.DENY else ""
        decision = Decision(
            decision_id,
            verdict,
            ordered,
            message=fold.message(ordered, self.rules, permit),
            notice=fold.notice(ordered, decision_id, verdict),
            updated_input=changed,
        )
        if decision.stops and event.kind is EventKind.TOOL_CALL:
            self.on_stopped(decision_id, action)
        return decision

    def warm(self) -> None:
        """Load what the first decisions would otherwise wait for: grammars, the SQL reader, rules and program tables."""
        policy = self.stores.policies.current(self.home).policy
        session = Session("warm", time.time())
        for command in WARMING:
            call = Event(EventKind.TOOL_CALL, "warm", self.home, self.home, tool="Bash", input={"command": command})
            self.findings(call, policy, session, self._disk(session, call))

    def findings(
        self, event: Event, policy: Policy, session: Session, disk: Lookup, placeholders: Placeholders | None = None
    ) -> tuple[Analysis, list[Finding]]:
        """What all controls say of an event, and what it would do. ``placeholders`` are those whose values it holds."""
        analysis = Analysis()
        findings: list[Finding] = []
        if event.kind is EventKind.TOOL_CALL:
            try:
                analysis = tool_analysis(event.tool, event.input, disk, event.cwd)
                analysis = with_runners(analysis, session.running, disk, event.cwd)
            except Exception as error:  # noqa: BLE001 - a detector that fails must stop the call, not the guard
                findings.append(self._failed("the analysis of this call", error, policy))
        made = ChainMap(made_by(analysis, session.made), session.made)
        context = Context(
            event=event,
            effects=tuple(judgeable(analysis.effects)),
            programs=tuple(analysis.programs),
            environments=tuple(analysis.environments),
            program_paths=tuple(analysis.places),
            placeholders=placeholders or Placeholders(),
            policy=policy,
            rules=self.rules,
            disk=disk,
            git=self._git,
            places=Places(self.home, event.project, self.own_config, self.own_state),
            ignored=self._ignore_tree(event.project, policy),
            guard=self.guard,
            made=made,
            started=session.started,
        )
        for name, control in CONTROLS:
            try:
                findings.extend(control(context))
            except Exception as error:  # noqa: BLE001 - one broken control must not silence the others
                findings.append(self._failed(f"the control for {name}", error, policy))
        return analysis, findings

    def _disk(self, session: Session, event: Event, *, at_once: bool = False) -> Lookup:
        def is_trusted(path: str) -> bool:
            real = os.path.realpath(path)
            if session.may_have_written(path) or session.may_have_written(real):
                return False
            folders = (os.path.realpath(event.project), *TEMPORARY)
            inside = real.startswith(tuple(folder.rstrip("/") + "/" for folder in folders))
            if not inside:
                return True
            state = self._git.state(real)
            if state is State.IGNORED:
                return os.stat(real).st_ctime < session.started  # noqa: PTH116 - on the path of every decision
            return state is State.CLEAN

        environment = standard_environment(self.home)
        return Lookup(self.home, environment, is_trusted, git_config, session.written, at_once=at_once, made=session.made)

    def _ignore_tree(self, project: str, policy: Policy) -> IgnoreTree:
        key = (project, policy.ignore_files)
        with self._ignores_lock:
            tree = self._ignores.get(key)
            if tree is None:
                tree = self._ignores[key] = IgnoreTree(project, policy.ignore_files)
                if len(self._ignores) > MAX_PROJECTS:
                    self._ignores.popitem(last=False)
            else:
                self._ignores.move_to_end(key)
            return tree

    def _failed(self, what: str, error: Exception, policy: Policy) -> Finding:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
        finding = _FAILED.finding(f"{what} failed ({type(error).__name__} at {place})")
        return replace(finding, action=policy.on_error, source=policy.sources.get("on_error", "default"))

    def _action(self, event: Event, disk: Lookup, findings: Sequence[Finding]) -> str:
        """The fingerprint of this action with the scripts that it runs; "" where nobody has to permit it."""
        if fold.strictest(findings) < Action.SNAPSHOT:
            return ""
        return fingerprint(self.stores.key, event, disk.looked_at())

    def _is_permitted(self, action: str) -> bool:
        return bool(action and self.stores.approvals and self.stores.approvals.permits(action, time.time()))

    def _permission(self, action: str) -> Approval | None:
        """A person's permission for this action, which is used up where it was for once."""
        return self.stores.approvals.consume(action, time.time()) if self.stores.approvals else None

    def _keep(self, event: Event, policy: Policy, findings: tuple[Finding, ...], decision_id: str) -> str:
        """Keep what would be lost before it is let through; why that cannot be done, "" where it was."""
        wanted = [finding for finding in findings if finding.action is Action.SNAPSHOT]
        if not wanted or fold.strictest(findings) > Action.SNAPSHOT:
            return ""
        if not policy.undo.enabled:
            return "snapshots are switched off by the policy"
        if self.stores.snapshots is None:
            return ""
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
            return error.what
        except OSError as error:
            return f"the snapshot could not be written ({error.strerror})"
        return ""

    def _spared(self, event: Event, policy: Policy, analysis: Analysis, findings: tuple[Finding, ...]) -> bool:
        """True for a class of harmless calls whose permission prompt the policy spares."""
        if findings or event.kind is not EventKind.TOOL_CALL or event.tool != "Bash":
            return False
        return Spared.READ_ONLY in policy.approve and harmless.only_reads(analysis, event.project)

    def _remember(self, session: Session, analysis: Analysis) -> None:
        """What this call writes is judged by its content when it is run later, and by what it is made of when it is sent."""
        for path, sources in made_by(analysis, session.made).items():
            self.stores.sessions.note_made(session, path, sources)
        for path, interpreter in analysis.running.items():
            self.stores.sessions.note_running(session, path, interpreter)
        for effect in analysis.effects:
            if effect.kind in (EffectKind.WRITE, EffectKind.LINK) and not effect.flags & Flag.REMOTE:
                address = effect.detail.removeprefix("network:") if effect.detail.startswith("network:") else ""
                self._remember_path(session, effect.target, address, is_pattern=bool(effect.flags & Flag.GLOB))
            elif effect.kind is EffectKind.MOVE and effect.to:
                self._remember_path(session, effect.to)

    def _remember_path(self, session: Session, path: str, address: str = "", *, is_pattern: bool = False) -> None:
        """A file or a new folder by its name; where that is not known, or the folder stood before, what changes below it."""
        known = re.split(r"[\0*?\[]" if is_pattern else r"\0", path, maxsplit=1)[0]
        folder = path if known == path else known.rpartition("/")[0] or "/"
        for place in dict.fromkeys((folder, real_path(folder))):
            if known != path or os.path.isdir(place):  # noqa: PTH112 - on the path of every decision
                self.stores.sessions.note_folder(session, place)
            else:
                self.stores.sessions.note_written(session, place, address)
