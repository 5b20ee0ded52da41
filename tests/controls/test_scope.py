"""A session is limited to its project, as far as the policy and the client's own prompts say."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Decision, Verdict


def rules(decision: Decision) -> set[str]:
    return {finding.rule for finding in decision.findings}


def write(world: Any, name: str, **fields: Any) -> Decision:
    decision: Decision = world.judge("Write", {"file_path": str(world.path(name)), "content": "x"}, **fields)
    return decision


@pytest.mark.parametrize("mode", ["default", "plan", "acceptEdits", ""])
def test_where_the_client_asks_it_is_left_to_it(world: Any, mode: str) -> None:
    assert write(world, "~/other/a", permission_mode=mode).findings == ()


@pytest.mark.parametrize("mode", ["bypassPermissions", "dontAsk", "auto", "something-new"])
def test_where_the_client_is_silent_a_person_is_asked(world: Any, mode: str) -> None:
    decision = write(world, "~/other/a", permission_mode=mode)
    assert (rules(decision), decision.verdict) == ({"scope.write"}, Verdict.ASK)
    assert write(world, "a", permission_mode=mode).findings == ()


@pytest.mark.parametrize(("limit", "verdict"), [("ask", Verdict.ASK), ("deny", Verdict.DENY), ("client", Verdict.NONE)])
def test_the_policy_says_what_happens(world: Any, limit: str, verdict: Verdict) -> None:
    world.policy(f"scope: {{outside_write: {limit}, outside_read: {limit}}}", layer="user")
    world.write("~/other/a")
    assert write(world, "~/other/b").verdict is verdict
    assert world.judge("Read", {"file_path": str(world.path("~/other/a"))}).verdict is verdict
    assert world.bash("cat ~/other/a").verdict is verdict
    assert world.bash("touch ~/other/b").verdict is verdict


def test_extra_folders_are_inside(world: Any) -> None:
    world.policy(f"scope: {{outside_write: deny, outside_read: deny, folders: [{world.home}/shared]}}", layer="user")
    assert write(world, "~/shared/a").findings == ()
    assert rules(write(world, "~/shared-not/a")) == {"scope.write"}


def test_a_link_out_of_the_project_is_outside(world: Any) -> None:
    world.policy("scope: {outside_write: deny}", layer="user")
    (world.home / "other").mkdir()
    (world.project / "link").symlink_to(world.home / "other")
    assert rules(write(world, "link/a")) == {"scope.write"}


def test_a_project_reached_through_a_link_is_inside(world: Any) -> None:
    world.policy("scope: {outside_write: deny}", layer="user")
    link = world.home / "way"
    link.symlink_to(world.project)
    assert rules(world.judge("Write", {"file_path": f"{link}/a", "content": "x"})) == set()


@pytest.mark.parametrize("command", ["touch /tmp/x", "echo x > /dev/null", "cat /etc/hosts", "ls /usr/bin"])
def test_what_every_program_uses(world: Any, command: str) -> None:
    world.policy("scope: {outside_write: deny, outside_read: deny}", layer="user")
    assert world.bash(command).findings == ()


def test_a_home_below_the_temporary_folder_is_outside(world: Any) -> None:
    world.policy("scope: {outside_write: deny}", layer="user")
    assert str(world.home).startswith("/tmp/")
    assert rules(world.bash("touch ~/x")) == {"scope.write"}


def test_the_finding_names_the_line_that_set_it(world: Any) -> None:
    file = world.policy("scope: {outside_write: deny}", layer="user")
    (finding,) = write(world, "~/other/a").findings
    assert finding.source == f"{file}:2"
