"""find and fd: what they delete, what they run on what they find, and the paths that they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import listed, parse_options

NARROWING = frozenset(
    listed(
        "-name -iname -path -ipath -wholename -regex -iregex -size -mtime -mmin -atime -ctime -newer -empty -user -group "
        "-perm -amin -cmin -inum -lname -links -newermt -nouser -nogroup -samefile"
    )
)  # fmt: skip
WITH_VALUE = NARROWING - {"-empty", "-nouser", "-nogroup"} | frozenset(
    listed(
        "-type -xtype -maxdepth -mindepth -printf -fstype -regextype -fls -fprint -fprint0 -fprintf -files0-from -anewer "
        "-cnewer -used"
    )
)
PRINTS = ("-fprint", "-fprint0", "-fls", "-fprintf")
RUNS = ("-exec", "-execdir", "-ok", "-okdir")


@dataclass(frozen=True, slots=True)
class Found:
    """What a find command matches: the roots, the name pattern that all matches share, and whether anything narrows them."""

    roots: tuple[str, ...]
    name: str
    filtered: bool
    negated: bool

    def paths(self, cwd: str = "") -> list[str]:
        """One path with unknown middle for each root, absolute where ``cwd`` is given."""
        suffix = UNKNOWN
        if self.name and not self.negated and not set(self.name) & set("?["):
            suffix = self.name.replace("*", UNKNOWN)
            if not suffix.startswith(UNKNOWN):
                suffix = f"{UNKNOWN}/{suffix}"
        bases = [absolute(root, cwd) if cwd else root for root in self.roots]
        # without a filter the root is found as well, and with it everything
        return [f"{base.rstrip('/')}/{suffix}" if self.filtered else base for base in bases]


def _parse(invocation: Invocation) -> tuple[Found, list[tuple[str, list[str]]]]:
    """What is found, and the actions with their words in order."""
    args = list(invocation.args)
    at = 0
    while at < len(args) and args[at] in ("-H", "-L", "-P", "-O1", "-O2", "-O3"):
        at += 1
    roots: list[str] = []
    while at < len(args) and not args[at].startswith("-") and args[at] not in ("(", "!", ")", ","):
        roots.append(args[at])
        at += 1
    actions: list[tuple[str, list[str]]] = []
    name, filtered, negated, pruned = "", False, False, False
    while at < len(args):
        word = args[at]
        if word in RUNS:
            words, at = _command(args, at + 1)
            actions.append((word, words))
        elif word in ("-delete", "-print", "-print0", "-ls", "-quit"):
            actions.append((word, []))
        elif word in WITH_VALUE:
            value = args[at + 1] if at + 1 < len(args) else ""
            if word in PRINTS:
                actions.append(("-fprint", [value]))
            roots += [UNKNOWN] if word == "-files0-from" else []
            at += word == "-fprintf"  # a format follows the file
            if word in NARROWING:
                narrow = value not in ("*", "*/*", ".*") or word not in ("-name", "-iname", "-path", "-ipath", "-regex")
                filtered = filtered or narrow
                if word in ("-name", "-iname") and narrow:
                    negated = negated or bool(name)  # two names: neither holds for all
                    name = value
            at += 1
        elif word in NARROWING:
            filtered = True
        elif word in ("!", "-not", "-o", "-or"):
            negated = True
        elif word == "-prune":
            pruned = True
        at += 1
    return Found(tuple(roots) or (".",), name, filtered, negated or pruned), actions


def _command(args: list[str], at: int) -> tuple[list[str], int]:
    """The words of the command at ``at``, and the index of what ends it: ``;``, or ``+`` behind ``{}``."""
    words: list[str] = []
    while at < len(args) and args[at] != ";" and not (args[at] == "+" and words[-1:] == ["{}"]):
        words.append(args[at])
        at += 1
    return words, at


def find(invocation: Invocation) -> Iterator[Outcome]:
    """find."""
    found, actions = _parse(invocation)
    for root in found.roots:
        yield Effect(EffectKind.LIST, absolute(root, invocation.cwd), "find", flags=Flag.RECURSIVE)
    for action, words in actions:
        if action == "-delete":
            yield from _deletions(found, invocation)
        elif action == "-fprint":
            yield Effect(EffectKind.WRITE, absolute(words[0], invocation.cwd), "find -fprint")
        elif action in RUNS:
            yield from _run(found, words)


def _deletions(found: Found, invocation: Invocation) -> Iterator[Outcome]:
    flags = Flag.RECURSIVE | (Flag.FILTERED if found.filtered else Flag.NONE)
    for root, path in zip(found.roots, found.paths(invocation.cwd), strict=True):
        target = path if found.filtered else absolute(root, invocation.cwd)
        yield Effect(EffectKind.DELETE, target, "find -delete", flags=flags)


def _run(found: Found, words: list[str]) -> Iterator[Outcome]:
    """``-exec``: the command once for what each root stands for."""
    for root, path in zip(found.roots, found.paths(), strict=True):
        item = path if found.filtered else root
        yield Argv(tuple(word.replace("{}", item) for word in words))


def found_paths(invocation: Invocation) -> list[str]:
    """The paths that find or fd prints, with unknown middles."""
    if invocation.name != "find":
        return _fd_paths(invocation)
    found, actions = _parse(invocation)
    if any(action in ("-delete", *RUNS) for action, _ in actions):
        return []
    return found.paths()


FD_VALUES = listed(
    "-e -t -d -E -S -o -c -j -C --extension --type --max-depth --min-depth --exclude --size --changed-within "
    "--changed-before --owner --color --threads --base-directory --search-path --format"
)


FD_RUNS = re.compile(r"-[HIuLsigaFlp0]*[xX]$|--exec(?:-batch)?(?:=|$)")


def _fd(invocation: Invocation) -> tuple[list[str], list[str]]:
    args = list(invocation.args)
    cut = next((at for at, word in enumerate(args) if FD_RUNS.match(word)), len(args))
    if cut < len(args) and "=" in args[cut]:
        args[cut : cut + 1] = args[cut].split("=", 1)
    options = parse_options(args[:cut], values=FD_VALUES)
    words = options.words
    roots = list(words[1:]) or ["."]
    extension = options.last("-e", "--extension")
    paths = [f"{root.rstrip('/')}/{UNKNOWN}{f'.{extension}' if extension else ''}" for root in roots]
    return paths, args[cut + 1 :]


def fd(invocation: Invocation) -> Iterator[Outcome]:
    """fd -x COMMAND."""
    paths, words = _fd(invocation)
    for path in paths:
        if not words:
            return
        filled = tuple(
            path if word in ("{}", "{/}", "{//}", "{.}") else word.replace("{}", path) for word in words if word != ";"
        )
        yield Argv(filled if path in filled or "{}" in "".join(words) else (*filled, path))


def _fd_paths(invocation: Invocation) -> list[str]:
    paths, words = _fd(invocation)
    return [] if words else paths


def watch_exec(invocation: Invocation) -> Iterator[Outcome]:
    """watchexec, nodemon --exec, chokidar -c: a command on each change."""
    options = parse_options(
        invocation.args,
        values=("-e", "-w", "-x", "-i", "-c", "--exec", "--ext", "--watch", "--exts", "--ignore", "--command"),
        permute=False,
    )
    code = options.last("-x", "--exec", "-c", "--command")
    if code:
        yield ShellText(code)
    elif invocation.name == "watchexec" and options.words:
        yield ShellText(" ".join(options.words))


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("find", "gfind", "bfs"), find),
    **dict.fromkeys(("fd", "fdfind"), fd),
    **dict.fromkeys(("watchexec", "nodemon", "chokidar"), watch_exec),
}
