"""git commands that can lose work which stands in the work tree only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.git.command import Git, destructive, exists, path_effects
from checkrein.detect.shell.git.history import is_default_branch
from checkrein.detect.shell.git.options import Parsed, parse, spec
from checkrein.detect.shell.model import Outcome, absolute

_PATHS = "--pathspec-from-file= --pathspec-file-nul"
_RESET = spec(f"--hard --merge --keep --soft --mixed -q,--quiet -p,--patch -N,--intent-to-add -U,--unified= {_PATHS}")
_SWITCHING = (
    "-q,--quiet --progress -m,--merge --conflict= -d,--detach -t --track=? --orphan= --guess --overwrite-ignore "
    "--ignore-other-worktrees --recurse-submodules=? "
)
_CHECKOUT = spec(
    "-f,--force -b= -B= -l --overlay -2,--ours -3,--theirs -p,--patch --ignore-skip-worktree-bits -U,--unified= "
    f"--inter-hunk-context= {_SWITCHING} {_PATHS}"
)
_SWITCH = spec(f"-f,--force --discard-changes -c,--create= -C,--force-create= {_SWITCHING}")
_RESTORE = spec(
    "-s,--source= -S,--staged -W,--worktree --ignore-unmerged --overlay -q,--quiet --recurse-submodules=? --progress "
    "-m,--merge --conflict= -2,--ours -3,--theirs -p,--patch --ignore-skip-worktree-bits -U,--unified= "
    f"--inter-hunk-context= {_PATHS}"
)
_CLEAN = spec("-f,--force -n,--dry-run -q,--quiet -i,--interactive -d -e,--exclude= -x -X")
_RM = spec(f"-f,--force -n,--dry-run -q,--quiet --cached -r --ignore-unmatch --sparse {_PATHS}")
_WORKTREE = spec(
    "-f,--force -n,--dry-run -v,--verbose --expire= -b= -B= -d,--detach --lock --reason= --orphan --track --guess-remote"
)
_SUBMODULE = spec("-f,--force --all -q,--quiet")
_READ_TREE = spec("-u --reset -m -n,--dry-run -i --prefix= --index-output= --exclude-per-directory=")
_CHECKOUT_INDEX = spec("-f,--force -a,--all -u,--index -q,--quiet -n,--no-create --prefix= --stage= --temp -z --stdin")

DISCARD = "git.discard-changes"
DISCARD_ALL = "git.discard-all"


def _reset(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _RESET)
    # --keep stops by itself where a local change would be lost; --soft, --mixed leave the work tree alone.
    for mode in ("--hard", "--merge"):
        if options.has(mode) and not options.help:
            yield destructive(git, "git.reset-hard", f"git reset {mode}", detail=" ".join(options.operands))


def _checkout(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _CHECKOUT)
    if options.help:
        return
    specs, named = _checkout_specs(git, options)
    if options.has("--force") and not specs:
        yield destructive(git, "git.checkout-force", "git checkout --force", detail=" ".join(options.operands))
        return
    if options.has("-b", "-B", "--orphan"):
        yield from _moved_branch(git, options.last("-B"), "git checkout -B", options.operands)
        return  # git refuses to make a branch and to check out paths at once
    if named or specs:
        source = " ".join(word for word in options.operands if word not in specs)
        yield from _discard(git, specs, "git checkout", options.last("--pathspec-from-file"), source)
    elif options.has("--patch"):
        yield from _discard(git, (".",), "git checkout --patch", None, "")


def _checkout_specs(git: Git, options: Parsed) -> tuple[tuple[str, ...], bool]:
    """The pathspecs of a checkout, and whether paths were asked for beyond doubt (``--``, two operands, a file of paths)."""
    words = options.operands
    if options.separator is not None:
        specs = words[options.separator :]
        before = words[: options.separator]
        return specs, bool(specs) or options.has("--pathspec-from-file") or len(before) > 1
    if options.has("--pathspec-from-file"):
        return (), True
    if options.has("-t", "--track"):
        return (), False  # makes a branch from its operand; git takes no paths with it
    if len(words) > 1:
        # ``git checkout REV PATH...``; where the first word is a path itself, it is one of the paths.
        first = words[:1] if exists(git.world, git.path(words[0])) else ()
        return (*first, *words[1:]), True
    # One word is a branch, unless it can only be a path.
    return tuple(word for word in words if git.covers_root(word) or _only_a_path(git, word)), False


def _only_a_path(git: Git, word: str) -> bool:
    return word.startswith((":/", ":(", "./", "../", "*")) or (
        word != "-" and UNKNOWN not in word and exists(git.world, git.path(word))
    )


def _discard(git: Git, specs: Sequence[str], program: str, listed: str | None, source: str) -> Iterator[Outcome]:
    """Throw away what the work tree holds at these pathspecs, in favour of what ``source`` has ("": the index)."""
    if listed is not None:
        listing = git.stdin if listed == "-" else git.world.read_text(absolute(listed, git.cwd))
        if listing is None or UNKNOWN in listing:
            yield Effect(EffectKind.DELETE, f"{git.cwd.rstrip('/')}/{UNKNOWN}", program, DISCARD)
            detail = f"which changes it throws away stands in a list that cannot be read: {listed}"
            yield Effect(EffectKind.UNRESOLVED, program, program, detail=detail)
        else:
            specs = (*specs, *(line for line in listing.replace("\0", "\n").splitlines() if line))
    wide = [word for word in specs if git.covers_root(word)]
    if wide:
        yield destructive(git, DISCARD_ALL, f"{program} {wide[0]}", git.path(wide[0]), source)
    yield from path_effects(
        git, EffectKind.DELETE, [word for word in specs if word not in wide], program, DISCARD, Flag.RECURSIVE
    )


def _switch(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _SWITCH)
    if options.has("--force", "--discard-changes") and not options.help:
        yield destructive(git, "git.checkout-force", "git switch --discard-changes", detail=" ".join(options.operands))
    elif not options.help:
        yield from _moved_branch(git, options.last("--force-create"), "git switch --force-create", options.operands)


def _moved_branch(git: Git, name: str | None, program: str, start: Sequence[str]) -> Iterator[Outcome]:
    """A branch that is there already and is made anew at another commit; there is none for a name that is new."""
    if name and (exists(git.world, absolute(f".git/refs/heads/{name}", git.root)) or (start and is_default_branch(name))):
        yield destructive(git, "git.branch-force", program, name)


def _restore(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _RESTORE)
    named = options.has("--staged", "--worktree") or options.refused & {"--staged", "--worktree"}
    touches_worktree = options.has("--worktree") if named else True
    if options.help or not touches_worktree:
        return
    specs = options.operands or ((".",) if options.has("--patch") else ())
    yield from _discard(git, specs, "git restore", options.last("--pathspec-from-file"), options.last("--source") or "")


def _clean(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _CLEAN)
    forced = options.has("--force") or (git.setting("clean.requireForce") or "").lower() in ("false", "no", "off", "0")
    if options.help or options.has("--dry-run") or not forced:
        return
    only_ignored = options.has("-X")
    rule = "git.clean-ignored" if only_ignored else "git.clean"
    program = f"git clean -f{'X' if only_ignored else 'x' if options.has('-x') else ''}"
    narrow = options.operands and not any(git.covers_root(word) for word in options.operands)
    if narrow:
        yield from path_effects(git, EffectKind.DELETE, options.operands, program, rule, Flag.RECURSIVE)
    else:
        yield destructive(git, rule, program, git.cwd)


def _stash(git: Git) -> Iterator[Outcome]:
    action = git.args[0] if git.args else "push"
    if "-h" in git.args[1:] or "--help" in git.args[1:]:
        return
    if action == "clear":
        yield destructive(git, "git.stash-clear", "git stash clear", "all stashes")
    elif action == "drop":
        yield destructive(git, "git.stash-drop", "git stash drop", next(iter(git.args[1:]), "stash@{0}"))


def _rm(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _RM)
    if options.help or options.has("--cached", "--dry-run"):
        return
    flags = Flag.RECURSIVE if options.has("-r") else Flag.NONE
    if not options.has("--force"):
        # git itself refuses where the file differs from the last commit: what goes is in the history.
        yield from path_effects(git, EffectKind.DELETE, options.operands, "git rm", "", flags | Flag.FILTERED)
        return
    wide = [word for word in options.operands if git.covers_root(word)]
    if wide or options.has("--pathspec-from-file"):
        yield destructive(git, "git.rm-force", "git rm --force")
    yield from path_effects(
        git, EffectKind.DELETE, [w for w in options.operands if w not in wide], "git rm --force", "git.rm-force", flags
    )


def _worktree(git: Git) -> Iterator[Outcome]:
    options = parse(git.args[1:], _WORKTREE)
    if options.help or not git.args:
        return
    match git.args[0]:
        case "remove" if options.has("--force"):
            for word in options.operands:
                yield destructive(git, "git.worktree-remove", "git worktree remove --force", absolute(word, git.cwd))
        case "add":
            for word in options.operands[:1]:
                yield Effect(EffectKind.WRITE, absolute(word, git.cwd), "git worktree add", flags=Flag.CREATE)
        case "move" if len(options.operands) == 2:
            source, target = (absolute(word, git.cwd) for word in options.operands)
            yield Effect(EffectKind.MOVE, source, "git worktree move", to=target)


def _submodule(git: Git) -> Iterator[Outcome]:
    words = [word for word in git.args if word not in ("-q", "--quiet")]
    options = parse(words[1:], _SUBMODULE)
    if words[:1] == ["deinit"] and options.has("--force") and not options.help:
        targets = [git.path(word) for word in options.operands] or [git.root]
        for target in targets:
            yield destructive(git, "git.submodule-deinit", "git submodule deinit --force", target)
    elif words[:1] == ["update"] and options.has("--force"):
        yield destructive(git, "git.checkout-force", "git submodule update --force", detail="the submodules' commits")


def _read_tree(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _READ_TREE)
    if options.has("-u") and options.has("--reset") and not options.has("--dry-run"):
        yield destructive(git, "git.reset-hard", "git read-tree -u --reset", detail=" ".join(options.operands))


def _checkout_index(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _CHECKOUT_INDEX)
    if options.has("--prefix", "--temp"):
        yield from path_effects(git, EffectKind.READ, options.operands, "git checkout-index")
    if not options.has("--force") or options.has("--prefix", "--temp"):
        return
    if options.has("--all", "--stdin"):
        yield destructive(git, DISCARD_ALL, "git checkout-index --force --all")
    yield from path_effects(git, EffectKind.DELETE, options.operands, "git checkout-index --force", DISCARD)


COMMANDS: Mapping[str, Callable[[Git], Iterator[Outcome]]] = {
    "reset": _reset,
    "checkout": _checkout,
    "switch": _switch,
    "restore": _restore,
    "clean": _clean,
    "stash": _stash,
    "rm": _rm,
    "worktree": _worktree,
    "submodule": _submodule,
    "read-tree": _read_tree,
    "checkout-index": _checkout_index,
}
