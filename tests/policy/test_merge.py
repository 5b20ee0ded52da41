"""Who may loosen what."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Action, Rule
from checkrein.policy import Approval, Outside, PathAccess, Transport


def test_the_default_is_in_force_without_files(world: Any, rules: dict[str, Rule]) -> None:
    policy = world.load().policy
    assert policy.action_for(rules["git.push-force"]) == (Action.DENY, "default")
    assert policy.unknown is Action.ASK
    assert policy.on_error is Action.DENY
    assert policy.undo.max_bytes == 200_000_000
    assert policy.ignore_files == (".claudeignore",)
    assert policy.scope.outside_write is Outside.CLIENT
    assert policy.transport is Transport.AUTO
    assert set(policy.sources.values()) == {"default"}


def test_the_most_specific_entry_wins_and_later_layers_speak_last(world: Any, rules: dict[str, Rule]) -> None:
    org = world.write("organisation", "rules:\n  '*': deny\n  git.*: ask\n")
    user = world.write("user", "rules: {git.push-force: {action: allow, reason: my own fork}}\n")
    policy = world.load().policy
    assert policy.action_for(rules["fs.delete"]) == (Action.DENY, f"{org}:3")
    assert policy.action_for(rules["git.reset-hard"]) == (Action.ASK, f"{org}:4")
    assert policy.action_for(rules["git.push-force"]) == (Action.ALLOW, f"{user}:2")
    assert policy.action_for(rules["git.push-force"]) is policy.action_for(rules["git.push-force"])
    assert world.notes() == []


def test_a_project_can_only_tighten_rules(world: Any, rules: dict[str, Rule]) -> None:
    project = world.write("project", "rules:\n  git.*: allow\n  fs.delete: deny\n")
    policy = world.load().policy
    assert policy.action_for(rules["git.push-force"]) == (Action.DENY, "default")
    assert policy.action_for(rules["git.reset-hard"]) == (Action.ASK, "default")
    assert policy.action_for(rules["fs.delete"]) == (Action.DENY, f"{project}:4")
    assert world.notes() == [
        "project/checkrein.yaml:3: a project cannot loosen git.push-force (deny), git.reset-hard (ask) to allow: ignored"
    ]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("unknown: allow", "cannot loosen unknown (a default): ignored"),
        ("on_error: ask", "cannot loosen on_error (a default): ignored"),
        ("approve: [read-only]", "cannot loosen approve (a default): ignored"),
        ("scope: {folders: [/srv]}", "cannot loosen scope.folders (a default): ignored"),
        ("undo: {enabled: false}", "cannot loosen undo.enabled (a default): ignored"),
        ("undo: {max_bytes: 1GB}", "cannot set undo.max_bytes: ignored"),
        ("transport: http", "cannot set transport: ignored"),
        ("protected: [{paths: [x], action: allow}]", "cannot exempt paths here: ignored"),
    ],
)
def test_a_loosening_project_entry_is_ignored_with_a_note(world: Any, text: str, note: str) -> None:
    before = world.load().policy
    world.write("project", text)
    after = world.load().policy
    assert (after.unknown, after.on_error, after.approve, after.scope, after.undo, after.transport) == (
        before.unknown,
        before.on_error,
        before.approve,
        before.scope,
        before.undo,
        before.transport,
    )
    assert after.path_verdict(f"{world.project}/x", PathAccess.WRITE) is None
    assert world.notes() == [f"project/checkrein.yaml:2: a project {note}"]


def test_a_project_can_tighten_everything(world: Any) -> None:
    world.write("user", "approve: [read-only]\nunknown: allow\non_error: ask\n")
    project = world.write(
        "project",
        "approve: []\nunknown: deny\non_error: deny\nignore_files: [.agentignore]\n"
        "scope: {outside_write: deny, outside_read: ask}\n",
    )
    policy = world.load().policy
    assert policy.approve == frozenset()
    assert policy.unknown is Action.DENY
    assert policy.on_error is Action.DENY
    assert policy.ignore_files == (".claudeignore", ".agentignore")
    assert (policy.scope.outside_read, policy.scope.outside_write) == (Outside.ASK, Outside.DENY)
    assert policy.sources["unknown"] == f"{project}:3"
    assert world.notes() == []


def test_the_user_loosens_what_is_not_locked(world: Any, rules: dict[str, Rule]) -> None:
    world.write(
        "organisation", "locked: [rules.git.*, scope, transport]\nscope: {outside_write: ask}\ntransport: both\nunknown: deny\n"
    )
    world.write(
        "user",
        "rules: {git.push-force: allow, fs.delete: allow}\nscope: {outside_write: client, folders: [~/lib]}\n"
        "transport: http\nunknown: allow\napprove: [read-only]\n",
    )
    policy = world.load().policy
    assert policy.action_for(rules["git.push-force"])[0] is Action.DENY
    assert policy.action_for(rules["fs.delete"])[0] is Action.ALLOW
    assert policy.scope.outside_write is Outside.ASK
    assert policy.scope.folders == ()
    assert policy.transport is Transport.BOTH
    assert policy.unknown is Action.ALLOW
    assert policy.approve == {Approval.READ_ONLY}
    assert world.notes() == [
        "home/checkrein.yaml:3: the user layer cannot loosen scope.outside_write (set in org/checkrein.yaml:3): ignored",
        "home/checkrein.yaml:3: the user layer cannot loosen scope.folders (a default): ignored",
        "home/checkrein.yaml:4: the user layer cannot loosen transport (set in org/checkrein.yaml:4): ignored",
        "home/checkrein.yaml:2: the user layer cannot loosen git.push-force (deny) to allow: ignored",
    ]


def test_extra_folders_are_expanded(world: Any) -> None:
    world.write("user", "scope: {folders: [~/lib/, /srv/data]}\n")
    assert world.load().policy.scope.folders == (f"{world.root}/home/lib", "/srv/data")


def test_path_lists(world: Any) -> None:
    user = world.write(
        "user",
        "protected:\n"
        "  - {paths: ['*.proto', '!own.proto'], action: deny, reason: generated}\n"
        "  - {paths: [fixtures/package-lock.json], action: allow}\n"
        "  - {paths: [~/notes, /srv/shared], access: any, action: ask}\n"
        "sensitive: [customers/]\n",
    )
    project = world.write("project", "protected: [{paths: [fixtures/], action: ask}]\n")
    policy, here = world.load().policy, world.project

    def verdict(path: str, access: PathAccess = PathAccess.WRITE) -> tuple[str, str, bool] | None:
        found = policy.path_verdict(path, access)
        return None if found is None else (str(found.action), found.source, found.final)

    assert verdict(f"{here}/api/a.proto") == ("deny", f"{user}:3", True)
    assert verdict(f"{here}/api/own.proto") is None
    assert verdict(f"{here}/api/a.proto", PathAccess.READ) is None
    assert verdict(f"{here}/fixtures/package-lock.json") == ("ask", f"{project}:2", True)
    assert verdict(f"{here}/fixtures/other") == ("ask", f"{project}:2", False)
    assert verdict(f"{world.root}/home/notes/a", PathAccess.READ) == ("ask", f"{user}:5", True)
    assert verdict("/srv/shared/a") == ("ask", f"{user}:5", True)
    assert verdict(f"{here}/customers/a.csv", PathAccess.READ) == ("deny", f"{user}:6", True)
    assert verdict(f"{here}/customers/a.csv") is None
    assert verdict("/srv/elsewhere") is None
