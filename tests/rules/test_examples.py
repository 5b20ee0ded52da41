"""Every rule is shown to work: its bad examples set it off, its good ones do not, and what it suggests is not stopped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

import checkrein
from checkrein.core import Action, Decision, Example, Rule, Verdict
from checkrein.detect.paths import rules_used
from checkrein.rules import load_rules

RULES = load_rules()
STRICTNESS = {Verdict.NONE: Action.ALLOW, Verdict.APPROVE: Action.ALLOW, Verdict.ASK: Action.ASK, Verdict.DENY: Action.DENY}


class Machine(Protocol):
    """What these tests use of the ``world`` fixture."""

    def place(self, example: Example) -> None: ...
    def write(self, name: str, text: str = ...) -> Path: ...
    def commit(self, *names: str) -> None: ...
    def expanded(self, given: Mapping[str, Any]) -> dict[str, Any]: ...
    def judge(self, tool: str, given: Mapping[str, Any]) -> Decision: ...
    def bash(self, command: str) -> Decision: ...


def examples(kind: str) -> list[Any]:
    cases = [(rule, example) for rule in RULES.values() for example in getattr(rule, kind)]
    return [pytest.param(rule, example, id=readable(rule, example.title)) for rule, example in cases]


def suggested() -> list[Any]:
    cases = [(rule, command) for rule in RULES.values() for command in rule.suggests]
    return [pytest.param(rule, command, id=readable(rule, command)) for rule, command in cases]


def readable(rule: Rule, title: str) -> str:
    return f"{rule.id}: " + "".join(char if char.isprintable() and char.isascii() else " " for char in title)[:90]


def judged(world: Machine, example: Example) -> Decision:
    world.place(example)
    return world.judge(example.tool, world.expanded(example.input))


def told(decision: Decision) -> str:
    return "\n".join(f"{f.rule} {f.action}: {f.what}" for f in decision.findings) or "no finding"


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_a_bad_example_sets_the_rule_off(world: Machine, rule: Rule, example: Example) -> None:
    decision = judged(world, example)
    assert rule.id in {finding.rule for finding in decision.findings}, told(decision)
    wanted = Action.ALLOW if rule.action is Action.SNAPSHOT else rule.action
    assert STRICTNESS[decision.verdict] >= wanted, told(decision)


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_a_good_example_does_not(world: Machine, rule: Rule, example: Example) -> None:
    decision = judged(world, example)
    assert rule.id not in {finding.rule for finding in decision.findings}, told(decision)


@pytest.mark.parametrize(("rule", "command"), suggested())
def test_what_is_suggested_is_not_stopped(world: Machine, rule: Rule, command: str) -> None:
    world.write("README.md")
    world.commit("README.md")
    world.place(rule.bad[0])
    decision = world.bash(command)
    assert not decision.stops, told(decision)


SHAPE = re.compile(r"[a-z]+\.[a-z0-9-]+")
FAILURES = frozenset(
    {"guard.control-failed", "guard.decision-failed", "guard.answer-failed", "guard.malformed-event", "guard.client-folder"}
)
"""Names in the record for what went wrong in the guard itself: no call sets them off, so they are no rules with examples."""


def ids_in_code() -> dict[str, str]:
    """Every literal in the code that has the shape of a rule's id and begins as one does, with the file that it stands in."""
    groups = {rule.partition(".")[0] for rule in RULES}
    found = {}
    folder = Path(checkrein.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        for name in _named(tree):
            if SHAPE.fullmatch(name) and name.partition(".")[0] in groups:
                found[name] = str(file.relative_to(folder))
    return found


def _named(tree: ast.AST) -> Iterator[str]:
    """Literals where a rule is named: ``rule=``, the first argument of a finding, and everything else of that shape."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def named_as_rules() -> dict[str, str]:
    """Literals that can be nothing but the id of a rule: given as ``rule=`` or to ``finding``."""
    found = {}
    folder = Path(checkrein.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = [word.value for word in node.keywords if word.arg == "rule"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "finding":
                given += node.args[:1]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    found[value.value] = str(file.relative_to(folder))
    return found


def ids_in_data() -> dict[str, str]:
    """The rule ids that the programs' data names."""
    found = {}
    for file in sorted((resources.files("checkrein.rules") / "programs").iterdir(), key=lambda entry: entry.name):
        for name in _values(yaml.safe_load(file.read_text("utf-8")), "rule"):
            found[name] = f"programs/{file.name}"
    return found


def _values(data: Any, key: str) -> Iterator[str]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from _values(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from _values(value, key)


def test_every_rule_is_used() -> None:
    used = ids_in_code().keys() | ids_in_data().keys() | rules_used()
    assert sorted(RULES.keys() - used) == []


def test_every_rule_that_is_used_is_known() -> None:
    named = named_as_rules() | ids_in_data()
    assert {name: place for name, place in named.items() if name not in RULES | dict.fromkeys(FAILURES)} == {}
    assert sorted(rules_used() - RULES.keys()) == []


def test_every_rule_has_enough_examples_and_says_what_to_do() -> None:
    wanting = [rule.id for rule in RULES.values() if len(rule.bad) < 2 or len(rule.good) < 2 or not rule.why or not rule.instead]
    assert wanting == []
