"""Rules, read strictly."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from checkrein import rules
from checkrein.core import Action, Example, Rule, Severity, Threat
from checkrein.rules import load_rules

ENTRY = """
- id: git.x
  title: X
  threat: T7
  severity: high
  action: snapshot
  why: because
  instead: else
  bad: [git x, {command: git y, tracked: [a]}]
  good: [{tool: Write, input: {file_path: a}, files: {a: b}}]
"""


def loaded(monkeypatch: pytest.MonkeyPatch, text: str) -> Mapping[str, Rule]:
    monkeypatch.setattr(rules, "data_files", lambda folder: {"x": text} if folder == "paths" else {})
    return load_rules.__wrapped__()


def test_an_entry_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch, ENTRY) == {
        "git.x": Rule(
            id="git.x",
            title="X",
            threat=Threat.DESTRUCTIVE_COMMANDS,
            severity=Severity.HIGH,
            action=Action.SNAPSHOT,
            why="because",
            instead="else",
            references=(),
            bad=(Example("Bash", {"command": "git x"}, {}), Example("Bash", {"command": "git y"}, {}, ("a",))),
            good=(Example("Write", {"file_path": "a"}, {"a": "b"}),),
        )
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY + "  when: [x]\n", r"unknown fields \['when'\]"),
        (ENTRY.replace("  good:", "  suggests:"), r"missing fields \['good'\]"),
        (ENTRY.replace("threat: T7", "threat: T9"), "threat is none of T1, T2"),
        (ENTRY.replace("action: snapshot", "action: stop"), "action is none of allow, snapshot, ask, deny"),
        (ENTRY.replace("why: because", "why: [because]"), "why is not a text"),
        (ENTRY.replace("{command: git y,", "{"), "an example is a command, or a mapping"),
        (ENTRY.replace("[git x,", "[3,"), "an example is a command, or a mapping"),
        (ENTRY.replace("bad: [git x, {command: git y, tracked: [a]}]", "bad: git x"), "bad is not a list of examples"),
        (ENTRY + "  references: x\n", "references is not a list of texts"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        loaded(monkeypatch, text)
    assert str(caught.value).startswith("paths/x.yaml: git.x: ")


@pytest.mark.parametrize("text", ["x: y", "- x", ENTRY + ENTRY])
def test_a_file_that_is_wrong_as_a_whole_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(ValueError, match=r"^paths/x\.yaml: "):
        loaded(monkeypatch, text)
