"""Every rule is shown to work: its bad examples set it off, its good ones do not, and what it suggests is not stopped."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

import checkrein
from checkrein.core import Action, Decision, Example, Rule, Verdict
from checkrein.detect.paths import rules_used
from checkrein.detect.shell.table import programs
from checkrein.rules import load_notices, load_rules

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
    assert STRICTNESS[decision.verdict] >= wanted or decision.updated_input is not None, told(decision)


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


NOTICES = load_notices()
SETTINGS = frozenset({"gateway", "scope"})
"""Families whose names the policy's keys and files of ours share."""

NO_RULES = frozenset(
    {
        *("privacy.class", "privacy.classes", "vault.db", "git.push", "http.disconnect", "http.get", "http.request"),
        "run.app",  # a host
        *("sql.delete", "sql.drop", "sql.update"),  # beginnings of ids
        *("vault.known", "vault.placeholder"),  # what found a value
    }
)
RULE_ARGUMENT = {"finding": 0, "Effect": 3, "failure": 0, "note": 0, "noticed": 0, "Finding": 0, "_denial": 2}
"""Which positional argument of these calls names a rule."""


def modules() -> Iterator[tuple[str, ast.AST]]:
    folder = Path(checkrein.__file__).parent
    for file in sorted(folder.rglob("*.py")):
        yield str(file.relative_to(folder)), ast.parse(file.read_text("utf-8"))


def texts_in_code() -> set[str]:
    """Every literal text in the code."""
    return {
        node.value
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def named_as_rules() -> dict[str, str]:
    """Literals that can be nothing but the id of a rule, with the file that they stand in."""
    found: dict[str, str] = {}
    for file, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found |= dict.fromkeys(_rules_named_by(node), file)
    return found


def _rules_named_by(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = RULE_ARGUMENT.get(name)
    given = [word.value for word in call.keywords if word.arg == "rule"]
    if place is not None:
        given += call.args[place : place + 1]
    literals = (part for value in given for part in ast.walk(value) if isinstance(part, ast.Constant))
    yield from (part.value for part in literals if isinstance(part.value, str) and "." in part.value)


def ids_in_data() -> set[str]:
    """The rule ids that the programs' data names."""
    return {entry.rule for name in programs.KNOWN for entry in programs.program(name).entries if entry.rule}


def test_every_rule_is_used() -> None:
    assert sorted(RULES.keys() - texts_in_code() - ids_in_data() - rules_used()) == []


def test_every_rule_that_is_used_is_known() -> None:
    assert {name: file for name, file in named_as_rules().items() if name not in RULES.keys() | NOTICES.keys()} == {}
    assert sorted((ids_in_data() | rules_used()) - RULES.keys()) == []


def test_every_notice_is_used_and_none_is_a_rule() -> None:
    assert sorted(NOTICES.keys() - texts_in_code()) == []
    assert sorted(NOTICES.keys() & RULES.keys()) == []


def test_what_looks_like_the_id_of_a_rule_is_one() -> None:
    """Whatever way an id takes through the code: it stands in it as a text of a family that is known."""
    families = {rule.partition(".")[0] for rule in (*RULES, *NOTICES)} - SETTINGS
    looks = re.compile(rf"(?:{'|'.join(sorted(families))})\.[a-z]+(?:-[a-z]+)*")
    found = {text for text in texts_in_code() if looks.fullmatch(text)}
    assert sorted(found - RULES.keys() - NOTICES.keys() - NO_RULES) == []


def test_every_notice_says_when_it_comes_and_what_to_do() -> None:
    wanting = [each.id for each in NOTICES.values() if not (each.when and each.not_when and each.why and each.instead)]
    assert wanting == []


def test_a_rule_that_nobody_wrote_down_is_seen() -> None:
    calls = [
        node
        for node in ast.walk(ast.parse("Effect(kind, 'x', 'y', 'no.rule'); f(rule='no.other'); noticed('no.third', what)"))
        if isinstance(node, ast.Call)
    ]
    assert [name for call in calls for name in _rules_named_by(call)] == ["no.rule", "no.other", "no.third"]


def test_every_rule_has_enough_examples_and_says_what_to_do() -> None:
    wanting = [
        rule.id for rule in RULES.values() if len(rule.bad) < 2 or len(rule.good) < 2 or not rule.why or not rule.instead
    ]
    assert wanting == []
