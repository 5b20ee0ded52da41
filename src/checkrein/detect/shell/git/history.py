"""git commands that rewrite or drop history: local refs, the object store, and other people's copy of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.git.command import Git, destructive
from checkrein.detect.shell.git.options import Parsed, parse, spec
from checkrein.detect.shell.model import Outcome

_PUSH = spec(
    "-f,--force --force-with-lease=? --force-if-includes -d,--delete --mirror --prune --all --branches --tags --follow-tags "
    "-n,--dry-run -u,--set-upstream --repo= --receive-pack= --exec= -o,--push-option= --recurse-submodules= --signed=? "
    "-q,--quiet -v,--verbose --porcelain --thin --progress --verify --atomic -4,--ipv4 -6,--ipv6"
)
_BRANCH = spec(
    "-f,--force -d,--delete -D -m,--move -M -c,--copy -C -t,--track=? -u,--set-upstream-to= --unset-upstream -r,--remotes "
    "-a,--all -l,--list --show-current --create-reflog --edit-description --contains= --merged= --points-at= --sort= "
    "--format= --abbrev=? --color=? --column=? -v,--verbose -q,--quiet -i,--ignore-case --recurse-submodules"
)
_TAG = spec(
    "-d,--delete -f,--force -l,--list -n=? -v,--verify -a,--annotate -m,--message= -F,--file= -e,--edit -s,--sign "
    "-u,--local-user= --cleanup= --create-reflog --column=? --contains= --merged= --sort= --points-at= --format= --color=? "
    "-i,--ignore-case"
)
_REFLOG = spec(
    "-n,--dry-run --expire= --expire-unreachable= --updateref --rewrite --stale-fix --all --single-worktree -v,--verbose"
)
_GC = spec("--aggressive --auto --prune=? --cruft --quiet -q --force --keep-largest-pack")
_PRUNE = spec("-n,--dry-run -v,--verbose --progress --expire= --exclude-promisor-objects")
_UPDATE_REF = spec("-d -m= --create-reflog --stdin -z --deref --batch-updates")
_SYMBOLIC = spec("-d,--delete -q,--quiet --short --recurse -m=")
_REPLACE = spec("-f,--force -d,--delete -l,--list --edit -e --graft -g --convert-graft-file --format= --raw")

_DEFAULT_BRANCHES = ("main", "master", "trunk", "production", "prod", "release", "release/*", "releases/*")


def is_default_branch(name: str) -> bool:
    """True for names under which teams keep what is released or deployed."""
    name = name.removeprefix("refs/heads/")
    return any(fnmatchcase(name, pattern) for pattern in _DEFAULT_BRANCHES)


def _push(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _PUSH)
    if options.help or options.has("--dry-run"):
        return
    repository, refspecs = _push_operands(git, options)
    where = repository or "the upstream repository"
    yield from _push_url(_added(git, repository) or repository)
    if options.has("--mirror", "--prune"):
        yield Effect(EffectKind.DESTRUCTIVE, where, "git push --mirror/--prune", "git.push-mirror", Flag.REMOTE)
    leased = options.has("--force-with-lease")
    for refspec in refspecs:
        yield from _refspec(refspec, options, leased=leased)
    if options.has("--force") and not refspecs:
        yield Effect(EffectKind.DESTRUCTIVE, where, "git push --force", "git.push-force", Flag.REMOTE | Flag.FORCE)


def _push_operands(git: Git, options: Parsed) -> tuple[str, Sequence[str]]:
    """The repository ("" where none is named) and the refspecs."""
    words = options.operands
    named = options.last("--repo")
    if named is not None and not words:
        return named, ()
    if not words:
        return "", ()
    # ``git push main`` is a slip for ``git push origin main``: no remote has such a name.
    if is_default_branch(words[0]) and git.setting(f"remote.{words[0]}.url") is None:
        return "", words
    # An option's value is no remote: ``git push origin --delete x`` and ``git push --delete origin x`` read alike.
    return words[0], words[1:]


def _added(git: Git, remote: str) -> str:
    """The address of a remote that the same command line adds beside those that are there; "" where it adds none."""
    for words in git.beside:
        at = next((at for at, pair in enumerate(itertools.pairwise(words)) if pair == ("remote", "add")), len(words))
        if words[0] == "git" and words[-2:-1] == (remote,) and at < len(words) and remote != "origin":
            return words[-1]
    return ""


def _push_url(repository: str) -> Iterator[Outcome]:
    if "://" in repository or ("@" in repository and ":" in repository):
        yield Effect(EffectKind.SEND, repository, f"git push {repository}", "git.push-url", Flag.REMOTE)


def _refspec(refspec: str, options: Parsed, *, leased: bool) -> Iterator[Outcome]:
    """What pushing one refspec does at the other end."""
    forced = refspec.startswith("+") or ":+" in refspec
    source, colon, target = refspec.removeprefix("+").partition(":")
    name = (target if colon else source).removeprefix("+")
    if options.has("--delete") or (colon and not source and name):
        rule = "git.push-delete-default" if is_default_branch(name) else "git.push-delete"
        yield Effect(EffectKind.DESTRUCTIVE, name, "git push --delete", rule, Flag.REMOTE)
    elif forced or options.has("--force"):
        yield Effect(EffectKind.DESTRUCTIVE, name, "git push --force", "git.push-force", Flag.REMOTE | Flag.FORCE)
    elif is_default_branch(name):
        rule = "git.push-lease-default" if leased else "git.push-default-branch"
        yield Effect(EffectKind.DESTRUCTIVE, name, f"git push {name}", rule, Flag.REMOTE)


def _subtree(git: Git) -> Iterator[Outcome]:
    if git.args[:1] == ("push",) and {"-f", "--force"} & set(git.args):
        yield Effect(
            EffectKind.DESTRUCTIVE, git.args[-1], "git subtree push --force", "git.push-force", Flag.REMOTE | Flag.FORCE
        )


def _branch(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _BRANCH)
    if options.help or options.has("--list", "--show-current"):
        return
    forced = options.has("--force")
    if options.has("-D") or (forced and options.has("--delete")):
        for name in options.operands:
            yield destructive(git, "git.branch-delete", "git branch -D", name, git.root)
    elif (forced or options.has("-M", "-C")) and len(options.operands) >= 1:
        moved = options.has("-M", "-C", "--move", "--copy")
        if moved and len(options.operands) == 1:
            return  # ``git branch -M main`` renames the current branch, as every host's first steps say
        yield destructive(git, "git.branch-force", "git branch --force", options.operands[-1 if moved else 0])


def _tag(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _TAG)
    if options.help or options.has("--list", "--verify"):
        return
    if options.has("--delete"):
        for name in options.operands:
            yield destructive(git, "git.tag-delete", "git tag --delete", name)
    elif options.has("--force"):
        yield destructive(git, "git.tag-delete", "git tag --force", next(iter(options.operands), "tag"))


def _reflog(git: Git) -> Iterator[Outcome]:
    options = parse(git.args[1:], _REFLOG)
    if git.args[:1] in (("expire",), ("delete",), ("drop",)) and not options.has("--dry-run") and not options.help:
        yield destructive(git, "git.reflog-expire", f"git reflog {git.args[0]}", next(iter(options.operands), "the reflog"))


def _gc(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _GC)
    value = options.last("--prune")
    if value in ("now", "all") and not options.help:
        yield destructive(git, "git.gc-prune", f"git gc --prune={value}", "unreachable objects")


def _prune(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _PRUNE)
    if not options.has("--dry-run") and not options.help:
        yield destructive(git, "git.gc-prune", "git prune", "unreachable objects")


def _update_ref(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _UPDATE_REF)
    if options.help:
        return
    deletes = options.has("-d") or (len(options.operands) > 1 and set(options.operands[1]) == {"0"})
    if options.has("--stdin"):
        separators = git.stdin.replace("\0", "\n").splitlines() if git.stdin is not None else [UNKNOWN]
        deletes = any(line.startswith(("delete", UNKNOWN)) for line in separators)
    if deletes:
        yield destructive(git, "git.update-ref-delete", "git update-ref -d", next(iter(options.operands), "refs"))
    elif len(options.operands) == 2:
        yield destructive(git, "git.branch-force", "git update-ref", options.operands[0])


def _symbolic_ref(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _SYMBOLIC)
    if options.has("--delete"):
        yield destructive(git, "git.update-ref-delete", "git symbolic-ref --delete", next(iter(options.operands), "HEAD"))


def _rewrite(git: Git) -> Iterator[Outcome]:
    if git.args and not {"-h", "--help", "--analyze", "--dry-run"} & set(git.args):
        # git filter-repo stops by itself where it is not in a fresh clone.
        guarded = git.name == "filter-repo" and not {"--force", "-f"} & set(git.args)
        rule = "git.filter-clone" if guarded else "git.filter-history"
        yield destructive(git, rule, f"git {git.name}", "the repository's history")


def _replace(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _REPLACE)
    if options.operands and not options.has("--list", "--delete") and not options.help:
        yield destructive(git, "git.filter-history", "git replace", options.operands[0])


def _remote(git: Git) -> Iterator[Outcome]:
    words = [word for word in git.args if not word.startswith("-")]
    if words[:1] in (["remove"], ["rm"], ["set-url"]) and len(words) > 1 and "-h" not in git.args:
        yield destructive(git, "git.remote-change", f"git remote {words[0]}", words[1])


COMMANDS: Mapping[str, Callable[[Git], Iterator[Outcome]]] = {
    "push": _push,
    "subtree": _subtree,
    "branch": _branch,
    "tag": _tag,
    "reflog": _reflog,
    "gc": _gc,
    "prune": _prune,
    "update-ref": _update_ref,
    "symbolic-ref": _symbolic_ref,
    "filter-branch": _rewrite,
    "filter-repo": _rewrite,
    "replace": _replace,
    "remote": _remote,
}
