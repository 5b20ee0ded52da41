"""Hooks that a tool wrote run with the commands that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from checkrein.core.effect import EffectKind
from checkrein.detect.shell.interpreter import analyse
from empty_world import EmptyWorld

P = "/home/dev/project"
SHELL = "#!/bin/sh\nrm /etc/x"


@dataclass(frozen=True)
class Repository(EmptyWorld):
    """A repository at ``P`` with scripts that nobody vouches for."""

    scripts: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(path for path in self.files if path == pattern)

    def is_dir(self, path: str) -> bool:
        return path in (P, f"{P}/.git")

    def script(self, path: str) -> str | None:
        return self.scripts.get(path)

    def git_config(self, cwd: str, key: str) -> str | None:
        return self.config.get(key)


def deleted(command: str, hook: str, *, cwd: str = P, **config: str) -> list[str]:
    world = Repository(scripts={hook: SHELL}, config={key.replace("_", "."): value for key, value in config.items()})
    effects = analyse(command, world, cwd).effects
    return [effect.target for effect in effects if effect.kind is EffectKind.DELETE]


@pytest.mark.parametrize(
    ("command", "hook"),
    [
        ("git commit -m x", ".git/hooks/pre-commit"),
        ("git commit -m x --amend", ".git/hooks/post-rewrite"),
        ("git commit -m x --no-verify", ".husky/post-commit"),
        ("git push", ".husky/pre-push"),
        ("git switch main", ".githooks/post-checkout"),
        ("git pull", ".githooks/post-merge"),
        ("git cherry-pick HEAD~1", ".githooks/prepare-commit-msg"),
        ("git add x", ".githooks/post-index-change"),
        ("git fetch", ".githooks/reference-transaction"),
        ("git am x.patch", ".githooks/applypatch-msg"),
    ],
)
def test_what_runs(command: str, hook: str) -> None:
    assert deleted(command, f"{P}/{hook}") == ["/etc/x"]


@pytest.mark.parametrize(
    ("command", "hook"),
    [
        ("git commit -m x --no-verify", ".husky/pre-commit"),
        ("git push --no-verify", ".husky/pre-push"),
        ("git commit -m x", ".husky/pre-push"),
        ("git status", ".git/hooks/post-index-change"),
        ("git log", ".git/hooks/reference-transaction"),
    ],
)
def test_what_does_not_run(command: str, hook: str) -> None:
    assert deleted(command, f"{P}/{hook}") == []


def test_from_wherever_the_command_is_called() -> None:
    hook = f"{P}/.husky/pre-commit"
    assert deleted("git commit -m x", hook, cwd=f"{P}/src") == ["/etc/x"]
    assert deleted(f"git -C {P}/src commit -m x", hook, cwd="/") == ["/etc/x"]
    assert deleted("git ci -m x", hook, alias_ci="commit") == ["/etc/x"]


def test_a_folder_that_is_configured() -> None:
    assert deleted("git commit -m x", f"{P}/scripts/hooks/pre-commit", core_hookspath="scripts/hooks") == ["/etc/x"]
    assert deleted("git commit -m x", "/home/dev/hooks/pre-commit", core_hookspath="~/hooks") == ["/etc/x"]
    assert deleted("git commit -m x", f"{P}/scripts/hooks/pre-commit") == []


def test_a_hook_that_is_committed_is_not_judged(judge: Any) -> None:
    assert judge("git commit -m x", files={f"{P}/.husky/pre-commit": SHELL}).of(EffectKind.DELETE) == []


def skipped(command: str, *files: str, **config: str) -> list[str]:
    world = Repository(files=tuple(f"{P}/{name}" for name in files), config={"core.hookspath": config.get("folder", "")})
    return [effect.detail for effect in analyse(command, world, P).effects if effect.rule == "git.skip-hooks"]


@pytest.mark.parametrize(
    ("command", "file", "by"),
    [
        ("git commit --no-verify -m x", ".pre-commit-config.yaml", "--no-verify"),
        ("git commit -anm x", ".git/hooks/pre-commit", "--no-verify"),
        ("git commit --no-veri -m x", ".husky/commit-msg", "--no-verify"),
        ("git push --no-verify", ".husky/pre-push", "--no-verify"),
        ("git -c core.hooksPath=/dev/null commit -m x", "lefthook.yml", "core.hooksPath"),
        ("HUSKY=0 git commit -m x", ".husky/pre-commit", "HUSKY"),
        ("SKIP=ruff git commit -m x", ".pre-commit-config.yaml", "SKIP"),
        ("LEFTHOOK=0 git push", "lefthook.yml", "LEFTHOOK"),
    ],
)
def test_hooks_that_are_there_are_skipped(command: str, file: str, by: str) -> None:
    assert skipped(command, file) == [by]


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("git commit --no-verify -m x", "README.md"),
        ("git commit -m -n", ".husky/pre-commit"),
        ("git commit --no-verify --verify -m x", ".husky/pre-commit"),
        ("git push -n", ".husky/pre-push"),
        ("git push --no-verify", ".husky/pre-commit"),
        ("HUSKY=1 git commit -m x", ".husky/pre-commit"),
        ("SKIP=x git status", ".pre-commit-config.yaml"),
    ],
)
def test_nothing_is_skipped(command: str, file: str) -> None:
    assert skipped(command, file) == []


def test_hooks_are_found_where_the_settings_say() -> None:
    assert skipped("git commit -n -m x", "tools/hooks/pre-commit", folder="tools/hooks") == ["--no-verify"]
