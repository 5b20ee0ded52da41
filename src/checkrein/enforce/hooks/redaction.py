"""What hooks do so that nothing sensitive reaches the model: outputs rewritten, prompts stopped, and a last look at each batch.

Four events carry it. ``PreToolUse`` shortens what would be sent before it can be rewritten. ``PostToolUse`` gives an output
anew, with placeholders. ``UserPromptSubmit`` and ``UserPromptExpansion`` cannot rewrite, so a prompt with a secret is stopped
and the person told. ``PostToolBatch`` shows the text that the model is about to get, whatever tool, failure or client it comes
from: what is still in the clear there stops the request. It also notices a client that passes over a rewritten output.

Where the gateway carries the traffic it redacts everything on its way: then a prompt passes, and so does the batch.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from checkrein.core import CheckreinError, Decision, Event, EventKind, Finding, Verdict
from checkrein.core.sensitive import PLACEHOLDER
from checkrein.enforce.hooks import outputs, reading
from checkrein.enforce.hooks.persisted import redact_file
from checkrein.enforce.hooks.redactor import ProjectRedaction, Redactor, Redactors, redact_bytes
from checkrein.rules import load_notices

BATCH = "PostToolBatch"
PERSISTED = "persistedOutputPath"
PERSONAL = "pii."
"""How the ids of rules about personal data begin."""

MAX_TOLD = 4096
_MAX_LINES = 5
_PATH_KEYS = ("file_path", "notebook_path")
_HOW = (
    "checkrein put placeholders (CKR_...) in place of values that must not leave this machine. Use a placeholder wherever its"
    " value belongs: what you write and run gets the real one. Only in Edit, leave it out of old_string, which the client"
    " compares with the file before the value is put back; Write works."
)


class HookRedaction:
    """Applies redaction to decided events. Thread-safe."""

    def __init__(self, redactors: Redactors) -> None:
        self._redactors = redactors
        self._told: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._printed: OrderedDict[str, Counter[str]] = OrderedDict()
        self._lock = threading.Lock()

    def warm(self, project: str) -> None:
        """Load and compile what the first event would otherwise wait for. What fails here fails again where it matters."""
        with contextlib.suppress(CheckreinError):
            here = self._redactors.of(project)
            if here is not None:
                here.redactor.redact("nothing to be found", "command")

    def concerns(self, event: Event) -> bool:
        """Whether there is text in ``event`` to look at, which may take a while."""
        if event.kind is EventKind.PROMPT:
            return bool(event.text)
        if event.kind is EventKind.TOOL_CALL:
            return reading.may_be_counted(event.tool, event.input)
        if event.kind is EventKind.TOOL_FAILURE:
            return event.session in self._printed
        return event.kind is EventKind.TOOL_RESULT or event.name == BATCH

    def applied(self, event: Event, decision: Decision) -> Decision:
        """``decision`` with what redaction has to say of ``event``. Raises what the redactor raises."""
        if not self.concerns(event) or decision.verdict is Verdict.DENY:
            return decision
        here = self._redactors.of(event.project, event.session)
        if here is None:
            return decision
        if event.kind in (EventKind.TOOL_RESULT, EventKind.TOOL_FAILURE):
            decision = self._noted(event, decision, here)
        if event.kind is EventKind.TOOL_RESULT:
            return self._output(event, decision, here)
        if event.kind is EventKind.TOOL_FAILURE:
            return decision
        if here.gateway:
            return decision
        judge = {EventKind.PROMPT: _prompt, EventKind.TOOL_CALL: _read}.get(event.kind, _batch)
        return judge(event, decision, here)

    def closed(self, event: Event, decision: Decision) -> Decision:
        """``decision`` with the output withheld where a tool's result is refused: a refusal alone holds nothing back."""
        refused = event.kind is EventKind.TOOL_RESULT and decision.verdict is Verdict.DENY
        if not refused or decision.updated_output is not None or event.result is None:
            return decision
        notice = f"[checkrein withheld this output: {decision.findings[0].what if decision.findings else 'it was refused'}]"
        return replace(decision, updated_output=outputs.withheld(event.result, notice))

    def piece(self, session: str, project: str, data: bytes) -> bytes:
        """The answer to one piece of a command's output (see ``HookProtocol.output``). Raises what the redactor raises.

        What was replaced is on record with the next result of a tool in this session.
        """
        here = self._redactors.of(project)
        if here is None or not here.wrap:
            return b"!"
        redacted = redact_bytes(data, here.redactor, "command")
        if redacted.counts:
            with self._lock:
                self._printed.setdefault(session, Counter()).update(redacted.counts)
                if len(self._printed) > MAX_TOLD:
                    self._printed.popitem(last=False)
        return b"=" + redacted.data

    def _noted(self, event: Event, decision: Decision, here: ProjectRedaction) -> Decision:
        """With a remark on what was replaced in the output of commands since the last one."""
        with self._lock:
            counts = self._printed.pop(event.session, None)
        if not counts:
            return decision
        what = f"{counted(counts)} in the output of a command replaced by placeholders"
        remark = noticed("privacy.redacted", what, subject=event.tool)
        return self._remarked(event, decision, remark, here)

    def _output(self, event: Event, decision: Decision, here: ProjectRedaction) -> Decision:
        collected = _Collector(here.redactor, source_of(event))
        output = outputs.rewritten(event.result, collected)
        path = event.result.get(PERSISTED) if isinstance(event.result, dict) else None
        if isinstance(path, str):
            collected.counts.update(redact_file(path, here.redactor, collected.source))
        if not collected.counts:
            return decision
        what = f"{counted(collected.counts)} in the output of {event.tool} replaced by placeholders"
        remark = noticed("privacy.redacted", what, subject=event.tool)
        return replace(self._remarked(event, decision, remark, here), updated_output=output)

    def _remarked(self, event: Event, decision: Decision, remark: Finding, here: ProjectRedaction) -> Decision:
        message = decision.message or ("" if here.gateway else self._once(event))
        return replace(decision, findings=(*decision.findings, remark), message=message)

    def _once(self, event: Event) -> str:
        """How to use placeholders, told once to each agent of a session."""
        key = (event.session, event.agent)
        if key in self._told:
            return ""
        self._told[key] = None
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)
        return _HOW


class _Collector:
    """Redacts text after text and counts what was replaced."""

    def __init__(self, redactor: Redactor, source: str) -> None:
        self.source = source
        self.counts: Counter[str] = Counter()
        self._redactor = redactor

    def __call__(self, text: str) -> str:
        redacted = self._redactor.redact(text, self.source)
        self.counts.update(redacted.counts)
        return redacted.text


def source_of(event: Event) -> str:
    """Where the output of a tool call is from: a file's path, the MCP server, ``command``, or the tool's name."""
    if event.tool.startswith("mcp__"):
        return f"mcp:{event.tool.removeprefix('mcp__').partition('__')[0]}"
    path = next((event.input[key] for key in _PATH_KEYS if isinstance(event.input.get(key), str)), "")
    return path if path.startswith("/") else "command"


def counted(counts: Mapping[str, int]) -> str:
    """``2 GITHUB_TOKEN and 1 EMAIL``."""
    parts = [f"{number} {label}" for label, number in sorted(counts.items())]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def _prompt(event: Event, decision: Decision, here: ProjectRedaction) -> Decision:
    """A prompt cannot be rewritten here: with a secret in it, it is stopped, and the person told which kind stands where."""
    redacted = here.redactor.redact(event.text, "prompt")
    secret, personal = _split(redacted.found)
    if not secret:
        return _passed(decision, personal, "the prompt")
    places = [place for label, place in _places(redacted.text, event.text) if label in secret]
    what = f"the prompt holds {counted(secret)} ({', '.join(places[:_MAX_LINES])})"
    finding = noticed("privacy.prompt", what)
    return _denied(decision, finding, f"Not sent: {what}. {finding.instead}")


def _places(redacted: str, original: str) -> Iterator[tuple[str, str]]:
    """``GITHUB_TOKEN``, ``GITHUB_TOKEN in line 3``. A value of several lines counts as one line for those behind it."""
    for found in PLACEHOLDER.finditer(redacted):
        if found[0] not in original:
            yield found["label"], f"{found['label']} in line {redacted.count(chr(10), 0, found.start()) + 1}"


def _split(found: Mapping[tuple[str, str], int]) -> tuple[Counter[str], Counter[str]]:
    """How many of which label: what must not leave, and personal data.

    Where nothing can be replaced, personal data alone stops no work: addresses stand in every second prompt and error. It is
    on record, and the gateway replaces it.
    """
    secret: Counter[str] = Counter()
    personal: Counter[str] = Counter()
    for (rule, label), number in found.items():
        (personal if rule.startswith(PERSONAL) else secret)[label] += number
    return secret, personal


def _passed(decision: Decision, personal: Counter[str], where: str) -> Decision:
    if not personal:
        return decision
    what = f"{counted(personal)} in {where} went out as it is: it cannot be replaced there"
    return replace(decision, findings=(*decision.findings, noticed("privacy.unreplaced", what)))


def _read(event: Event, decision: Decision, here: ProjectRedaction) -> Decision:
    """A longer part of a file is shortened to what the client does not send to be counted (see ``reading``)."""
    given = decision.updated_input if decision.updated_input is not None else event.input
    part = reading.shortened(given, here.redactor)
    if part is None:
        return decision
    held = f"this part of the file holds {counted(part.counts)}"
    if not part.lines:
        finding = noticed("privacy.counted", held, subject=event.tool)
        return _denied(decision, finding, f"Stopped: {held}. {finding.why} {finding.instead}")
    remark = noticed("privacy.shortened", f"{held} and was shortened", subject=event.tool)
    told = f"checkrein shortened this call to {part.lines} lines from line {part.offset} on: {held}. {remark.why}"
    return replace(
        decision,
        findings=(*decision.findings, remark),
        message="\n".join(filter(None, (decision.message, f"{told} Go on with offset {part.offset + part.lines}."))),
        updated_input={**given, "offset": part.offset, "limit": part.lines},
    )


def _batch(event: Event, decision: Decision, here: ProjectRedaction) -> Decision:
    """The last look: the results as the model is about to get them."""
    found: Counter[tuple[str, str]] = Counter()
    tools: dict[str, None] = {}
    for call in event.result if isinstance(event.result, list) else []:
        tool, response = (call.get("tool_name"), call.get("tool_response")) if isinstance(call, dict) else ("?", call)
        for text in outputs.texts(response):
            redacted = here.redactor.redact(text, "command")
            found.update(redacted.found)
            if redacted.counts:
                tools[str(tool)] = None
    secret, personal = _split(found)
    if not secret:
        return _passed(decision, personal, f"the result of {', '.join(tools)}")
    what = f"{counted(secret)} would reach the model in the result of {', '.join(tools)}, and cannot be replaced there"
    finding = noticed("privacy.output", what, subject=next(iter(tools)))
    return _denied(decision, finding, f"Stopped before the request: {what}. {finding.instead}")


def noticed(notice: str, what: str, *, subject: str = "") -> Finding:
    """The finding of the notice of that id."""
    return load_notices()[notice].finding(what, subject=subject)


def _denied(decision: Decision, finding: Finding, message: str) -> Decision:
    notice = f"checkrein stopped: {finding.what} [{finding.rule}, checkrein explain {decision.id}]"
    return replace(decision, verdict=Verdict.DENY, findings=(finding, *decision.findings), message=message, notice=notice)


def broken(error: Exception) -> str:
    """Why redaction failed, in one clause and without any of the text."""
    return error.what if isinstance(error, CheckreinError) else f"redaction failed ({type(error).__name__})"
