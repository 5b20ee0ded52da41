"""find and fd: what they delete, what they run on what they find, and the paths that they print."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.core.sweep import ANY_DEPTH, ANY_SIZE, Glob, Sweep
from checkrein.detect.shell.files.expression import (
    FILES,
    MAX_CASES,
    PRINTS,
    RUNS,
    Case,
    Cases,
    Expression,
    Literal,
    globs_of,
    read,
)
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, listed, parse_options

FINDS = ("find", "gfind", "bfs")
MAX_PATTERN = 1024  # characters

FIND_SIZES = {"c": 1, "w": 2, "b": 512, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
PLAIN = {"-name": "-name", "-iname": "-name", "-path": "-path", "-ipath": "-path"}
REGEXES = {"-regex": "-path", "-iregex": "-ipath"}


@dataclass(frozen=True, slots=True)
class Found:
    """What is found below one root in one case: a path with unknown parts, as it is handed on, and the sweep behind it.

    ``narrowed`` is False where it is the root with all below it.
    """

    path: str
    sweep: Sweep
    narrowed: bool


def _found(expression: Expression, cases: Cases, invocation: Invocation) -> Iterator[Found]:
    """What an action that is reached in these cases is carried out on."""
    pruned = () if expression.whole_first else tuple(_pruned(expression))
    for root in expression.roots:
        for plain in dict.fromkeys(plain for case in cases for plain in _plain(case, expression)):
            yield _in_case(expression, plain, root, pruned, invocation)


def _plain(case: Case, expression: Expression) -> Iterator[Case]:
    """The case with globs instead of regular expressions, one case for each that may match."""
    choices: list[list[Case]] = []
    for literal in case:
        own: list[Case] = [(literal,)]
        if literal.name in REGEXES:
            globs = globs_of(literal.value, extended=expression.extended)
            name = REGEXES[literal.name]
            each = [Literal(name, glob, literal.holds) for glob in globs or ()]
            own = [(item,) for item in each] if literal.holds else [tuple(each)]
            own = own if each else [(Literal(),)]
        choices.append(own)
    for parts in itertools.islice(itertools.product(*choices), MAX_CASES + 1):
        yield tuple(literal for part in parts for literal in part)


def _in_case(expression: Expression, case: Case, root: str, pruned: tuple[Glob, ...], invocation: Invocation) -> Found:
    sweep = Sweep("", absolute(root, invocation.cwd), root, pruned=pruned, depths=expression.depths)
    suffix = ""
    for literal in case:
        glob = _glob(literal)
        if literal.name == "-xtype":
            continue  # what a link points at does not matter to the link
        if literal.name == "-type":
            kinds = literal.value.replace(",", "")
            others = "".join(kind for kind in "fdl" if kind not in kinds)
            sweep = replace(sweep, kinds=kinds if literal.holds and not sweep.kinds else sweep.kinds or others)
        elif literal.name == "-empty" and literal.holds:
            sweep = replace(sweep, empty=True)
        elif literal.name == "-size" and literal.holds and (sizes := _sizes(literal.value)):
            both = max(sizes[0], sweep.sizes[0]), min(sizes[1], sweep.sizes[1])
            sweep = replace(sweep, sizes=both)
        elif glob and literal.holds:
            sweep = replace(sweep, globs=(*sweep.globs, glob))
            suffix = suffix or _suffix(glob, root)
        elif glob:
            sweep = replace(sweep, spared=(*sweep.spared, glob))
        else:
            sweep = replace(sweep, partly=True)
    shallow = sweep.depths[1] < ANY_DEPTH[1] and sweep.kinds and "d" not in sweep.kinds
    narrowed = bool(shallow or any(literal.name not in ("-type", "-xtype") for literal in case))
    path = f"{root.rstrip('/')}/{suffix or UNKNOWN}" if narrowed else root
    return Found(path, replace(sweep, target=absolute(path, invocation.cwd)), narrowed)


def _pruned(expression: Expression) -> Iterator[Glob]:
    """The folders that are not gone into, as far as their names alone tell."""
    for leaf, cases in expression.actions:
        if leaf.name == "-prune":
            for case in cases:
                named = [literal for literal in case if (literal.name, literal.value, literal.holds) != ("-type", "d", True)]
                glob = _glob(named[0]) if len(named) == 1 and named[0].holds else None
                if glob:
                    yield glob


def _glob(literal: Literal) -> Glob | None:
    """The glob that matches what the literal speaks of; None where none says just that."""
    plain = PLAIN.get(literal.name, "")
    if (
        not plain
        or len(literal.value) > MAX_PATTERN
        or "\\" in literal.value
        or (UNKNOWN in literal.value and not literal.holds)
    ):
        return None
    pattern = literal.value.replace("[^", "[!").replace(UNKNOWN, "*")
    return Glob(pattern, whole=plain == "-path", folded=plain != literal.name)


def _suffix(glob: Glob, root: str) -> str:
    """The end of the paths that a glob matches, with unknown parts; "" where it says nothing plain."""
    if glob.folded or set(glob.pattern) & set("?["):
        return ""
    pattern = glob.pattern.removeprefix(f"{root.rstrip('/')}/") if glob.whole else glob.pattern
    suffix = pattern.replace("*", UNKNOWN)
    return suffix if suffix.startswith(UNKNOWN) or pattern != glob.pattern else f"{UNKNOWN}/{suffix}"


def _sizes(value: str) -> tuple[int, int] | None:
    """Bytes, least and most, of ``-size``: it counts units, and the last one in part."""
    match = re.fullmatch(r"([+-]?)(\d{1,12})([cwbkMG]?)", value)
    if match is None:
        return None
    sign, count, unit = match[1], int(match[2]), FIND_SIZES[match[3] or "b"]
    if sign == "+":
        return count * unit + 1, ANY_SIZE[1]
    return (0 if sign else max((count - 1) * unit + 1, 0)), ((count - 1) if sign else count) * unit


def find(invocation: Invocation) -> Iterator[Outcome]:
    """find."""
    expression = read(invocation.args)
    for root in expression.roots:
        yield Effect(EffectKind.LIST, absolute(root, invocation.cwd), "find", flags=Flag.RECURSIVE)
    for leaf, cases in expression.actions:
        if leaf.name == "-delete":
            for found in _found(expression, cases, invocation):
                flags = Flag.RECURSIVE | (Flag.FILTERED if found.narrowed else Flag.NONE)
                sweep = found.sweep if found.narrowed else None
                yield Effect(EffectKind.DELETE, found.sweep.target, "find -delete", flags=flags, sweep=sweep)
        elif leaf.name in FILES:
            yield Effect(EffectKind.WRITE, absolute(leaf.words[0], invocation.cwd), "find -fprint")
        elif leaf.name in RUNS:
            yield from _run(leaf.words, _found(expression, cases, invocation))


def _run(words: Sequence[str], found: Iterable[Found]) -> Iterator[Outcome]:
    """The command once for what is found in each case."""
    for item in found:
        yield Argv(tuple(word.replace("{}", item.path) for word in words), sweep=item.sweep if item.narrowed else None)


def found_paths(invocation: Invocation) -> list[str]:
    """The paths that find or fd prints, with unknown middles."""
    if invocation.name not in FINDS:
        found, words = _fd(invocation)
        return [] if words else [item.path for item in found]
    expression = read(invocation.args)
    printed = [cases for leaf, cases in expression.actions if leaf.name in PRINTS]
    if any(leaf.name == "-delete" or leaf.name in RUNS for leaf, _ in expression.actions):
        return []
    return list(dict.fromkeys(item.path for cases in printed for item in _found(expression, cases, invocation)))


FD_VALUES = listed(
    "-e -t -d -E -S -o -c -j -C --extension --type --max-depth --min-depth --exact-depth --exclude --size --changed-within "
    "--changed-before --owner --color --threads --base-directory --search-path --format --and --ignore-file"
)
FD_RUNS = re.compile(r"-[HIuLsigaFlp0]*[xX]$|--exec(?:-batch)?(?:=|$)")
FD_PARTLY = ("-S", "-o", "--size", "--changed-within", "--changed-before", "--owner", "--and", "-p", "--full-path")
FD_KINDS = {"file": "f", "directory": "d", "dir": "d", "symlink": "l", "executable": "f", "x": "f"}


def _fd(invocation: Invocation) -> tuple[list[Found], list[str]]:
    """What fd finds, and the words that it runs on that."""
    args = list(invocation.args)
    cut = next((at for at, word in enumerate(args) if FD_RUNS.match(word)), len(args))
    runs = args[cut : cut + 1]
    if cut < len(args) and "=" in args[cut]:
        args[cut : cut + 1] = args[cut].split("=", 1)
    cluster = [f"-{letter}" for word in runs if not word.startswith("--") for letter in word[1:-1]]
    options = parse_options([*args[:cut], *cluster], values=FD_VALUES)
    pattern, *roots = options.words or ("",)
    roots += options.given.get("--search-path", [])
    extensions = [value for name in ("-e", "--extension") for value in options.given.get(name, ())]
    sweep = _fd_sweep(options, pattern)
    found: list[Found] = []
    for root in roots or ["."]:
        for extension in extensions or [""]:
            path = f"{root.rstrip('/')}/{UNKNOWN}{f'.{extension}' if extension else ''}"
            globs = (*sweep.globs, *((Glob(f"*.{extension}", folded=True),) if extension else ()))
            own = replace(
                sweep, target=absolute(path, invocation.cwd), root=absolute(root, invocation.cwd), shown=root, globs=globs
            )
            found.append(Found(path, own, narrowed=True))
    return found, args[cut + 1 :]


def _fd_sweep(options: Options, pattern: str) -> Sweep:
    hidden = options.has("-H", "--hidden", "-u", "--unrestricted")
    left_out = [Glob(value) for name in ("-E", "--exclude") for value in options.given.get(name, ()) if "/" not in value]
    pruned = (*(() if hidden else (Glob(".?*"),)), *left_out)
    types = [value for name in ("-t", "--type") for value in options.given.get(name, ())]
    kinds = "".join(FD_KINDS.get(value, value[:1]) for value in types if value not in ("e", "empty"))
    globs = _fd_globs(options, pattern)
    return Sweep(
        "",
        "/",
        "/",
        globs=globs or (),
        spared=pruned,
        pruned=pruned,
        kinds=kinds,
        empty="e" in types or "empty" in types,
        partly=globs is None or options.has(*FD_PARTLY),
    )


def _fd_globs(options: Options, pattern: str) -> tuple[Glob, ...] | None:
    """The pattern as globs: none where it finds everything; None where no glob says just that."""
    if pattern in ("", ".", "*"):
        return ()
    if options.has("-p", "--full-path") or UNKNOWN in pattern:
        return None
    folded = pattern == pattern.lower() and not options.has("-s", "--case-sensitive")
    if options.has("-g", "--glob"):
        return None if set(pattern) & set("{\\") else (Glob(pattern, folded=folded),)
    core = pattern.removeprefix("^").removesuffix("$")
    globs = (core,) if options.has("-F", "--fixed-strings") else globs_of(core, extended=True)
    if globs is None or len(globs) != 1:
        return None
    start, end = "" if pattern.startswith("^") else "*", "" if pattern.endswith("$") else "*"
    return (Glob(f"{start}{globs[0]}{end}", folded=folded or options.has("-i", "--ignore-case")),)


def fd(invocation: Invocation) -> Iterator[Outcome]:
    """fd -x COMMAND."""
    found, words = _fd(invocation)
    for item in found:
        if not words:
            return
        path = item.path
        filled = tuple(
            path if word in ("{}", "{/}", "{//}", "{.}") else word.replace("{}", path) for word in words if word != ";"
        )
        yield Argv(filled if path in filled or "{}" in "".join(words) else (*filled, path), sweep=item.sweep)


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
    **dict.fromkeys(FINDS, find),
    **dict.fromkeys(("fd", "fdfind"), fd),
    **dict.fromkeys(("watchexec", "nodemon", "chokidar"), watch_exec),
}
