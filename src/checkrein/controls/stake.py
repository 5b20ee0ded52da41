"""What is at stake where a rule names a command outright: some commands that can lose work lose nothing as things stand (T7).

The state is looked at before the command line runs. So it counts only where nothing that runs earlier in the same line may
change it, and only for the repository that git finds by itself.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from checkrein.controls.context import Context
from checkrein.controls.rebuilt import rebuilt
from checkrein.controls.saved import Saved, all_have_succeeded, saved_by, saves
from checkrein.core import Effect, EffectKind, Flag
from checkrein.detect.paths.temporary import TEMPORARY
from checkrein.detect.shell.databases.connection import FOR_TESTS, is_for_tests
from checkrein.observe.disk import real_path
from checkrein.observe.git.changes import Uncommitted
from checkrein.observe.view import git_config

MAX_LOOKED_AT = 500  # uncommitted files: more are not looked at one by one
MAX_DATABASE = 64 * 1024 * 1024  # bytes of a database file that is kept before its data goes
HERE = frozenset(("", "HEAD", "@"))
"""Revisions that bring in no other files than those of the last commit."""
QUIET = frozenset((*("cd", "pwd", "echo", "printf", "ls", "cat", "true", ":", "test", "[", "set", "which"),))
READING_GIT = frozenset(
    ("status", "log", "diff", "show", "rev-parse", "ls-files", "ls-remote", "rev-list", "describe", "merge-base")
)
CONTAINERS = frozenset(("docker", "docker-compose", "podman", "podman-compose", "nerdctl"))
DATABASE_CLIENTS = frozenset(("psql", "mysql", "mariadb", "mongosh", "mongo", "dropdb", "mysqladmin"))
QUIET_GIT = READING_GIT | {"fetch", "branch", "remote"}
UNDOING = frozenset(("--hard", "HEAD", "-q", "--quiet", "--", "."))
"""Words of a reset, a checkout or a restore that leave what git does not know as it is."""
PLAIN_SETTINGS = ("advice.", "color.", "user.", "core.pager=")
"""What ``git -c`` may set without changing which files git knows, ignores or touches."""
SETTINGS_FROM = ("GIT_", "HOME", "XDG_CONFIG_HOME")
"""Variables that say where git finds a repository, or the person's settings and ignore file."""
QUIET_KINDS = frozenset((EffectKind.READ, EffectKind.LIST, EffectKind.FETCH, EffectKind.DESTRUCTIVE))


def at_stake(context: Context, effect: Effect) -> tuple[str, ...] | None:
    """The paths that a snapshot must keep so that nothing is lost: () where nothing is anyway, None where neither is so."""
    if effect.detail == FOR_TESTS and (not effect.flags & Flag.REMOTE or _in_a_container(context)):
        return ()
    if effect.flags & (Flag.REMOTE | Flag.ROOT) or not effect.known:
        return None
    check = CHECKS.get(effect.rule)
    if check is not None:
        before = _before(context, effect)
        return None if before is None else check(context, effect, before)
    return _database(context, effect) if effect.rule.startswith("sql.") else None


@dataclass(frozen=True, slots=True)
class Before:
    """A git command's words, and what the git commands do that run earlier in the same line."""

    words: tuple[str, ...]
    saved: Saved
    moved: bool  # a name of a revision may mean another one by then


def _before(context: Context, effect: Effect) -> Before | None:
    """None unless the command finds the repository of its folder, and the work tree as it is now but for what is saved."""
    if any(name.startswith(SETTINGS_FROM) for environment in context.environments for name in environment):
        return None
    subcommand = effect.program.split()[1]
    places = [at for at, program in enumerate(context.programs) if _is_git(program) and subcommand in program]
    if not places:
        return None
    words = context.programs[places[-1]]
    if not _as_configured(words[1 : words.index(subcommand)]):
        return None
    programs = context.programs[: places[-1]]
    saving = [program for program in programs if _is_git(program) and saves(program)]
    elsewhere = words[1] != subcommand or any(program[0] == "cd" for program in programs)
    if saving and (elsewhere or not all_have_succeeded(context)):
        return None
    earlier = context.effects[: context.effects.index(effect)]
    switching = "" if effect.rule.startswith("git.clean") else "checkout switch"  # other ignore rules may come with a branch
    if not all(program in saving or _is_quiet(program, switching.split()) for program in programs):
        return None
    if not all(before.kind in QUIET_KINDS for before in earlier):
        return None
    return Before(
        words,
        saved_by(saving),
        any(_is_git(program) and not READING_GIT.intersection(program[1:2]) for program in programs),
    )


def _as_configured(options: Sequence[str]) -> bool:
    """True for git's own options that leave it with the repository that it finds, and the settings that hold there."""
    for word, following in itertools.pairwise((*options, "")):
        if word.startswith(("--git-dir", "--work-tree", "--config-env")):
            return False
        if word.startswith("-c") and not (word == "-c" and following.startswith(PLAIN_SETTINGS)):
            return False
    return True


def _in_a_container(context: Context) -> bool:
    """True where all that leads away from here is ``exec`` into a container of this machine: what runs there runs next door."""
    others = [program for program in context.programs if not _enters_container(program)]
    return len(others) < len(context.programs) and all(program[0] in QUIET | DATABASE_CLIENTS for program in others)


def _enters_container(program: tuple[str, ...]) -> bool:
    if program[0] not in CONTAINERS or "exec" not in program:
        return False
    before = program[1 : program.index("exec")]
    return not any(word.startswith(("-H", "-c", "--host", "--context", "--url", "--connection")) for word in before)


def _is_git(program: tuple[str, ...]) -> bool:
    return program[0].rsplit("/", 1)[-1] == "git"


def _is_quiet(program: tuple[str, ...], switching: Sequence[str]) -> bool:
    if not _is_git(program):
        return program[0] in QUIET
    subcommand, words = (program[1], program[2:]) if len(program) > 1 else ("", ())
    if subcommand in switching:
        return True
    if subcommand in ("reset", "checkout", "restore"):
        return UNDOING.issuperset(words)
    return subcommand in QUIET_GIT or subcommand == "clean"


def _uncommitted(context: Context, effect: Effect, before: Before) -> tuple[str, ...] | None:
    """Changes of what git tracks are lost; where other files come in, those that they may replace are kept."""
    if effect.program.startswith("git submodule") or not _can_compare(context, effect.target):
        return None  # the submodules' own work trees are not looked at
    found = context.git.uncommitted(effect.target, MAX_LOOKED_AT)
    changed = any(context.git.holds(path) for path in found.paths)
    if not found.complete or (changed and before.saved < Saved.TRACKED) or _changes_submodules(context, effect, before):
        return None
    if effect.detail in HERE:
        return ()
    replaced = Uncommitted(complete=False) if before.moved else context.git.replaced_by(effect.target, effect.detail)
    others = replaced.paths if replaced.complete else found.paths
    lost = tuple(path for path in others if not context.git.holds(path) and not _is_kept(context, path, before))
    return lost if all(context.inside(path) for path in lost) else None


def _changes_submodules(context: Context, effect: Effect, before: Before) -> bool:
    """True where the command goes into submodules, and what no commit holds stands in one."""
    named = any(word.startswith("--recurse-s") for word in before.words)
    setting = (git_config(effect.target, "submodule.recurse") or "false").lower()
    if not named and (setting in ("false", "no", "off", "0") or "--no-recurse-submodules" in before.words):
        return False
    submodules = (path for path in context.git.tracked_below(effect.target) if os.path.isdir(path))  # noqa: PTH112 - as below
    looked = (context.git.uncommitted(path, 1) for path in submodules)
    return any(found.paths or not found.complete for found in looked)


def _is_kept(context: Context, path: str, before: Before) -> bool:
    """True for what a build brings back, and for what an earlier command of the line has saved."""
    if rebuilt(context, path):
        return True
    wanted = Saved.TRACKED if context.git.holds(path) else Saved.IGNORED if context.git.ignores(path) else Saved.UNTRACKED
    return before.saved >= wanted


def _untracked(context: Context, effect: Effect, before: Before) -> tuple[str, ...] | None:
    """Nothing that git does not know, and nothing that it ignores where that goes as well, but for what is rebuilt or saved."""
    if not _can_compare(context, effect.target):
        return None
    found = [context.git.uncommitted(effect.target, MAX_LOOKED_AT)] if effect.rule == "git.clean" else []
    if effect.program != "git clean -f":
        found.append(context.git.ignored(effect.target, MAX_LOOKED_AT))
    paths = [path for each in found for path in each.paths]
    kept = all(context.git.holds(path) or _is_kept(context, path, before) for path in paths)
    return () if kept and all(each.complete for each in found) else None


def _clean_worktree(context: Context, effect: Effect, _before: Before) -> tuple[str, ...] | None:
    found = context.git.uncommitted(effect.target, MAX_LOOKED_AT)
    return () if found.complete and not found.paths and _can_compare(context, effect.target) else None


def _can_compare(context: Context, folder: str) -> bool:
    """True where git holds something below a folder, and is not told to look away from changes."""
    return bool(context.git.tracked_below(folder)) and not context.git.hides_changes(folder)


def _kept_by_another_ref(context: Context, effect: Effect, _before: Before) -> tuple[str, ...] | None:
    gone = frozenset(each.target for each in context.effects if each.rule in ("git.branch-delete", "git.tag-delete"))
    return () if context.git.has_commits_elsewhere(effect.detail, effect.target, gone) else None


CHECKS: Mapping[str, Callable[[Context, Effect, Before], tuple[str, ...] | None]] = {
    "git.reset-hard": _uncommitted,
    "git.discard-all": _uncommitted,
    "git.checkout-force": _uncommitted,
    "git.clean": _untracked,
    "git.clean-ignored": _untracked,
    "git.worktree-remove": _clean_worktree,
    "git.branch-delete": _kept_by_another_ref,
}
"""For each rule, the paths to be kept so that what it names loses nothing. ``detail`` of the effect is the revision that files
come from, or for a branch the work tree of its repository."""


def _database(context: Context, effect: Effect) -> tuple[str, ...] | None:
    """The files of a SQLite database in the project whose data goes: a snapshot keeps them. ``detail`` names the database."""
    if not effect.detail.startswith("/"):
        return None
    path = real_path(effect.detail)
    files = tuple(name for name in (path, f"{path}-wal", f"{path}-journal") if os.path.isfile(name))  # noqa: PTH113 - on the path of every decision
    sizes = sum(os.path.getsize(name) for name in files)  # noqa: PTH202 - as above
    if context.inside(path) and path in files and sizes <= MAX_DATABASE:
        return files
    persons = context.inside(path) or path.startswith(f"{context.places.home}/")
    scratch = not persons and any(path.startswith(f"{folder}/") for folder in TEMPORARY)
    return () if scratch and is_for_tests(path.rpartition("/")[2]) else None
