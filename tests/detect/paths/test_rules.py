"""Rules and patterns agree: every rule that a pattern names is there, and the rules' own examples are judged as they say."""

from __future__ import annotations

import posixpath
import shlex
from importlib import resources

import pytest
import yaml

from checkrein.core import Action, Example, Rule
from checkrein.detect.paths import Places, classify, rules_used
from checkrein.rules import load_rules

PLACES = Places(home="/home/dev", project="/srv/work/project")
CHANGING = {"Write", "Edit", "NotebookEdit"}
BY_EXISTENCE = {"protect.migration", "protect.runs-by-itself", "protect.editor-config"}
"""Whether such a file may be changed depends on whether it is committed already, or on what is written."""
ELSEWHERE = {"read.ignored", "read.listed", "protect.listed", "scope.read", "scope.write"}
"""Named by the policy or the scope, not by what the path is."""
FILES = [entry for entry in (resources.files("checkrein.rules") / "paths").iterdir() if entry.name.endswith(".yaml")]
IDS = {entry["id"] for file in FILES for entry in yaml.safe_load(file.read_text("utf-8"))}
PATH_RULES = [rule for rule in load_rules().values() if rule.id in IDS]


def absolute(path: str) -> str:
    path = PLACES.home + path[1:] if path.startswith("~") else path
    return posixpath.join(PLACES.project, path)


def rules_of(example: Example) -> set[str]:
    """The rules that the paths of an example fall under, of the access that its tool makes; both for a command line."""
    if example.tool != "Bash":
        found = classify(absolute(example.input["file_path"]), PLACES)
        return {found.protected if example.tool in CHANGING else found.sensitive}
    words = [classify(absolute(word), PLACES) for word in shlex.split(example.input["command"])]
    return {rule for each in words for rule in (each.sensitive, each.protected)}


def test_every_pattern_has_its_rule() -> None:
    assert rules_used() | ELSEWHERE == IDS


@pytest.mark.parametrize("rule", [rule for rule in PATH_RULES if rule.id not in ELSEWHERE], ids=lambda rule: rule.id)
def test_examples(rule: Rule) -> None:
    bad = [example for example in rule.bad if "$" not in str(example.input)]  # what a variable stands for is the shell's matter
    assert all(rule.id in rules_of(example) for example in bad), [rules_of(example) for example in bad]
    if rule.id not in BY_EXISTENCE:
        assert not any(rule.id in rules_of(example) for example in rule.good if example.tool != "Bash")


@pytest.mark.parametrize("rule", PATH_RULES, ids=lambda rule: rule.id)
def test_rules_are_complete(rule: Rule) -> None:
    assert rule.action in (Action.ASK, Action.DENY)
    assert min(len(rule.bad), len(rule.good)) >= 2
    assert rule.title
    assert rule.why.endswith(".")
    assert rule.instead.endswith(".")
    assert rule.references
    assert all(reference.startswith("https://") for reference in rule.references)
