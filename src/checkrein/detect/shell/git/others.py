"""Mercurial and Subversion: the commands that lose work. Jujutsu needs none: its ``jj undo`` brings everything back."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.git.options import parse, spec
from checkrein.detect.shell.model import Invocation, Outcome, absolute

_HG = spec(
    "-R,--repository= --cwd= --config= -C,--clean --no-backup -r,--rev= -n,--dry-run -p,--print --all -a -f,--force -k,--keep "
    "-I,--include= -X,--exclude= -d,--date="
)
_SVN = spec(
    "-R,--recursive --remove-unversioned --remove-ignored --depth= -q,--quiet --changelist= --targets= -m,--message= "
    "--username= --password= --config-dir= --dry-run"
)
RULE = "vcs.discard-changes"


def hg_handler(invocation: Invocation) -> Iterator[Outcome]:
    """``hg update --clean``, ``revert --no-backup``, ``purge``, ``strip`` and the like."""
    options = parse(invocation.args, _HG)
    if options.help or not options.operands or options.has("--dry-run", "--print"):
        return
    name = options.operands[0]
    loses = (
        name in ("strip", "rollback", "purge")
        or (name in ("update", "up", "checkout", "co") and options.has("--clean"))
        or (name == "revert" and options.has("--no-backup", "--clean"))
    )
    if loses:
        yield Effect(EffectKind.DESTRUCTIVE, invocation.cwd, f"hg {name}", RULE)


def svn_handler(invocation: Invocation) -> Iterator[Outcome]:
    """``svn revert`` and ``svn cleanup --remove-unversioned``."""
    options = parse(invocation.args, _SVN)
    if options.help or not options.operands:
        return
    name, *paths = options.operands
    if name == "cleanup" and options.has("--remove-unversioned", "--remove-ignored"):
        yield Effect(EffectKind.DESTRUCTIVE, invocation.cwd, "svn cleanup --remove-unversioned", RULE)
    elif name == "revert":
        for path in paths:
            yield Effect(EffectKind.DESTRUCTIVE, absolute(path, invocation.cwd), "svn revert", RULE)
