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


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("git push --force origin topic", "`git push --force` acts on topic"),
        ("npm publish", "`npm publish`"),
        ("curl -X DELETE localhost:8000/orders/1", "`curl DELETE` acts on localhost:8000/orders/1"),
        ("ssh db \"psql -c 'DROP TABLE users'\"", "`DROP TABLE` acts on users on another machine or in a container"),
    ],
)
def test_what_a_command_acts_on_and_where(world: Any, command: str, what: str) -> None:
    assert world.bash(command).findings[0].what == what


def test_a_lock_that_git_left_behind_may_go(world: Any) -> None:
    world.write(".git/index.lock", "")
    assert not world.bash("rm -f .git/index.lock").stops
    for command in ("rm -rf .git/index.lock .git", "rm -f .git/index", "rm -rf .git/*.lock .git/refs"):
        assert "files.delete-git" in rules(world.bash(command))


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
    decision = world.bash("ssh host 'git clean -fd'")
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


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        ("killall node", "system.kill-shared"),
        ("pkill -x postgres", "system.kill-shared"),
        ("pkill '^nginx$'", "system.kill-shared"),
        ("pkill -9 -u bob", "system.kill-all"),
        ("skill -KILL -u bob", "system.kill-all"),
        ("fuser -km /srv/data", "system.kill-all"),
        ("fuser -k /home", "system.kill-all"),
        ("killall5", "system.kill-all"),
    ],
)
def test_processes_of_others(world: Any, command: str, rule: str) -> None:
    assert rule in rules(world.bash(command))


@pytest.mark.parametrize(
    ("command", "shared"),
    [
        ("docker run --rm -v $HOME:/data alpine ls /data", True),
        ("podman create -v $HOME:/data:ro alpine", True),
        ("docker run --rm -v $PWD/src:/src alpine ls /src", False),
    ],
)
def test_a_container_that_sees_the_home_folder(world: Any, command: str, shared: bool) -> None:
    assert ("containers.host-access" in rules(world.bash(command))) is shared


@pytest.mark.parametrize("command", ["pkill -f 'node server.js'", "pkill vite", "fuser -k 3000/tcp", "fuser -k data/app.db"])
def test_processes_of_ones_own(world: Any, command: str) -> None:
    assert not {"system.kill-shared", "system.kill-all"} & rules(world.bash(command))
