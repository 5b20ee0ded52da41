from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import Action, PolicyError, Rule
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.policy import load as load_module
from checkrein.policy.load import default_text


def test_standard_places() -> None:
    files = PolicyFiles.standard({"HOME": "/h", "XDG_CONFIG_HOME": "/c"})
    assert files == PolicyFiles(home=Path("/h"), user=Path("/c/checkrein/checkrein.yaml"))
    assert files.organisation == Path("/etc/checkrein/checkrein.yaml")
    assert PolicyFiles.standard({"HOME": "/h"}).user == Path("/h/.config/checkrein/checkrein.yaml")


def test_the_default_is_a_policy_file(world: Any) -> None:
    world.write("user", default_text(), version=False)
    assert world.load().notes == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unknwon: ask", "2: unknown key \"unknwon\"\nfix: Did you mean 'unknown'? Known keys here: "),
        ("rules: {git.push-forse: ask}", "2: no rule is called 'git.push-forse'\nfix: Did you mean 'git.push-force'? "),
        ("rules: {svn.*: ask}", "2: no rule is called 'svn.*'"),
        ("rules:\n  fs.delete: dney", "3: rules.fs.delete cannot be \"dney\"\nfix: Did you mean 'deny'? Use one of: allow, "),
        ("rules:\n  fs.delete: {action: dney}", '3: rules.fs.delete.action cannot be "dney"'),
        ("scope:\n  outside_reed: ask", "3: unknown key \"outside_reed\" in scope\nfix: Did you mean 'outside_read'? "),
        ("protected:\n  - paths: [a]", "3: the key 'action' is missing in protected[0]"),
        ("sensitive: [{pths: [a]}]", '2: unknown key "pths" in sensitive[0]'),
        ("undo: {max_bytes: lots}", '2: undo.max_bytes cannot be "lots"\nfix: Bytes, or a number with a unit'),
        ("approve: all", "2: approve has to be a list"),
        ("locked: [scope]", "2: 'locked' belongs in the organisation's file"),
        ("unknown: ask\nunknown: allow", "3: has the key 'unknown' twice"),
        ("unknown: &a ask", "2: uses a YAML anchor"),
        ("unknown: *a", "2: uses a YAML alias"),
        ("unknown: !!python/name:os.system x", "2: uses a YAML tag"),
        ("unknown: [", "3: is not YAML: "),
        ("---\nversion: 1", "2: holds a second YAML document"),
        ("x: " + "[" * 100_000, "2: is nested too deeply"),
        ("sensitive:\n" + "- a\n" * 30_000, "20000: holds more than 20000 entries"),
    ],
)
def test_a_broken_file_is_an_error_with_line_and_fix(world: Any, text: str, message: str) -> None:
    file = world.write("user", text + "\n")
    with pytest.raises(PolicyError) as caught:
        world.load()
    assert str(caught.value).startswith(f"{file}:{message}")
    assert caught.value.fix


def test_what_cannot_be_locked(world: Any) -> None:
    world.write("organisation", "locked: [scoope]\n")
    with pytest.raises(PolicyError, match="Did you mean 'scope'"):
        world.load()


def test_files_that_are_not_read(world: Any) -> None:
    file = world.write("project", "x" * 1_000_001)
    with pytest.raises(PolicyError, match="larger than 1 MB"):
        world.load()
    file.write_bytes(b"version: 1\nunknown: \xff\n")
    with pytest.raises(PolicyError, match=":2: is not UTF-8"):
        world.load()
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(PolicyError, match="not a regular file"):
        world.load()
    file.unlink()
    file.symlink_to(world.write("user", ""))
    with pytest.raises(PolicyError, match="symbolic link"):
        world.load()


def test_the_last_good_policy_stays_in_force(world: Any, rules: dict[str, Rule]) -> None:
    store = PolicyStore(world.files, rules=rules)
    world.write("user", "unknown: deny\n")
    world.write("project", "rules: {fs.delete: deny}\n")
    assert store.current(world.project).policy.unknown is Action.DENY
    broken = world.write("user", "unknown: nonsense\n")
    now = store.current(world.project)
    assert now.policy.unknown is Action.DENY
    assert now.policy.action_for(rules["fs.delete"])[0] is Action.DENY
    assert [str(error).split(": ")[0] for error in now.errors] == [f"{broken}:2"]
    world.write("user", "unknown: ask\n")
    assert store.current(world.project).policy.unknown is Action.ASK
    assert store.current(world.project).errors == ()


def test_without_a_good_version_the_other_layers_stay(world: Any, rules: dict[str, Rule]) -> None:
    world.write("organisation", "unknown: deny\n")
    world.write("project", "nonsense\n")
    now = PolicyStore(world.files, rules=rules).current(world.project)
    assert now.policy.unknown is Action.DENY
    assert len(now.errors) == 1


def test_a_broken_organisation_leaves_the_user_nothing_to_loosen(world: Any, rules: dict[str, Rule]) -> None:
    world.write("organisation", "nonsense\n")
    world.write("user", "unknown: allow\nrules: {git.push-force: allow, fs.delete: deny}\n")
    policy = PolicyStore(world.files, rules=rules).current(world.project).policy
    assert policy.unknown is Action.ASK
    assert policy.action_for(rules["git.push-force"])[0] is Action.DENY
    assert policy.action_for(rules["fs.delete"])[0] is Action.DENY


def test_a_removed_file_counts_no_more(world: Any, rules: dict[str, Rule]) -> None:
    store = PolicyStore(world.files, rules=rules)
    file = world.write("user", "unknown: deny\n")
    assert store.current(world.project).policy.unknown is Action.DENY
    file.unlink()
    assert store.current(world.project).policy.unknown is Action.ASK


def test_nothing_is_read_while_nothing_changes(world: Any, rules: dict[str, Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    store = PolicyStore(world.files, rules=rules)
    world.write("user", "unknown: deny\n")
    first = store.current(world.project)
    monkeypatch.setattr(load_module, "read_text", lambda *a, **k: pytest.fail("read again"))
    assert store.current(world.project) is first


def test_many_projects(world: Any, rules: dict[str, Rule]) -> None:
    store = PolicyStore(world.files, rules=rules)
    world.write("project", "unknown: deny\n")
    for number in range(100):
        assert store.current(world.root / f"p{number}").policy.unknown is Action.ASK
    assert store.current(world.project).policy.unknown is Action.DENY
