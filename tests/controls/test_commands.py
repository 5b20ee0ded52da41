"""Modes, processes and code that cannot be seen."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.controls.commands import shown
from checkrein.core import Decision, Verdict
from checkrein.core.effect import UNKNOWN


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


def test_unknown_text_is_shown_as_such() -> None:
    assert shown(f"/srv/{UNKNOWN}/x") == "/srv/…/x"


def test_the_policy_decides_on_what_is_unknown(world: Any) -> None:
    assert world.bash("some-generator | bash").verdict is Verdict.ASK
    file = world.policy("unknown: deny", layer="user")
    decision = world.bash("some-generator | bash")
    assert (decision.verdict, decision.findings[0].source) == (Verdict.DENY, f"{file}:2")
    world.policy("unknown: deny\nrules: {run.unknown-code: allow}", layer="user")
    assert world.bash("some-generator | bash").verdict is Verdict.NONE


def test_a_project_may_only_tighten(world: Any) -> None:
    world.policy("rules: {git.push-force: allow}")
    assert world.bash("git push --force").stops
    world.policy("rules: {system.privilege: deny}")
    assert world.bash("sudo ls").verdict is Verdict.DENY


def test_what_happens_elsewhere_is_said_so(world: Any) -> None:
    decision = world.bash("ssh host 'git push --force'")
    assert "on another machine" in decision.findings[0].what


@pytest.mark.parametrize("command", ["chmod -R 755 ..", "chmod -R 755 ~", "chown -R me /etc", "chgrp -R x /"])
def test_a_whole_tree(world: Any, command: str) -> None:
    assert "files.mode-system" in rules(world.bash(command))


@pytest.mark.parametrize("command", ["chmod -R u+w build", "chown -R me node_modules", "chmod 755 run.sh"])
def test_part_of_one(world: Any, command: str) -> None:
    assert "files.mode-system" not in rules(world.bash(command))


def test_a_rule_that_there_is_not(world: Any) -> None:
    world.point.rules = {name: rule for name, rule in world.point.rules.items() if name != "git.push-force"}
    decision = world.bash("git push --force")
    assert "guard.control-failed" in rules(decision)
    assert decision.stops
