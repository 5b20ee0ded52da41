"""git commands that show or copy files' content, and those that write files other than by a checkout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.diffs import patched_files
from checkrein.detect.shell.git.command import Git, exists, path_effects
from checkrein.detect.shell.git.options import Parsed, parse, spec
from checkrein.detect.shell.model import Outcome, absolute

_DIFF = spec(
    "-p,--patch -u -U,--unified= --no-index --cached --staged --name-only --name-status --stat=? --shortstat --numstat "
    "-s,--no-patch --output= -c --cc -n,--max-count= --skip= --since= --until= --after= --before= --author= --committer= "
    "--grep= -S= -G= --format= --pretty=? --date= -L= -W,--function-context --word-diff=? --color=? -m -O= --diff-filter= "
    "--oneline --graph --all --raw --summary --check"
)
_BLAME = spec(
    "-L= -S= --since= --contents= -C=? -M=? -p,--porcelain --date= --ignore-rev= --ignore-revs-file= --reverse= --abbrev="
)
_GREP = spec(
    "-e= -f= -O,--open-files-in-pager=? -A= -B= -C= -m,--max-count= --max-depth= --threads= --color=? "
    "-l,--files-with-matches --name-only -L,--files-without-match -c,--count -q,--quiet --cached --no-index --untracked "
    "--exclude-standard --recurse-submodules -i "
    "-n -w -v -E -F -P -G -h -H -r"
)
_CAT_FILE = spec(
    "-p -t -s -e --textconv --filters --path= --batch=? --batch-check=? --batch-command=? --batch-all-objects --buffer"
)
_ARCHIVE = spec(
    "-o,--output= --format= --prefix= --remote= --exec= --add-file= --add-virtual-file= --worktree-attributes -l,--list "
    "-v,--verbose"
)
_APPLY = spec(
    "--check --stat --numstat --summary -R,--reverse --cached --index -3,--3way -p= -C= --directory= --exclude= --include= "
    "--whitespace= -v,--verbose -q,--quiet --reject --unsafe-paths --recount --allow-empty"
)
_MV = spec("-f,--force -n,--dry-run -k -v,--verbose --sparse")
_FORMAT = spec("-o,--output-directory= --stdout --subject-prefix= -n -N -v= --start-number= --to= --cc= --base= --cover-letter")
_BUNDLE = spec("--version= -q,--quiet --progress --all-progress")
_NAMES_ONLY = (
    "--name-only",
    "--name-status",
    "--stat",
    "--shortstat",
    "--numstat",
    "--no-patch",
    "--summary",
    "--check",
    "--raw",
)
UNTRACKED_GREP = "git-grep"
"""The program of what git grep reads that git does not track."""
_REVISION_MARKS = ("..", "^", "@{", "~")


def _reads(git: Git, specs: Sequence[str]) -> Iterator[Outcome]:
    return path_effects(git, EffectKind.READ, specs, f"git {git.name}", "", Flag.CONTENT_OUT)


def _paths(git: Git, options: Parsed) -> tuple[str, ...]:
    """The operands that are paths: those behind ``--``, and those before it that are files or are named like one."""
    cut = len(options.operands) if options.separator is None else options.separator
    before = (word for word in options.operands[:cut] if options.separator is None and _like_path(git, word))
    return (*before, *options.operands[cut:])


def _like_path(git: Git, word: str) -> bool:
    if ":" in word or any(mark in word for mark in _REVISION_MARKS):
        return word.startswith(("../", "./"))
    return "." in word or (UNKNOWN not in word and exists(git.world, git.path(word)))


def _blobs(git: Git, options: Parsed) -> Iterator[Outcome]:
    """``REV:PATH``: a file out of a commit or the index; PATH is counted from the top unless it begins with ``./``."""
    cut = len(options.operands) if options.separator is None else options.separator
    for word in options.operands[:cut]:
        revision, colon, path = word.partition(":")
        if not colon or not path or word.startswith((":(", ":!", ":^", ":/")):
            continue
        if not revision and path[:2] in ("0:", "1:", "2:", "3:"):
            path = path[2:]
        base = git.cwd if path.startswith(("./", "../")) else git.root
        yield Effect(EffectKind.READ, absolute(path, base), f"git {git.name}", flags=Flag.CONTENT_OUT)


def _output(git: Git, options: Parsed, name: str = "--output") -> Iterator[Outcome]:
    file = options.last(name)
    if file and file != "-":
        yield Effect(EffectKind.WRITE, absolute(file, git.cwd), f"git {git.name} {name}")


def _show(git: Git) -> Iterator[Outcome]:
    """diff, show: content by default."""
    options = parse(git.args, _DIFF)
    yield from _output(git, options)
    yield from _blobs(git, options)
    if options.has("--no-index"):
        yield from _reads(git, options.operands)
    elif not options.has(*_NAMES_ONLY) or options.has("--patch"):
        yield from _reads(git, _paths(git, options))


def _log(git: Git) -> Iterator[Outcome]:
    """log: content only with a patch option."""
    options = parse(git.args, _DIFF)
    yield from _output(git, options)
    if options.has("--patch", "-u", "--unified", "-c", "--cc", "--function-context", "--word-diff"):
        yield from _reads(git, _paths(git, options))
    for value in options.given.get("-L", ()):
        yield from _reads(git, (value.rpartition(":")[2],))


def _stash(git: Git) -> Iterator[Outcome]:
    if git.args[:1] == ("show",) and "--" in git.args:
        yield from _reads(git, git.args[git.args.index("--") + 1 :])


def _blame(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _BLAME)
    words = options.operands[options.separator :] if options.separator is not None else options.operands[-1:]
    contents = options.last("--contents")
    yield from _reads(git, (*words, *((contents,) if contents else ())))


def _grep(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _GREP)
    if options.has("--files-with-matches", "--name-only", "--files-without-match", "--count", "--quiet"):
        return
    words = options.operands
    if options.separator is not None:
        words = words[options.separator :]
    else:
        words = tuple(word for word in words[0 if options.has("-e", "-f") else 1 :] if _like_path(git, word))
    yield from _reads(git, words)
    if options.has("--no-index", "--untracked"):
        yield from _beyond_tracked(git, words or (".",), options)


def _beyond_tracked(git: Git, words: Sequence[str], options: Parsed) -> Iterator[Outcome]:
    """Folders that git grep walks through as grep does: it prints files too that no commit holds."""
    given = "--exclude-standard"
    standard = options.has(given) or (options.has("--untracked") and given not in options.refused)
    flags = Flag.RECURSIVE | Flag.CONTENT_OUT | (Flag.FILTERED if standard else Flag.NONE)
    yield from (Effect(EffectKind.READ, git.path(word), UNTRACKED_GREP, flags=flags) for word in words)


def _cat_file(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _CAT_FILE)
    if not options.has("-t", "-s", "-e", "--batch-check"):
        yield from _blobs(git, options)
    if git.stdin is not None and options.has("--batch"):
        yield from _blobs(git, Parsed(operands=tuple(git.stdin.split())))


def _archive(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _ARCHIVE)
    yield from _output(git, options)
    yield from _reads(git, (*options.operands[1:], *options.given.get("--add-file", ())))


def _hash_object(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, spec("-w -t= --path= --stdin --stdin-paths --no-filters --literally"))
    yield from _output(git, options)
    if options.has("-w"):
        yield from path_effects(git, EffectKind.READ, options.operands, "git hash-object")


def _apply(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _APPLY)
    if options.help or options.has("--check", "--stat", "--numstat", "--summary", "--cached"):
        return
    strip = options.last("-p") or "1"
    base = absolute(options.last("--directory") or ".", git.root)
    texts = [git.world.read_text(absolute(word, git.cwd)) for word in options.operands if word != "-"]
    if not options.operands or "-" in options.operands:
        texts.append(git.stdin)
    for text in texts:
        if text is not None:
            yield from patched_files(text, base, f"git {git.name}", int(strip) if strip.isdecimal() else 1)


def _mv(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _MV)
    if options.has("--dry-run") or options.help or len(options.operands) < 2:
        return
    *sources, target = options.operands
    flags = Flag.FORCE if options.has("--force") else Flag.NONE
    for word in sources:
        yield Effect(EffectKind.MOVE, git.path(word), "git mv", flags=flags, to=git.path(target))


def _format_patch(git: Git) -> Iterator[Outcome]:
    yield from _output(git, parse(git.args, _FORMAT), "--output-directory")


def _bundle(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _BUNDLE)
    if options.operands[:1] == ("create",) and len(options.operands) > 1 and options.operands[1] != "-":
        yield Effect(EffectKind.WRITE, absolute(options.operands[1], git.cwd), "git bundle create")


COMMANDS: Mapping[str, Callable[[Git], Iterator[Outcome]]] = {
    "diff": _show,
    "show": _show,
    "log": _log,
    "stash": _stash,
    "blame": _blame,
    "annotate": _blame,
    "grep": _grep,
    "cat-file": _cat_file,
    "archive": _archive,
    "hash-object": _hash_object,
    "apply": _apply,
    "am": _apply,
    "mv": _mv,
    "format-patch": _format_patch,
    "bundle": _bundle,
}
