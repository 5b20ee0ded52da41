"""The program table's data is well-formed, and every rule of service programs holds on its own examples."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from checkrein.core import Effect, Rule
from checkrein.detect.shell.exchange import http
from checkrein.detect.shell.model import Argv, Invocation, ShellText
from checkrein.detect.shell.table import programs
from checkrein.detect.shell.table.handler import table_handler
from checkrein.rules import load_rules
from empty_world import EmptyWorld


def effects(argv: list[str], depth: int = 0) -> Iterator[Effect]:
    """What a plain command would do, wrappers and nested code followed, quoting taken as a shell takes it."""
    if not argv or depth > 4:
        return
    if argv[0] in ("python", "python3"):
        argv = argv[1:]
    name = argv[0].rpartition("/")[2]
    handler = http.HANDLERS.get(name, table_handler)
    for outcome in handler(Invocation((name, *argv[1:]), "/home/dev/shop", EmptyWorld())):
        if isinstance(outcome, Effect):
            yield outcome
        elif isinstance(outcome, Argv):
            yield from effects(list(outcome.argv), depth + 1)
        elif isinstance(outcome, ShellText):
            yield from effects(shlex.split(outcome.text), depth + 1)


def rules_named(command: str) -> set[str]:
    return {effect.rule for effect in effects(shlex.split(command)) if effect.rule}


def used_rules() -> list[Rule]:
    rules = load_rules()
    ids = {entry.rule for name in programs.KNOWN for entry in programs.program(name).entries}
    ids |= {"http.delete", "http.delete-local", "http.destructive-post", "services.unknown-delete", "services.sdk-delete"}
    # Rules of databases and version control are tested where the statements and commands are.
    return [rules[rule] for rule in sorted(ids) if not rule.startswith(("db.", "sql.", "git.", "vcs."))]


def test_every_program_can_be_loaded() -> None:
    assert len(programs.KNOWN) > 500
    for name in programs.KNOWN:
        programs.program(name)


@pytest.mark.parametrize("rule", used_rules(), ids=lambda rule: rule.id)
def test_a_rule_holds_on_its_examples(rule: Rule) -> None:
    assert len(rule.bad) >= 3
    assert len(rule.good) >= 3
    # Programs that another module knows (systemctl) are left to its tests.
    bad = [case.title for case in rule.bad if not case.title.startswith("systemctl ")]
    assert [command for command in bad if rule.id not in rules_named(command)] == []
    assert [command for command in (case.title for case in rule.good) if rules_named(command)] == []


@pytest.mark.parametrize("rule", used_rules(), ids=lambda rule: rule.id)
def test_no_rule_stops_what_it_suggests(rule: Rule) -> None:
    assert [command for command in rule.suggests if rules_named(command)] == []
