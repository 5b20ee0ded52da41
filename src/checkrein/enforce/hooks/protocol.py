"""The adapter between Claude Code's hooks and the decision point: payload -> Event -> Decision -> record -> answer.

Nothing that a payload, a control or the ledger can do makes these functions raise, and nothing that failed is answered with
"no objection": the answer refuses wherever the client honours a refusal, says what failed, and the failure is recorded.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from checkrein.core import Action, CheckreinError, Decision, Event, EventKind, Verdict
from checkrein.enforce.hooks import answer
from checkrein.enforce.hooks.events import EVENTS, HookEvent, Stop, unknown
from checkrein.enforce.hooks.payload import PayloadError, check, parse_object
from checkrein.enforce.hooks.projects import Projects
from checkrein.enforce.hooks.redaction import HookRedaction, broken
from checkrein.rules import load_notices

log = logging.getLogger("checkrein.service")

_NOTICES = load_notices()  # read now: a failure must not depend on reading a file

_COMMON = frozenset({"session_id", "prompt_id", "transcript_path", "cwd", "hook_event_name", "permission_mode", "agent_id"})
_RESULTS = "tool_calls"  # what a batch of tools gave back: an event's result
_HEADLESS = "sdk-"
_PERSONAL = frozenset({"cli"})


class PolicyDecisionPoint(Protocol):
    """Judges one event. Called from several threads at once, but never twice at once for the same session."""

    def decide(self, event: Event) -> Decision:
        """The decision. Whatever it raises becomes a refusal."""

    def at_once(self, event: Event) -> Decision | None:
        """As ``decide`` where that takes no longer than comparing; None, with nothing done, where it needs a thread."""


class Recorder(Protocol):
    """Keeps events and decisions. Called from one thread only, before the answer leaves."""

    def append(self, event: Event, decision: Decision, micros: int) -> object:
        """Keep it. ``micros`` is what the decision took, in microseconds. Whatever it raises becomes a refusal."""


@dataclass(frozen=True, slots=True)
class Call:
    """One hook call on its way: the event, how to answer it, and a decision where it was refused before being judged."""

    hook: HookEvent
    event: Event
    refused: Decision | None = None


def interactive_from(entrypoint: str) -> bool | None:
    """Whether a person can answer a prompt, from CLAUDE_CODE_ENTRYPOINT: ``cli`` is a terminal, ``sdk-...`` is not."""
    if entrypoint in _PERSONAL:
        return True
    return False if entrypoint.startswith(_HEADLESS) else None


class HookProtocol:
    """The adapter. ``read``, ``judge`` and ``finish`` are its three steps, apart so that each can run where it belongs."""

    def __init__(self, point: PolicyDecisionPoint, recorder: Recorder, redaction: HookRedaction | None = None) -> None:
        self._point = point
        self._recorder = recorder
        self._redaction = redaction
        self._projects = Projects()

    def read(self, name: str, body: bytes, *, interactive: bool | None = None) -> Call:
        """The call that ``body`` describes, sent to the address of event ``name``. A broken one carries its refusal."""
        hook = EVENTS.get(name) or unknown(name[:100])
        try:
            payload = parse_object(body)
            hook = _addressed(hook, EVENTS.get(str(payload.get("hook_event_name"))))
            check(payload, EVENTS.get(name) or hook)
            if name not in EVENTS:
                raise PayloadError(f"hook event {answer.fit(name, 100)!r} is not known to this version")
            return Call(hook, self._event(payload, hook, interactive=interactive))
        except PayloadError as exc:
            return self._refused(hook, body, f"the hook payload cannot be read: {exc}", interactive=interactive)
        except Exception as exc:  # noqa: BLE001 - whatever a hostile payload provokes here must refuse, not raise
            return self._refused(hook, body, f"the hook payload cannot be read: {where(exc)}", interactive=interactive)

    def judge(self, call: Call) -> tuple[Decision, int]:
        """The decision on ``call``, and how many microseconds it took. Never raises."""
        judged = self._judged(call, self._point.decide)
        return judged or (failure("guard.decision-failed", "the decision failed: there is none"), 0)

    def judge_at_once(self, call: Call) -> tuple[Decision, int] | None:
        """As ``judge``; None where the decision needs a thread of its own. Never raises."""
        if self._redaction is not None and call.refused is None and self._redaction.concerns(call.event):
            return None
        return self._judged(call, self._point.at_once)

    def _judged(self, call: Call, decide: Callable[[Event], Decision | None]) -> tuple[Decision, int] | None:
        if call.refused is not None:
            return call.refused, 0
        start = time.perf_counter_ns()
        try:
            decision = decide(call.event)
            if decision is None:
                return None
            Verdict(decision.verdict)  # what is no decision at all fails here, inside the guard
            decision = self._redacted(call.event, decision)
        except BaseException as exc:  # noqa: BLE001 - also what ends a thread (SystemExit) must end in a refusal
            decision = failure("guard.decision-failed", f"the decision failed in {where(exc)}")
        return decision, (time.perf_counter_ns() - start) // 1000

    def _redacted(self, event: Event, decision: Decision) -> Decision:
        if self._redaction is None:
            return decision
        try:
            return self._redaction.applied(event, decision)
        except Exception as exc:  # noqa: BLE001 - what cannot be redacted does not go out, whatever the reason
            return failure("privacy.failed", broken(exc), event.kind)

    def finish(self, call: Call, decision: Decision, micros: int) -> bytes:
        """Record, then the answer as JSON. Never raises; what is not recorded is refused, and its output withheld."""
        if self._redaction is not None:
            decision = self._redaction.closed(call.event, decision)
        try:
            body = answer.encode(decision, call.hook, interactive=call.event.interactive)
        except Exception as exc:  # noqa: BLE001 - an answer that cannot be written must refuse
            decision = failure("guard.answer-failed", f"the answer could not be written: {where(exc)}")
            body = answer.refuse(call.hook, decision.message)
        try:
            self._recorder.append(call.event, decision, micros)
        except Exception as exc:  # noqa: BLE001 - see docstring
            cause = str(exc).splitlines()[0] if isinstance(exc, CheckreinError) else where(exc)
            advice = "Tell the person: free disk space or mend the folder, then look at `checkrein status`."
            body = self._unrecorded(call, f"the record could not be written ({cause}). {advice}")
        return body

    def _unrecorded(self, call: Call, reason: str) -> bytes:
        if self._redaction is not None and call.event.kind is EventKind.TOOL_RESULT:
            refused = self._redaction.closed(call.event, failure("guard.unrecorded", reason.partition(".")[0]))
            return answer.encode(refused, call.hook, interactive=call.event.interactive)
        return answer.refuse(call.hook, f"Stopped by checkrein: {reason}")

    def handle(self, name: str, body: bytes, *, interactive: bool | None = None) -> bytes:
        """All three steps in one go. Never raises."""
        call = self.read(name, body, interactive=interactive)
        decision, micros = self.judge(call)
        return self.finish(call, decision, micros)

    def output(self, body: bytes) -> bytes:
        """A piece of a command's output with placeholders, as ``enforce/hooks/shell.py`` asks for it. Never raises.

        ``body`` is ``SESSION NUL CWD NUL PIECE``. The answer begins with ``=`` (the redacted piece follows), ``!`` (this output
        needs no redaction: let it pass) or ``-`` (why it is withheld follows).
        """
        try:
            session, cwd, piece = body.split(b"\0", 2)
            folder = cwd.decode("utf-8", "surrogateescape")
            name = session.decode("utf-8", "replace")
            project = self._projects.of_session(name, folder)
            return b"!" if self._redaction is None else self._redaction.piece(name, project, piece)
        except Exception as exc:  # noqa: BLE001 - what cannot be redacted does not go out, whatever the reason
            return b"-" + broken(exc).encode("utf-8", "replace")

    def refuse(self, name: str, reason: str, *, rule: str, body: bytes = b"") -> bytes:
        """Refuse and record a call that was not even read (too large, no such peer, timed out)."""
        hook = EVENTS.get(name) or unknown(name[:100])
        call = self._refused(hook, body, reason, rule=rule)
        return self.finish(call, *self.judge(call))

    def note(self, rule: str, what: str) -> None:
        """Record a remark of the guard itself, about no call. Never raises: where that fails, the log says so."""
        finding = replace(_NOTICES[rule].finding(answer.fit(what, 500)), action=Action.ALLOW)
        event = Event(EventKind.LIFECYCLE, session="", cwd="/", project="/", name="Guard", text=finding.what, at=time.time())
        try:
            self._recorder.append(event, Decision(secrets.token_hex(4), Verdict.NONE, (finding,)), 0)
        except Exception as exc:  # noqa: BLE001 - see docstring
            log.error("a remark (%s) was not recorded: %s", rule, where(exc))

    def _event(self, payload: dict[str, Any], hook: HookEvent, *, interactive: bool | None) -> Event:
        extra: Mapping[str, Any] = {key: value for key, value in payload.items() if key not in (*_COMMON, _RESULTS)}
        text = payload.get(hook.text) if hook.text else ""
        result = payload.get("tool_response", payload.get("error")) if hook.tool else payload.get(_RESULTS)
        session, cwd = payload["session_id"], payload["cwd"]
        return Event(
            kind=hook.kind,
            session=session,
            cwd=cwd,
            project=self._projects.of(session, cwd, payload.get("transcript_path") or ""),
            name=hook.name,
            tool=payload["tool_name"] if hook.tool else "",
            call=payload.get("tool_use_id") or "",
            input=payload["tool_input"] if hook.tool else extra,
            result=result,
            text=text if isinstance(text, str) else "",
            agent=payload.get("agent_id") or "",
            permission_mode=payload.get("permission_mode") or "default",
            interactive=interactive,
            at=time.time(),
        )

    def _refused(
        self, hook: HookEvent, body: bytes, reason: str, *, interactive: bool | None = None, rule: str = "guard.unreadable"
    ) -> Call:
        """A call that carries its refusal, and in the record what can be said of the body: its size and hash, no content."""
        seen = f"{len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()}"
        event = Event(
            kind=hook.kind,
            session="",
            cwd="/",
            project="/",
            name=answer.fit(hook.name, 100),
            text=f"{answer.fit(reason, 500)} [{seen}]",
            interactive=interactive,
            at=time.time(),
        )
        return Call(hook, event, failure(rule, reason, hook.kind))


def _addressed(by_address: HookEvent, by_body: HookEvent | None) -> HookEvent:
    """Whose form to answer in where address and body may disagree: the body's, unless that could not stop anything."""
    return by_address if by_body is None or by_body.stop is Stop.NEVER else by_body


def failure(rule: str, reason: str, kind: EventKind = EventKind.TOOL_CALL) -> Decision:
    """The refusal for something that is the guard's own trouble, not a judgement on what the agent does."""
    finding = _NOTICES[rule].finding(reason, subject=str(kind))
    decision_id = secrets.token_hex(4)
    message = (
        f"Stopped by checkrein ({decision_id}): {reason}. This is the guard's own trouble; repeating the call in another form"
        " will not help. Tell the person, who can run `checkrein doctor`."
    )
    return Decision(id=decision_id, verdict=Verdict.DENY, findings=(finding,), message=message, notice=f"checkrein: {reason}")


def where(exc: BaseException) -> str:
    """The failing part: our own errors in their words, others by type and innermost frame (their text may hold content)."""
    if isinstance(exc, CheckreinError):
        return exc.what
    trace = exc.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(exc).__name__
    code = trace.tb_frame.f_code
    return f"{Path(code.co_filename).stem}.{code.co_name}, line {trace.tb_lineno} ({type(exc).__name__})"
