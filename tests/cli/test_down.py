"""What ``checkrein down`` prints, and whom it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from checkrein.cli import _setup
from checkrein.cli import down as module
from checkrein.core import SettingsError, UsageError
from checkrein.service.person import Person
from checkrein.service.processes import Process
from checkrein.setup.files import Change, Written
from checkrein.setup.protect import DownReport, Left

FILE = Path("/home/me/.claude/settings.json")


def test_prints_that_every_byte_is_back() -> None:
    assert list(module.render(DownReport((Written(FILE, Change.RESTORED),), stopped=True))) == [
        "Protection is off.",
        "  settings   /home/me/.claude/settings.json is as it was before, byte for byte",
        "  service    stopped; the record and the policy are kept",
        "  files      the client's files stay closed to other users",
        "Sessions that are open now still ask the service, and are stopped: start them anew.",
    ]


def test_says_that_edits_were_kept_and_what_stays() -> None:
    assert list(module.render(DownReport((Written(FILE, Change.CLEANED, Path("/b.json")),), stopped=False))) == [
        "Protection is off here; other settings still ask for it, and the service stays.",
        "  settings   /home/me/.claude/settings.json was edited since: what is ours was taken out, the edits are kept",
        "             what stood there before is /b.json",
        "  files      the client's files stay closed to other users",
    ]


def test_says_that_it_was_not_on() -> None:
    report = DownReport((Written(FILE, Change.UNCHANGED),), stopped=True, was_on=False)
    assert list(module.render(report)) == ["Protection was not on; nothing to take off."]


def test_says_that_a_file_is_gone() -> None:
    report = DownReport((Written(FILE, Change.UNCHANGED, Path("/b.json")),), stopped=True, gone=frozenset({FILE}))
    assert list(module.render(report))[1] == (
        "  settings   /home/me/.claude/settings.json is gone; nothing to restore. What stood there is /b.json"
    )


def test_says_which_file_is_left_and_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    error = SettingsError(f"{FILE}:1:2: no JSON", fix="mend the JSON at this place")
    report = DownReport((), stopped=False, left=(Left(FILE, error, Path("/b.json")),))
    assert list(module.render(report)) == [
        "Protection is not off: a settings file cannot be read, and was left as it is. The service stays.",
        "  settings   /home/me/.claude/settings.json is left: /home/me/.claude/settings.json:1:2: no JSON",
        "             what stood there before protection is /b.json",
        "  go on      mend the JSON at this place; or `cp /b.json /home/me/.claude/settings.json`, then `checkrein down`",
        "  files      the client's files stay closed to other users",
    ]
    for name in ("from_terminal", "LocalService", "this_machine"):
        monkeypatch.setattr(module, name, lambda *_words: None)
    monkeypatch.setattr(module, "take_off", lambda *_words: report)
    assert CliRunner().invoke(module.down, []).exit_code == 2


def test_every_outcome_has_words() -> None:
    for change in (Change.UNCHANGED, Change.RESTORED, Change.REMOVED, Change.CLEANED):
        assert str(FILE) in list(module.render(DownReport((Written(FILE, change),), stopped=True)))[1]


def test_refuses_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch, fake_processes: type) -> None:
    table = fake_processes({os.getpid(): ("python", 1), 1: ("init", 0)})
    monkeypatch.setattr(_setup, "LiveProcesses", lambda: table)
    monkeypatch.setattr(module, "take_off", lambda *words: pytest.fail("it went on"))
    result = CliRunner().invoke(module.down, [])
    assert isinstance(result.exception, UsageError)
    assert result.exception.what == "`checkrein down` is for a person, in a terminal where no Claude Code runs"
    assert result.exception.fix == "open a terminal of your own and run `checkrein down` there"


def test_refuses_where_a_program_stands_between(monkeypatch: pytest.MonkeyPatch, fake_processes: type) -> None:
    table = fake_processes({})
    person = Person(process := Process(1, 0, 1, 1, 1, 0, 0, "a", "/a", (), frozenset()), process, relayed=True)
    monkeypatch.setattr(_setup, "require_person", lambda *_words: person)
    with pytest.raises(UsageError) as refused:
        _setup.from_terminal("down", table)
    assert refused.value.why == "a program stands between this shell and your terminal"


def test_goes_on_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(module, "from_terminal", asked.append)
    monkeypatch.setattr(module, "LocalService", lambda: "service")
    monkeypatch.setattr(module, "this_machine", lambda: "machine")
    report = DownReport((Written(FILE, Change.RESTORED),), stopped=True)
    monkeypatch.setattr(module, "take_off", lambda *words: asked.extend(words) or report)
    assert CliRunner().invoke(module.down, ["--scope", "user"]).exit_code == 0
    assert asked == ["down", "machine", "service", "user"]
