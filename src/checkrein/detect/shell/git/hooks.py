"""The hooks of a repository that a git command runs: those that nobody vouches for are judged by their content.

Source: githooks(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.git.command import Git, destructive, exists
from checkrein.detect.shell.git.options import parse, spec, words
from checkrein.detect.shell.model import Outcome, ScriptFile, absolute

_ANY = ("reference-transaction", "post-index-change")
_MESSAGE = ("prepare-commit-msg", "commit-msg")
_COMMIT = ("pre-commit", *_MESSAGE, "post-commit", "post-rewrite")
_MERGE = ("pre-merge-commit", *_MESSAGE, "post-merge")
_REBASE = ("pre-rebase", "post-checkout", *_COMMIT)
HOOKS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(words("add rm mv reset restore stash branch tag fetch update-ref"), _ANY),
    **dict.fromkeys(words("checkout switch clone worktree"), ("post-checkout", *_ANY)),
    **dict.fromkeys(words("cherry-pick revert"), (*_MESSAGE, "post-commit", *_ANY)),
    "commit": (*_COMMIT, *_ANY),
    "merge": (*_MERGE, *_ANY),
    "rebase": (*_REBASE, *_ANY),
    "pull": tuple(dict.fromkeys((*_MERGE, *_REBASE, *_ANY))),
    "push": ("pre-push", *_ANY),
    "am": ("applypatch-msg", "pre-applypatch", "post-applypatch", *_ANY),
}
"""The hooks that each subcommand may run."""
VERIFYING = frozenset(words("pre-commit commit-msg pre-merge-commit pre-rebase pre-push applypatch-msg pre-applypatch"))
"""Those that ``--no-verify`` leaves out."""
PLACES = (".git/hooks", ".husky", ".githooks")
"""Where hooks usually are, below the top folder."""
_MANAGERS = (".pre-commit-config.yaml", "lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".overcommit.yml")
"""Files of the programs that install hooks."""
_SWITCHES = {"HUSKY": ("0",), "LEFTHOOK": ("0", "false"), "OVERCOMMIT_DISABLE": ("1",), "HUSKY_SKIP_HOOKS": ("1", "true")}
"""Variables, and the values by which they switch a program's hooks off; SKIP of pre-commit names hooks."""
_SKIPPING = spec(
    "--verify -m,--message= -F,--file= -C,--reuse-message= -c,--reedit-message= -t,--template= --author= --date= --cleanup= "
    "--fixup= --squash= --trailer= -S,--gpg-sign=? -u,--untracked-files=? -n -o,--push-option= --repo= -s,--strategy= "
    "-X,--strategy-option= -x,--exec= --onto="
)


def hooks(git: Git) -> Iterator[Outcome]:
    """The hooks that a tool of this session wrote, or that are not as somebody committed them; those that are skipped."""
    names = HOOKS.get(git.name, ())
    skipped = _skipped(git)
    if skipped:
        checks = [name for name in names if name in VERIFYING]
        names = tuple(name for name in names if name not in VERIFYING)
        if checks and _has_hooks(git, checks):
            yield destructive(git, "git.skip-hooks", f"git {git.name}", detail=skipped)
    for folder in _folders(git) if names else ():
        for name in names:
            if git.world.script(f"{folder}/{name}") is not None:
                yield ScriptFile(f"{folder}/{name}", cwd=git.root)


def _folders(git: Git) -> Iterator[str]:
    """The absolute paths of all folders in which the repository's hooks may be."""
    configured = git.world.git_config(git.cwd, "core.hookspath") or ""
    given = git.setting("core.hookspath") or ""
    for place in dict.fromkeys((*PLACES, *(place for place in (configured, given) if place and UNKNOWN not in place))):
        yield absolute(place.replace("~", git.world.home, 1) if place.startswith("~/") else place, git.root)


def _skipped(git: Git) -> str:
    """By what a command leaves out the hooks that check; "" where it leaves out none."""
    if git.name in HOOKS:
        options = parse(git.args, _SKIPPING)
        if "--verify" in options.refused or (git.name == "commit" and options.has("-n")):
            return "--no-verify"
    if any(key == "core.hookspath" and value in ("", "/dev/null") for key, value in git.config):
        return "core.hooksPath"
    if git.env.get("SKIP"):
        return "SKIP"
    return next((name for name, values in _SWITCHES.items() if git.env.get(name) in values), "")


def _has_hooks(git: Git, names: list[str]) -> bool:
    """True where the repository has one of these hooks, or a program that installs them."""
    if any(exists(git.world, absolute(name, git.root)) for name in _MANAGERS):
        return True
    return any(exists(git.world, f"{folder}/{name}") for folder in _folders(git) for name in names)
