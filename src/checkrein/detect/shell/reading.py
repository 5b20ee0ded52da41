"""Programs that print or search the content of files."""

from __future__ import annotations

from collections.abc import Iterator

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.model import Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import listed, parse_options, paths

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
    "jq": ("-f", "--from-file", "--arg", "--argjson", "--slurpfile", "--rawfile", "--indent", "--tab", "-L"),
    "fold": ("-w",),
    "fmt": ("-w",),
    "paste": ("-d",),
    "column": ("-s", "-t", "-c", "-o"),
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
RG_VALUES = listed(
    "-e -f -m -A -B -C -g -t -T -j -M -r -E -d --regexp --file --max-count --glob --iglob --type --type-not --type-add "
    "--replace --max-columns --max-depth --pre --pre-glob --sort --after-context --before-context --context --encoding "
    "--ignore-file --max-filesize --color --engine"
)


def printer(invocation: Invocation) -> Iterator[Outcome]:
    """cat and everything that prints what a file holds."""
    name = invocation.name
    options = parse_options(invocation.args, values=VALUES.get(name, ()))
    if name == "sort":
        if program := options.last("--compress-program"):
            yield ShellText(program)
        if output := options.last("-o", "--output"):
            yield Effect(EffectKind.WRITE, absolute(output, invocation.cwd), "sort -o")
    for path, glob in paths(options, invocation, skip=1 if name in FIRST_IS_PROGRAM else 0):
        if path != "/dev/null" and not path.startswith("/dev/fd/"):
            yield Effect(EffectKind.READ, path, name, flags=glob | Flag.CONTENT_OUT)


def search(invocation: Invocation) -> Iterator[Outcome]:
    """grep, rg and their like: the files that they search, and print lines of."""
    name = invocation.name
    is_rg = name in ("rg", "ripgrep", "ag", "ack", "ugrep")
    options = parse_options(invocation.args, values=RG_VALUES if is_rg else GREP_VALUES)
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
    if options.has("-l", "-L", "-c", "-q", "--files-with-matches", "--files-without-match", "--count", "--quiet"):
        flags &= ~Flag.CONTENT_OUT
    narrowed = [f"exclude:{value}" for option in ("--exclude", "--exclude-dir") for value in options.given.get(option, [])]
    narrowed += [f"include:{value}" for value in options.given.get("--include", [])]
    for value in options.given.get("-g", []) + options.given.get("--glob", []):
        narrowed.append(f"exclude:{value[1:]}" if value.startswith("!") else f"include:{value}")
    targets = list(paths(options, invocation, skip=0 if has_pattern else 1))
    if not targets and recursive and invocation.stdin is None:
        targets = [(invocation.cwd, Flag.NONE)]
    if is_rg and not options.has("-u", "-uu", "-uuu", "--hidden", "--no-ignore", "-."):
        flags |= Flag.FILTERED  # skips hidden and ignored files when it walks
    for path, glob in targets:
        yield Effect(EffectKind.READ, path, name, flags=flags | glob, detail="\n".join(narrowed))


def listing(invocation: Invocation) -> Iterator[Outcome]:
    """ls, tree, du, stat: names and sizes, no content."""
    options = parse_options(
        invocation.args, values=("-I", "-P", "-L", "-w", "-T", "-d", "-t", "--max-depth", "--ignore", "--time-style")
    )
    for path, glob in paths(options, invocation):
        yield Effect(EffectKind.LIST, path, invocation.name, flags=glob)


def environment(invocation: Invocation) -> Iterator[Outcome]:
    """printenv: one variable, or all of them."""
    if not invocation.args:
        yield Effect(EffectKind.READ, "environment", "printenv", rule="read.environment", flags=Flag.CONTENT_OUT)


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
