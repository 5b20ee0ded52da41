"""What is recorded of a call into which values were put, and of values that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checkrein.core import Action, Decision, Event, EventKind, Finding, ScanError, Severity, Threat, VaultError, Verdict
from checkrein.decide.asked import Asked
from checkrein.ledger import Entry, Ledger
from checkrein.service.hiding import FRESH_SECONDS, MAX_PROJECTS, Hiding, Prepared
from checkrein.service.recorder import MaskedRecorder

CALL = Event(EventKind.TOOL_CALL, "s", "/p", "/p", name="PreToolUse", tool="Glob", call="c1", input={"pattern": "asked for"})
RESULT = replace(CALL, kind=EventKind.TOOL_RESULT, name="PostToolUse", input={"pattern": "the value"}, result="ok")
KNOWN = "plain words"
FINDING = Finding(
    "r", Threat.DATA_LEAKAGE, Severity.HIGH, Action.ASK, f"a {KNOWN}", f"b {KNOWN}", f"c {KNOWN}", f"d {KNOWN}", KNOWN, (KNOWN,)
)


class Search:
    """Knows one value."""

    failure: Exception | None = None

    def masked(self, text: str, mask: str) -> str:
        """See ``hiding.Masker``."""
        if self.failure is not None:
            raise self.failure
        return text.replace(KNOWN, mask)


class Searches:
    """Gives the same search for every project, and remembers for which."""

    def __init__(self) -> None:
        self.search = Search()
        self.failure: Exception | None = None
        self.asked: list[str] = []

    def for_record(self, project: str) -> Search:
        """See ``hiding.Maskers``."""
        self.asked.append(project)
        if self.failure is not None:
            raise self.failure
        return self.search


class Point:
    """Decides nothing, and counts how often it was asked."""

    asked = 0

    def decide(self, event: Event) -> Decision:
        """No objection."""
        self.asked += 1
        return Decision("a1", Verdict.NONE)

    at_once = decide


def recorded(folder: Path, searches: Searches, event: Event, *findings: Finding) -> Entry:
    """The entry of ``event`` as it is written with these searches."""
    hiding = Hiding(searches, "/home")
    hiding.prepare(event)
    with Ledger.open(folder) as ledger:
        MaskedRecorder(ledger, Asked(), hiding).append(event, Decision("a1", Verdict.NONE, findings), 1)
        return next(ledger.entries())


def test_a_call_is_recorded_as_it_was_asked_for(tmp_path: Path) -> None:
    asked, hiding = Asked(), Hiding(Searches(), "/home")
    hiding.prepare(CALL)
    with Ledger.open(tmp_path / "ledger") as ledger:
        recorder = MaskedRecorder(ledger, asked, hiding)
        recorder.append(RESULT, Decision("a1", Verdict.NONE), 1)
        asked.note(CALL, RESULT.input)
        recorder.append(RESULT, Decision("a2", Verdict.NONE), 1)
        summaries = [entry.summary for entry in ledger.entries()]
    assert "the value" in summaries[0]
    assert "asked for" in summaries[1]
    assert "the value" not in summaries[1]


def test_what_the_search_knows_is_masked_in_every_text(tmp_path: Path) -> None:
    event = replace(CALL, tool="Bash", input={"command": f"echo x-{KNOWN}-y"}, text=f"say {KNOWN}", project=f"/p/{KNOWN}")
    entry = recorded(tmp_path / "ledger", Searches(), event, FINDING)
    assert KNOWN not in repr(entry)
    assert entry.summary == "say [masked] echo x-[masked]-y"
    assert entry.project == "/p/[masked]"
    assert entry.parsed_findings[0].subject == "d [masked]"


def test_keys_and_nested_values_are_masked_too(tmp_path: Path) -> None:
    given = {"q": KNOWN, "deep": [{KNOWN: f"at {KNOWN}"}, KNOWN], f"a\n{KNOWN}": 1}
    entry = recorded(tmp_path / "ledger", Searches(), replace(CALL, tool="mcp__x__y", input=given))
    assert KNOWN not in entry.summary
    assert entry.summary.count("[masked]") >= 5


@pytest.mark.parametrize("failure", [VaultError("the key is gone"), RuntimeError(KNOWN)], ids=["vault", "bug"])
def test_an_entry_without_a_search_tells_sizes_alone(tmp_path: Path, failure: Exception) -> None:
    unmade, unsearched = Searches(), Searches()
    unmade.failure = unsearched.search.failure = failure
    event = replace(CALL, text="spoken", project="/secret-project")
    for number, searches in enumerate((unmade, unsearched)):
        entry = recorded(tmp_path / str(number), searches, event, FINDING)
        assert "asked for" not in repr(entry)
        assert "spoken" not in repr(entry)
        assert "secret-project" not in repr(entry)
        assert KNOWN not in repr(entry)
        assert "bytes, kept as a digest" in entry.summary
        assert entry.rule_ids == ("r",)
        assert (entry.tool, entry.session) == ("Glob", "s")
        assert entry.digest


def test_what_was_never_prepared_is_not_written() -> None:
    with pytest.raises(ScanError):
        Hiding(Searches(), "/home").of(CALL)("text")


def test_a_search_is_made_ready_in_a_thread_and_again_after_a_while() -> None:
    searches, now, point = Searches(), [0.0], Point()
    prepared = Prepared(point, Hiding(searches, "/home", lambda: now[0]))
    assert prepared.at_once(CALL) is None
    assert point.asked == 0
    assert prepared.decide(CALL).id == "a1"
    assert prepared.at_once(CALL) is not None
    now[0] += FRESH_SECONDS
    assert prepared.at_once(CALL) is None
    assert searches.asked == ["/p"]


def test_what_belongs_to_no_session_is_searched_as_the_home_folder_is() -> None:
    searches = Searches()
    Hiding(searches, "/home").prepare(replace(CALL, session="", project="/"))
    assert searches.asked == ["/home"]


def test_the_searches_of_old_projects_are_let_go() -> None:
    hiding = Hiding(Searches(), "/home")
    for number in range(MAX_PROJECTS + 1):
        hiding.prepare(replace(CALL, project=f"/p{number}"))
    assert not hiding.ready(replace(CALL, project="/p0"))
    assert hiding.ready(replace(CALL, project=f"/p{MAX_PROJECTS}"))
