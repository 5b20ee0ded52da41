"""From ``Decision`` to the JSON that the client honours, event by event.

``Verdict.NONE`` gives no decision at all: the client's own permission prompt still stands. Where an event cannot be stopped,
nothing is claimed. Strings are cut at the client's own limit, visibly.
"""

from __future__ import annotations

from typing import Any

import orjson

from checkrein.core import Decision, Verdict
from checkrein.decide.fold import permit_hint
from checkrein.enforce.hooks.events import HookEvent, Stop
from checkrein.report.text import clean_lines

MAX_STRING = 10_000
"""Characters (UTF-16 units, as the client counts) that the client keeps of one output string."""

OUTPUT = "PostToolUse"
RESULTS = (OUTPUT, "PostToolUseFailure")
"""The one event whose answer may give a tool's output anew, and with it those to which the model may be told something."""


def fit(text: str, limit: int = MAX_STRING) -> str:
    """``text`` made safe to print, cut at ``limit`` UTF-16 units with a mark that says how much is missing."""
    safe = clean_lines(text)
    units = len(safe.encode("utf-16-le")) // 2
    if units <= limit:
        return safe
    mark = f"\n[cut here: {units - limit} more characters]"
    room = 2 * (limit - len(mark) - 20)
    return safe.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + mark


def encode(decision: Decision, event: HookEvent, *, interactive: bool | None) -> bytes:
    """The answer to ``event`` as JSON. TypeError where ``updated_input`` or ``updated_output`` is not JSON."""
    verdict, message = decision.verdict, decision.message
    askable = event.stop is Stop.PERMISSION and interactive is not False
    if verdict is Verdict.ASK and not askable:
        verdict = Verdict.DENY
        message = f"{message}\nThis needs a person's consent, and nobody can be asked here.\n{permit_hint(decision.id)}"
    answer: dict[str, Any] = {}
    if decision.notice:
        answer["systemMessage"] = fit(decision.notice)
    answer.update(_body(event, verdict, fit(message.strip() or f"Stopped by checkrein ({decision.id})."), decision))
    if event.name in RESULTS and (output := _output(event, decision)):
        answer["hookSpecificOutput"] = {"hookEventName": event.name, **output}
    return orjson.dumps(answer)


def _output(event: HookEvent, decision: Decision) -> dict[str, Any]:
    """The tool's output anew, and what the model is told of it. The output is not cut: the client takes it whole (measured with
    30,000 characters)."""
    output: dict[str, Any] = {}
    if event.name == OUTPUT and decision.updated_output is not None:
        output["updatedToolOutput"] = decision.updated_output
    if decision.message and decision.verdict is not Verdict.DENY:
        output["additionalContext"] = fit(decision.message)
    return output


def _body(event: HookEvent, verdict: Verdict, reason: str, decision: Decision) -> dict[str, Any]:
    if event.stop is Stop.PERMISSION:
        return _permission(event, verdict, reason, decision)
    if verdict is not Verdict.DENY or event.stop is Stop.NEVER:
        return {}
    if event.stop is Stop.BLOCK:
        return {"decision": "block", "reason": reason}
    if event.stop is Stop.DECLINE:
        return {"hookSpecificOutput": {"hookEventName": event.name, "action": "decline"}}
    return {"hookSpecificOutput": {"hookEventName": event.name, "decision": {"behavior": "deny", "message": reason}}}


_PERMISSION = {Verdict.APPROVE: "allow", Verdict.ASK: "ask", Verdict.DENY: "deny"}


def _permission(event: HookEvent, verdict: Verdict, reason: str, decision: Decision) -> dict[str, Any]:
    output: dict[str, Any] = {"hookEventName": event.name}
    if verdict in _PERMISSION:
        output["permissionDecision"] = _PERMISSION[verdict]
        output["permissionDecisionReason"] = reason if verdict is not Verdict.APPROVE else fit(decision.message or "checkrein")
    if decision.updated_input is not None and verdict is not Verdict.DENY:
        output["updatedInput"] = dict(decision.updated_input)
        if decision.message:  # the model sees the call as it made it
            output["additionalContext"] = fit(decision.message)
    return {"hookSpecificOutput": output} if len(output) > 1 else {}


def refuse(event: HookEvent, reason: str) -> bytes:
    """A refusal that needs no decision object, for what could not be read, judged or recorded. Never raises.

    The person is told as well (``systemMessage``), since the client shows no reason for events that cannot be stopped.
    """
    text = fit(reason)
    denied = _body(event, Verdict.DENY, text, Decision(id="", verdict=Verdict.DENY))
    return orjson.dumps({"systemMessage": fit(f"checkrein: {reason}", 500), **denied})
