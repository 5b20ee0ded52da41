"""Programs that print or search the content of files."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import Options, full_name, listed, parse_options, paths
from checkrein.detect.shell.values import EVERY_VARIABLE, environment_read, is_source

VALUES: dict[str, tuple[str, ...]] = {
    "head": ("-n", "-c", "--lines", "--bytes"),
    "tail": ("-n", "-c", "-s", "--lines", "--bytes", "--pid", "--sleep-interval"),
    "less": ("-p", "-o", "-O", "-t", "-T", "-x", "-y", "-z"),
    "bat": ("-l", "-r", "-H", "-m", "--language", "--line-range", "--style", "--theme", "--paging", "--color"),
    "cut": ("-d", "-f", "-c", "-b", "--delimiter", "--fields", "--characters", "--bytes", "--output-delimiter"),
    "sort": ("-k", "-t", "-o", "-S", "-T", "--key", "--field-separator", "--output", "--parallel", "--compress-program"),
    "uniq": ("-f", "-s", "-w"),
    "od": ("-A", "-t", "-j", "-N", "-w", "-S"),
    "xxd": ("-c", "-g", "-l", "-s", "-n", "-o"),
    "hexdump": ("-n", "-s", "-e", "-f"),
    "strings": ("-n", "-t", "-e", "--bytes", "--radix", "--encoding"),
    "base64": ("-w", "-b", "-i", "-o", "--wrap"),
    "base32": ("-w", "--wrap"),
    "jq": ("-f", "--from-file", "--indent", "-L"),
    "fold": ("-w",),
    "fmt": ("-w",),
    "paste": ("-d",),
    "column": ("-s", "-c", "-o", "-N", "-R", "-H", "-O", "-T", "-E", "-W"),
    "nl": ("-b", "-w", "-s", "-v", "-i", "-n"),
    "diff": ("-U", "-C", "-W", "-x", "-X", "-I", "--exclude", "--label", "--color", "--unified", "--context"),
    "openssl": (),
}
PRINTERS = listed(
    "cat tac head tail less more most bat batcat nl rev cut sort uniq od xxd hexdump hd strings base64 base32 fold fmt "
    "paste column expand zcat gzcat bzcat xzcat zless view pr look dos2unix iconv pygmentize highlight glow mdcat csvlook "
    "plutil hexyl join comm diff colordiff sdiff vimdiff cmp delta difft uuencode basenc"
)
FIRST_IS_PROGRAM = ("jq", "yq", "xq", "dasel", "gron", "fx", "mlr", "xmllint")
SEARCHERS = ("grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "ugrep", "pcregrep", "ggrep", "ripgrep")
GREP_VALUES = listed(
    "-e -f -m -A -B -C -d -D --regexp --file --max-count --after-context --before-context --context --include --exclude "
    "--exclude-dir --exclude-from --label --color --colour --binary-files"
)
GREP_FLAGS = listed(
    "--recursive --dereference-recursive --files-with-matches --files-without-match --count --quiet --silent --ignore-case "
    "--no-ignore-case --invert-match --initial-tab --no-filename --no-messages --null --null-data --line-number --text "
    "--line-buffered --line-regexp --with-filename --word-regexp --only-matching --byte-offset --basic-regexp --perl-regexp "
    "--extended-regexp --fixed-strings --unix-byte-offsets --version --help"
)
RG_VALUES = listed(
    "-e -f -m -A -B -C -g -t -T -j -M -r -E -d --regexp --file --max-count --glob --iglob --type --type-not --type-add "
    "--replace --max-columns --max-depth --pre --pre-glob --sort --after-context --before-context --context --encoding "
    "--ignore-file --max-filesize --color --engine --exclude --exclude-dir --include --ignore --ignore-dir --ignore-directory"
)
UNFILTERED = {
    **dict.fromkeys(("rg", "ripgrep"), listed("-u -uu -uuu --hidden --no-ignore -. --unrestricted --no-ignore-vcs")),
    "ag": listed("-u --unrestricted --hidden -a --all-types -t --all-text -U --skip-vcs-ignores"),
}
"""Options with which a program that skips hidden and ignored files as it walks no longer does."""
LEAVES_OUT = {
    "--exclude": ("exclude",),
    "--exclude-dir": ("exclude-dir",),
    "--ignore": ("exclude", "exclude-dir"),
    "--ignore-dir": ("exclude-dir",),
    "--ignore-directory": ("exclude-dir",),
    "--ignore-file": ("exclude",),
}
"""What each option leaves out, by name: files, folders."""


def printer(invocation: Invocation) -> Iterator[Outcome]:
    """cat and everything that prints what a file holds."""
    name = invocation.name
    args, bound = _unbound(invocation.args) if name == "jq" else (invocation.args, [])
    for path in bound:
        yield Effect(EffectKind.READ, absolute(path, invocation.cwd), name, flags=Flag.CONTENT_OUT)
    options = parse_options(args, values=VALUES.get(name, ()))
    if name == "sort":
        if program := options.last("--compress-program"):
            yield ShellText(program)
        if output := options.last("-o", "--output"):
            yield Effect(EffectKind.WRITE, absolute(output, invocation.cwd), "sort -o")
    if name in ("less", "more"):
        yield from (ShellText(word.partition("!")[2]) for word in args if word.startswith("+") and "!" in word)
    for path, glob in paths(options, invocation, skip=1 if name in FIRST_IS_PROGRAM else 0):
        if path != "/dev/null" and not path.startswith("/dev/fd/"):
            yield Effect(EffectKind.READ, path, name, flags=glob | Flag.CONTENT_OUT)


JQ_BINDS = listed("--arg --argjson --slurpfile --rawfile")


def _unbound(words: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """The words of jq without those that give a variable its value, and the files that such values come from.

    A flag that means nothing stands in for each word left out, so that the others keep their places.
    """
    args, files = list(words), list[str]()
    for at, word in enumerate(words):
        if word in JQ_BINDS:
            files += words[at + 2 : at + 3] if word.endswith("file") else ()
            args[at : at + 3] = ["-n"] * len(args[at : at + 3])
    return tuple(args), files


def search(invocation: Invocation) -> Iterator[Outcome]:
    """grep, rg and their like: the files that they search, and print lines of."""
    name = invocation.name
    is_rg = name in ("rg", "ripgrep", "ag", "ack", "ugrep")
    options = parse_options(invocation.args, values=RG_VALUES if is_rg else GREP_VALUES, flags=() if is_rg else GREP_FLAGS)
    if program := options.last("--pre"):
        yield ShellText(program)
    if options.has("--files"):
        for path, glob in paths(options, invocation):
            yield Effect(EffectKind.LIST, path, name, flags=glob | Flag.RECURSIVE)
        return
    if options.has("--type-list", "--version", "--help"):
        return
    for path in options.given.get("-f", []) + options.given.get("--file", []):
        yield Effect(EffectKind.READ, absolute(path, invocation.cwd), name, flags=Flag.CONTENT_OUT)
    has_pattern = options.has("-e", "-f", "--regexp", "--file")
    recursive = is_rg or options.has("-r", "-R", "--recursive", "--dereference-recursive")
    flags = (Flag.RECURSIVE if recursive else Flag.NONE) | Flag.CONTENT_OUT
    if options.has("-l", "-L", "-c", "-q", "--files-with-matches", "--files-without-match", "--count", "--quiet", "--silent"):
        flags &= ~Flag.CONTENT_OUT
    narrowed = list(_narrowing(name, invocation.args, options))
    targets = list(paths(options, invocation, skip=0 if has_pattern else 1))
    if not targets and recursive and invocation.stdin is None:
        targets = [(invocation.cwd, Flag.NONE)]
    if name in UNFILTERED and not options.has(*UNFILTERED[name]):
        flags |= Flag.FILTERED  # skips hidden and ignored files when it walks
    for path, glob in targets:
        yield Effect(EffectKind.READ, path, name, flags=flags | glob, detail="\n".join(narrowed))


def _narrowing(name: str, args: Sequence[str], options: Options) -> Iterator[str]:
    """What a search leaves out (``exclude:``, ``exclude-dir:``) and what alone it looks at (``include:``), by name.

    Of an ``--include`` and an ``--exclude`` that both name a file the last one counts, so that one before an ``--include`` may
    say nothing. Silver Searcher forgets what to leave out once it is told to search all files.
    """
    yield from (f"include:{value}" for value in options.given.get("--include", []))
    for value in options.given.get("-g", []) + options.given.get("--glob", []):
        yield f"exclude:{value[1:]}" if value.startswith("!") else f"include:{value}"
    if name == "ag" and options.has(*listed("-u --unrestricted -a --all-types -t --all-text")):
        return
    longs = (*GREP_VALUES, *GREP_FLAGS) if name.endswith("grep") else ()
    written = [full_name(word.partition("=")[0], longs) for word in args]
    last = max((at for at, option in enumerate(written) if option == "--include"), default=-1)
    for option, (word, following) in zip(written[last + 1 :], itertools.pairwise((*args[last + 1 :], "")), strict=True):
        _, attached, value = word.partition("=")
        given = value if attached else following
        if option == "--ignore-file":  # a file of patterns, but for ack
            given = given.removeprefix("is:") if name == "ack" and given.startswith("is:") else ""
        for kind in LEAVES_OUT.get(option, ()):
            if given:
                yield f"{kind}:{given}"


def listing(invocation: Invocation) -> Iterator[Outcome]:
    """ls, tree, du, stat: names and sizes, no content."""
    options = parse_options(
        invocation.args, values=("-I", "-P", "-L", "-w", "-T", "-d", "-t", "--max-depth", "--ignore", "--time-style")
    )
    for path, glob in paths(options, invocation):
        yield Effect(EffectKind.LIST, path, invocation.name, flags=glob)


def environment(invocation: Invocation) -> Iterator[Outcome]:
    """printenv: one variable, or all of them."""
    names = parse_options(invocation.args).words
    origins = [f"env:{name}" for name in names] if names else [EVERY_VARIABLE]
    yield from (environment_read("printenv", origin) for origin in origins if is_source(origin))


def openssl(invocation: Invocation) -> Iterator[Outcome]:
    """openssl, gpg, age: what they read and write."""
    options = parse_options(
        invocation.args,
        values=listed("-in -out -inkey -key -pass -passin -k -kfile -o --output -r --recipient -i"),
        single_dash_long=invocation.name == "openssl",
    )
    sources = [value for name in ("-in", "-inkey", "-key", "-kfile") for value in options.given.get(name, [])]
    for source in sources:
        yield Effect(EffectKind.READ, absolute(source, invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT)
    target = options.last("-out", "-o", "--output")
    if target and target != "/dev/null":
        yield Effect(EffectKind.WRITE, absolute(target, invocation.cwd), invocation.name)
    if invocation.name != "openssl":
        for path, glob in paths(options, invocation):
            yield Effect(EffectKind.READ, path, invocation.name, flags=glob | Flag.CONTENT_OUT)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(PRINTERS, printer),
    **dict.fromkeys(FIRST_IS_PROGRAM, printer),
    **dict.fromkeys(SEARCHERS, search),
    **dict.fromkeys(("ls", "ll", "la", "dir", "exa", "eza", "lsd", "tree", "du", "stat", "file", "wc"), listing),
    "printenv": environment,
    **dict.fromkeys(("openssl", "gpg", "gpg2", "age"), openssl),
}
