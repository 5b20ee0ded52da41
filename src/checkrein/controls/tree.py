"""Which files of a folder a search, a copy or a send of it takes along, as far as the command line narrows them."""

from __future__ import annotations

import fnmatch
import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from checkrein.controls.context import Context
from checkrein.core import Effect, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.paths.globs import expand
from checkrein.detect.shell.exchange.archives import SEVEN_ZIPS, TAR_PROGRAMS
from checkrein.detect.shell.exchange.transfer import packs
from checkrein.observe.disk import real_path
from checkrein.policy.wildmatch import Pattern, parse_line

DEPENDENCIES = frozenset(("node_modules", ".git", ".venv", "venv", "__pycache__"))
"""Large folders in which nobody keeps secrets."""
SKIPPED_BY_SEARCHERS = DEPENDENCIES | {"target", "dist"}
BY_PATH = frozenset(("Grep", "rg", "ripgrep"))
"""Programs that read a name pattern as a line of an ignore file."""
WALKERS = BY_PATH | {"ag", "ack"}
"""Programs whose options narrow what they find in folders, and no file that they are given."""
LISTERS = frozenset(("ls", "find", "gfind", "bfs", "fd", "fdfind", "rg", "git", "tree", "locate"))
FINDERS = frozenset(("find", "gfind", "bfs"))
FIND_NAMES = frozenset(("-name", "-iname", "-path", "-ipath", "-wholename", "-iwholename"))
FIND_RUNS = frozenset(("-exec", "-execdir", "-ok", "-okdir"))
RUNS = FIND_RUNS | {"-x", "-X", "--exec", "--exec-batch"}
MAX_BRACES = 8
PACKERS = TAR_PROGRAMS | SEVEN_ZIPS | {"rsync", "zip", "aws", "rclone"}


def named(context: Context, path: str) -> str:
    """A path as the policy and the ignore files know it: below the project as the session names it."""
    real, project = context.folders[0].rstrip("/"), context.project.rstrip("/")
    inside = path == real or path.startswith(real + "/")
    return project + path[len(real) :] if inside else path


@dataclass(frozen=True, slots=True)
class Reach:
    """The files of one folder that are meant. Empty: not narrowed. Patterns are those of ``fnmatch``."""

    folder: str
    pattern: str = ""  # of the absolute path, in letters of either case
    only: tuple[str, ...] = ()  # of the name; with a slash in it, of the path as ``./a/b``
    without: tuple[str, ...] = ()  # of the same
    without_parts: tuple[str, ...] = ()  # of the name of the file or of a folder on the way
    without_folders: tuple[str, ...] = ()  # of the name of a folder on the way
    lines: tuple[Pattern, ...] = ()  # as in an ignore file: what a positive one says is meant
    skipped: frozenset[str] = DEPENDENCIES
    filtered: bool = False  # neither hidden files nor what git ignores
    tracked: bool = False  # what git tracks

    @property
    def whole(self) -> bool:
        """True where nothing narrows it."""
        return not (self.pattern or self.only or self.lines or self.filtered or self.tracked)

    def holds(self, context: Context, path: str) -> bool:
        """Whether a file below the folder is meant."""
        parts = path[len(self.folder.rstrip("/")) + 1 :].split("/")
        if self.skipped.intersection(parts) or (self.pattern and not fnmatch.fnmatchcase(path.lower(), self.pattern.lower())):
            return False
        if any(_matches(word, parts) for word in self.without) or (
            self.only and not any(_matches(word, parts) for word in self.only)
        ):
            return False
        if any(fnmatch.fnmatchcase(part, word) for part in parts for word in self.without_parts):
            return False
        if any(fnmatch.fnmatchcase(part, word) for part in parts[:-1] for word in self.without_folders):
            return False
        if self.lines and not self._by_lines(path, context.event.cwd):
            return False
        if self.filtered and (any(part.startswith(".") for part in parts) or context.git.ignores(path)):
            return False
        return not self.tracked or context.git.holds(path)

    def _by_lines(self, path: str, cwd: str) -> bool:
        """A program may count from its own folder or from the one that it searches: both are tried, the wider one holds."""
        bases = [base.rstrip("/") + "/" for base in (self.folder, cwd) if path.startswith(base.rstrip("/") + "/")]
        said = {line.negated for line in self.lines for base in bases if _covers(line, path[len(base) :])}
        return False in said or (not said and all(line.negated for line in self.lines))


def _matches(word: str, parts: list[str]) -> bool:
    return fnmatch.fnmatchcase("./" + "/".join(parts) if "/" in word else parts[-1], word)


def _covers(line: Pattern, path: str) -> bool:
    """Whether a line means a path or a folder on the way to it."""
    segments = path.split("/")
    return any(
        line.matches("/".join(segments[:depth]), segments[depth - 1], is_dir=depth < len(segments))
        for depth in range(len(segments), 0, -1)
    )


def reaches(context: Context, path: str, *, glob: bool = False) -> Iterator[Reach]:
    """What a path stands for: a folder, the folders that a pattern matches, or what an unknown part may name."""
    if UNKNOWN in path:
        yield from _unknown(context, path)
    elif glob:
        folders = (match for match in context.disk.glob(path) if os.path.isdir(match))  # noqa: PTH112 - on the path of every decision
        yield from (Reach(_spelled(context, folder)) for folder in folders)
    elif os.path.isdir(path):  # noqa: PTH112 - as above
        only, without = _found(context)
        yield Reach(_spelled(context, path), only=only, without=without)


def _spelled(context: Context, folder: str) -> str:
    """A folder as what lies in it is compared with the project: by its real path where it is named by way of a link."""
    project = context.project.rstrip("/")
    return folder if folder == project or folder.startswith(project + "/") else real_path(folder)


def _unknown(context: Context, path: str) -> Iterator[Reach]:
    folder = path[: path.index(UNKNOWN)].rpartition("/")[0]
    rest = path[len(folder) + 1 :]
    if folder:
        folder = _spelled(context, folder)
        path = f"{folder}/{rest}"
    pattern = path.replace("[", "[[]").replace(UNKNOWN, "*") if rest.strip(UNKNOWN) else ""
    if folder:
        if os.path.isdir(folder):  # noqa: PTH112 - as above
            only, without = _found(context)
            yield Reach(folder, pattern, only=only, without=without)
        return
    for argv in context.programs:  # a list of the project's files may be what is not known
        if argv[1:2] == ("ls-files",) and _name(argv) == "git":
            specs = tuple(word for word in argv[2:] if not word.startswith("-"))
            only = tuple(word for spec in specs for word in (f"./{spec}", f"./{spec.rstrip('/')}/*", f"./*/{spec}"))
            others = any(word in ("-o", "--others") or word.startswith("-co") for word in argv[2:])
            yield Reach(context.event.cwd, pattern, only=only, tracked=not others)
        elif _name(argv) == "rg" and {"-l", "--files", "--files-with-matches"}.intersection(argv):
            hidden = {"--hidden", "--no-ignore", "-u", "-uu", "-uuu", "-."}.intersection(argv)
            yield Reach(context.event.cwd, pattern, filtered=not hidden)


def _name(argv: tuple[str, ...]) -> str:
    return argv[0].rsplit("/", 1)[-1] if argv else ""


def searched(context: Context, effect: Effect, reach: Reach) -> Reach:
    """``reach`` as the options of the searching program narrow it.

    Files that it is given one by one it searches whatever folder they lie in; of all options only grep's ``--exclude`` holds
    for them.
    """
    words = [word.partition(":") for word in effect.detail.split("\n")]
    only, files, folders = (
        [text for kind, _, text in words if kind == wanted] for wanted in ("include", "exclude", "exclude-dir")
    )
    skipped = SKIPPED_BY_SEARCHERS if effect.flags & Flag.RECURSIVE else reach.skipped
    reach = replace(reach, skipped=skipped)
    if one_by_one(context, effect):
        left_out = () if effect.program in WALKERS else tuple(files)
        return replace(reach, only=(*reach.only, *only), without=(*reach.without, *_names(left_out)))
    reach = replace(reach, filtered=reach.filtered or bool(effect.flags & Flag.FILTERED))
    if effect.program in BY_PATH:
        return replace(reach, lines=_lines([*only, *(f"!{text}" for text in files)]))
    without = (*reach.without, *_names(files))
    return replace(
        reach, only=(*reach.only, *only), without=without, without_folders=tuple(word.rstrip("/") for word in folders)
    )


def one_by_one(context: Context, effect: Effect) -> bool:
    """True where a program is given files, not the folder that they lie in."""
    if UNKNOWN in effect.target or not effect.flags & Flag.RECURSIVE:
        return True
    return effect.program in WALKERS and any(
        _name(argv) in ("xargs", "parallel") or (_name(argv) in LISTERS and RUNS.intersection(argv))
        for argv in context.programs
    )


def _names(words: Iterable[str]) -> tuple[str, ...]:
    """Those of the patterns that mean names: one with a slash in it is compared with names alone, and means none."""
    return tuple(word for word in words if "/" not in word)


def _lines(globs: list[str]) -> tuple[Pattern, ...]:
    """The lines that globs of ripgrep stand for; none where they cannot be told for certain, so that nothing is narrowed."""
    lines: list[Pattern] = []
    for text in globs:
        for word in text.split():
            if word.count("{") != word.count("}") or word.count("{") > MAX_BRACES or "\\" in word:
                return ()
            for piece in [word] if "{" in word else word.split(","):
                for pattern in expand(piece):
                    line = parse_line(pattern)
                    if line is None or line.regex is None or set(pattern) & set("{}"):
                        return ()
                    lines.append(line)
    return tuple(lines)


def copied(context: Context, effect: Effect, reach: Reach) -> Reach:
    """``reach`` without what the options of a copying or packing program leave out."""
    name = effect.program.split(" ", 1)[0]
    same = [argv for argv in context.programs if _name(argv) == name and name in PACKERS]
    calls = [_excluded(argv) for argv in same if name not in TAR_PROGRAMS or packs(argv[1:])]
    left_out = [word for word in calls[0] if all(word in other for other in calls)] if calls else []
    parts = tuple(word.strip("/").removeprefix("./").removesuffix("/*") for word in left_out)
    paths = tuple(f"./{word}{end}" for word in parts for end in ("", "/*") if "/" in word)
    return replace(reach, without=(*reach.without, *paths), without_parts=tuple(word for word in parts if "/" not in word))


def _excluded(argv: tuple[str, ...]) -> list[str]:
    """What one call of a copying or packing program leaves out. Tar's options at the end no longer mean what stands before."""
    if _name(argv) in TAR_PROGRAMS:
        while argv and argv[-1].startswith("--exclude="):
            argv = argv[:-1]
    if _name(argv) in SEVEN_ZIPS:
        return [word.partition("!")[2] for word in argv if word.startswith(("-x!", "-xr!"))]
    options = ("--exclude", "-x") if _name(argv) == "zip" else ("--exclude",)
    return [word.partition("=")[2] for word in argv if word.startswith("--exclude=")] + [
        after for word, after in itertools.pairwise(argv) if word in options
    ]


def _found(context: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """How the one ``find`` of the call narrows what it hands on; nothing where other lists could be meant as well."""
    listers = [argv for argv in context.programs if _name(argv) in LISTERS]
    if len(listers) != 1 or _name(listers[0]) not in FINDERS:
        return (), ()
    return _find_names(listers[0][1:])


def _find_names(args: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names one of which every file found has, and names that none has. None of either where that cannot be told."""
    only: list[str] = []
    without: list[str] = []
    groups: list[bool] = []  # whether each open parenthesis is negated
    branches = [False]  # whether each alternative has a name that it asks for
    negated = running = False
    roots = set(itertools.takewhile(lambda word: not word.startswith(("-", "(", "!")), args))
    starts = ("*/", "./") if roots <= {"."} else ("*/",)  # of the paths that are printed
    for word, value in zip(args, (*args[1:], ""), strict=True):
        if running or word in FIND_RUNS:
            running = word not in (";", "+")
        elif word in ("!", "-not"):
            negated = True
            continue
        elif word == "(":
            groups.append(negated)
        elif word == ")" and groups:
            groups.pop()
        elif word in ("-o", "-or", ","):
            branches.append(False)
        elif word in FIND_NAMES and not any(groups) and _comparable(word, value, starts):
            pattern = _any_case(value) if word.startswith("-i") else value
            (without if negated else only).append(pattern)
            branches[-1] = branches[-1] or not negated
        negated = False
    return tuple(only) if all(branches) else (), tuple(without) if len(branches) == 1 else ()


def _comparable(word: str, value: str, starts: tuple[str, ...]) -> bool:
    by_name = word in ("-name", "-iname")
    return (by_name or value.startswith(starts)) and not (word.startswith("-i") and "[" in value)


def _any_case(pattern: str) -> str:
    return "".join(f"[{char.lower()}{char.upper()}]" if char.isalpha() else char for char in pattern)
