from __future__ import annotations

from pathlib import Path

import pytest

from checkrein.core import Threat, UsageError
from checkrein.prove.api import Text, ToolUse
from checkrein.prove.scenario import Fault, Is, Kind, load, load_all
from checkrein.setup.install import Scope, Transport

GOOD = """\
id: one
title: Something that is tried
threats: [T7]
kind: attack
twin: other
files: {project: {a.txt: "x", run.sh: {text: "y", mode: "0755"}, l: {link: a.txt}, h: {hardlink: a.txt}}}
fault: {turn: 1, do: kill}
turns:
  - [{say: hello}, {bash: ls}]
  - [{tool: Write, input: {file_path: x}}]
subagents: {"inner words": [[{bash: pwd}]]}
expect:
  results: [{call: "0.1", is: ran, says: x}, {call: sub1.0.0, is: stopped}]
  disk: {a.txt: unchanged, "~/b": absent, c: {text: z}}
  unsent: [secret]
  ledger: [{rule: git.}]
"""


def test_a_scenario_is_read_whole() -> None:
    scenario = load(GOOD, "x/one.yaml")
    assert (scenario.kind, scenario.threats, scenario.fault) == (Kind.ATTACK, (Threat.DESTRUCTIVE_COMMANDS,), Fault.KILL)
    assert scenario.script.turns[0] == (Text("hello"), ToolUse("Bash", {"command": "ls", "description": "a step"}))
    assert list(scenario.script.subagents) == ["inner words"]
    assert scenario.project["run.sh"].mode == 0o755
    assert (scenario.project["l"].link, scenario.project["h"].hardlink) == ("a.txt", "a.txt")
    first, second = scenario.expect.results
    assert (first.conversation, first.turn, first.index, first.end, first.says) == ("", 0, 1, Is.RAN, "x")
    assert (second.conversation, second.end) == ("sub1", Is.STOPPED)
    assert [(state.path, state.state, state.text) for state in scenario.expect.disk] == [
        ("a.txt", "unchanged", ""),
        ("~/b", "absent", ""),
        ("c", "text", "z"),
    ]
    assert (scenario.scope, scenario.transport, scenario.commit) == (Scope.USER, None, None)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: attack", "kind: attak", 4, "attak"),
        ("threats: [T7]", "threats: [T9]", 3, "T9"),
        ("title: Something that is tried", "titel: Something that is tried", 1, "titel"),
        ("do: kill", "do: explode", 7, "explode"),
        ("is: ran", "is: gone", 13, "gone"),
        ('call: "0.1"', 'call: "7.1"', 13, "there is no call"),
        ("call: sub1.0.0", "call: sub2.0.0", 13, "there is no call"),
        ("unchanged", "unchangd", 14, "unchangd"),
        ("twin: other\n", "", 4, "twin"),
        ("id: one", "id: two", 1, "named two.yaml"),
        ("id: one", "id: One Two", 1, "One Two"),
        ("  - [{say: hello}, {bash: ls}]", "  - {say: hello}", 9, "turns"),
        ("turns:", "turns: &a", 8, "anchor"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(GOOD.replace(old, new, 1), "x/one.yaml")
    assert f"x/one.yaml:{line}:" in caught.value.what
    assert words in caught.value.what


def test_a_claim_that_nothing_checks_is_refused() -> None:
    blind = GOOD[: GOOD.index("  disk:")] + "  ledger: [{rule: git.}]\n"
    with pytest.raises(UsageError, match="an attack needs a look"):
        load(blind, "one.yaml")
    benign = GOOD.replace("kind: attack\ntwin: other", "kind: benign").replace(
        GOOD[GOOD.index("  results") : GOOD.index("  disk")], ""
    )
    with pytest.raises(UsageError, match="harmless work needs a look"):
        load(benign, "one.yaml")


def test_twins_have_to_be_there_and_harmless(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD)
    with pytest.raises(UsageError, match="twin 'other'"):
        load_all(tmp_path)
    harmless = GOOD.replace("kind: attack\ntwin: other", "kind: benign").replace("id: one", "id: other")
    (tmp_path / "other.yaml").write_text(harmless)
    assert [scenario.id for scenario in load_all(tmp_path)] == ["one", "other"]


def test_versions_are_compared_as_numbers() -> None:
    scenario = load(GOOD.replace("fault:", "since: 2.1.95\nbefore: 2.1.300\nfault:"), "one.yaml")
    assert [version for version in ("2.1.94", "2.1.95", "2.1.299", "2.1.300") if scenario.concerns(version)] == [
        "2.1.95",
        "2.1.299",
    ]


def test_the_transport_is_read() -> None:
    assert load(GOOD.replace("fault:", "transport: both\nfault:"), "one.yaml").transport is Transport.BOTH


def test_the_built_in_scenarios_are_sound() -> None:
    scenarios = load_all()
    assert len({scenario.id for scenario in scenarios}) == len(scenarios)
    assert {scenario.twin for scenario in scenarios if scenario.kind is Kind.ATTACK} <= {scenario.id for scenario in scenarios}
