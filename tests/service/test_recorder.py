"""What is recorded of a call into which values were put."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.decide.asked import Asked
from checkrein.ledger import Ledger
from checkrein.service.recorder import RecordedAsAsked

CALL = Event(EventKind.TOOL_CALL, "s", "/p", "/p", name="PreToolUse", tool="Glob", call="c1", input={"pattern": "asked for"})
RESULT = replace(CALL, kind=EventKind.TOOL_RESULT, name="PostToolUse", input={"pattern": "the value"}, result="ok")


def test_a_call_is_recorded_as_it_was_asked_for(tmp_path: Path) -> None:
    asked = Asked()
    with Ledger.open(tmp_path / "ledger") as ledger:
        recorder = RecordedAsAsked(ledger, asked)
        recorder.append(RESULT, Decision("a1", Verdict.NONE), 1)
        asked.note(CALL, RESULT.input)
        recorder.append(RESULT, Decision("a2", Verdict.NONE), 1)
        summaries = [entry.summary for entry in ledger.entries()]
    assert "the value" in summaries[0]
    assert "asked for" in summaries[1]
    assert "the value" not in summaries[1]
