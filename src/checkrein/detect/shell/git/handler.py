"""The handler for ``git``: aliases, then the configuration that runs code, then the subcommand itself."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.git import execution, history, reading, worktree
from checkrein.detect.shell.git.command import Git, read_command
from checkrein.detect.shell.git.hooks import hooks
from checkrein.detect.shell.git.options import words
from checkrein.detect.shell.git.settings import configured
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ShellText

_Command = Callable[[Git], Iterator[Outcome]]
_COMMANDS: Mapping[str, tuple[_Command, ...]] = {
    name: tuple(
        table[name] for table in (worktree.COMMANDS, history.COMMANDS, execution.COMMANDS, reading.COMMANDS) if name in table
    )
    for name in {*worktree.COMMANDS, *history.COMMANDS, *execution.COMMANDS, *reading.COMMANDS}
}
# Builtins that have no handler because they only read or add. An alias cannot replace a builtin.
_PLAIN = words(
    "add annotate bisect bugreport check-attr check-ignore check-mailmap check-ref-format cherry cherry-pick citool column "
    "commit commit-graph commit-tree count-objects credential describe diagnose diff-files diff-index diff-tree fast-export "
    "fast-import fmt-merge-msg for-each-ref for-each-repo fsck get-tar-commit-id gui hash-object help index-pack "
    "interpret-trailers ls-files ls-tree mailinfo mailsplit maintenance merge merge-base merge-file merge-index merge-tree "
    "mktag mktree multi-pack-index name-rev notes pack-objects pack-refs patch-id range-diff repack rerere rev-list "
    "rev-parse revert shortlog show-branch show-index show-ref sparse-checkout status stripspace switch update-server-info "
    "var verify-commit verify-pack verify-tag version whatchanged write-tree"
)
_ALIAS_DEPTH = 10


def git_handler(invocation: Invocation) -> Iterator[Outcome]:
    """Every effect of one git command line, and the code that it would run.

    Also takes ``hub`` and the programs behind subcommands (``git-filter-repo``, ``git-push``), which are git by another name.
    """
    prefix, dash, name = invocation.name.partition("-")
    if prefix == "git" and dash:
        if name not in _COMMANDS:
            return
        invocation = replace(invocation, argv=("git", name, *invocation.args))
    git = read_command(invocation)
    if git is not None:
        yield from _run(git)


def _run(git: Git) -> Iterator[Outcome]:
    if UNKNOWN in git.name:
        yield Effect(EffectKind.UNRESOLVED, git.name, "git", detail="the git subcommand is not known beforehand")
        return
    if git.name not in _COMMANDS and git.name not in _PLAIN:
        yield from _alias_or_program(git)
        return
    if git.args[:1] in (("--help",), ("-h",)) and len(git.args) == 1:
        return
    yield from configured(git)
    for command in _COMMANDS.get(git.name, ()):
        yield from command(git)
    yield from hooks(git)


def _alias_or_program(git: Git) -> Iterator[Outcome]:
    """``git x`` where x is no builtin: an alias, else the program ``git-x``."""
    value = git.setting(f"alias.{git.name}")
    if value is None:
        yield from configured(git)
        yield Argv((f"git-{git.name}", *git.args), cwd=git.cwd)
        return
    if git.depth >= _ALIAS_DEPTH:
        yield Effect(EffectKind.UNRESOLVED, git.name, "git", detail="aliases nest too deeply")
        return
    if value.startswith("!"):
        # git runs ``sh -c 'VALUE "$@"' VALUE ARGS`` from the top of the work tree.
        yield ShellText(f'{value[1:]} "$@"', args=(value[1:], *git.args), cwd=git.root)
        return
    try:
        expansion = shlex.split(value)
    except ValueError:
        yield Effect(EffectKind.UNRESOLVED, git.name, "git", detail=f"the alias {git.name} cannot be read")
        return
    expanded = read_command(Invocation(("git", *expansion, *git.args), git.cwd, git.world, stdin=git.stdin, env=git.env))
    if expanded is not None:
        yield from _run(replace(expanded, config=(*git.config, *expanded.config), work_tree=git.work_tree, depth=git.depth + 1))
