"""Shells and language interpreters: code in an option, a script file, or standard input."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.builds.projects import SOURCES
from checkrein.detect.shell.builds.runners import package_scripts
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed, parse_options
from checkrein.detect.shell.running.interpreter_options import INTERPRETER_OPTIONS, code_behind
from checkrein.detect.shell.running.languages import INTERPRETERS, interpreter_language
from checkrein.detect.shell.running.modules import module_outcomes, program_file
from checkrein.detect.shell.table.programs import KNOWN
from checkrein.detect.shell.values import files_in, network_in

SHELL_FILES = ("--rcfile", "--init-file")
ATTACHING_SHELLS = frozenset(("zsh", "ksh", "ksh93", "mksh", "fish"))
"""Shells that take the rest of the word for the value of ``-o``. In the others the words that follow are its values."""


def shell(invocation: Invocation) -> Iterator[Outcome]:
    """sh, bash, zsh and their like: ``-c CODE``, a script, or standard input."""
    args = list(invocation.args)
    at = 0
    letters = ""
    while at < len(args) and args[at] not in ("-", "--") and args[at].startswith(("-", "+")):
        word = args[at]
        at += 1
        if word in ("--version", "--help"):
            return
        if word in SHELL_FILES and at < len(args):
            yield ScriptFile(args[at], "shell")
            at += 1
        elif not word.startswith("--"):
            flags, values = _shell_flags(word, invocation.name)
            at += values
            letters += flags
            letters = letters.replace("n", "") if word[0] == "+" else letters
    if "n" in letters and "i" not in letters:
        return  # only checks the syntax
    at += args[at : at + 1] in (["-"], ["--"])
    has_code, from_stdin = "c" in letters, "s" in letters
    rest = tuple(args[at:])
    if has_code:
        if rest:
            yield from _code(rest[0], rest[1:] or (invocation.name,), invocation)
        return
    if rest and not from_stdin:
        if {"v", "x"}.intersection(letters):  # each line is printed as it is read or run
            yield Effect(EffectKind.READ, absolute(rest[0], invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT)
        yield ScriptFile(rest[0], "shell", rest[1:])
    elif invocation.stdin is not None:
        yield from _code(invocation.stdin, (invocation.name, *rest), invocation)


def _shell_flags(word: str, name: str) -> tuple[str, int]:
    """The letters of a word of options (``-euo``), and how many of the words that follow are values of them."""
    letters = word[1:]
    if name not in ATTACHING_SHELLS:
        return letters, sum(letter in "oO" for letter in letters)
    flags, option, value = letters.partition("o")
    return flags, int(bool(option) and not value)


def capsh(invocation: Invocation) -> Iterator[Outcome]:
    """capsh: what stands behind ``--`` goes to bash."""
    if "--" in invocation.args:
        yield Argv(("bash", *invocation.args[invocation.args.index("--") + 1 :]))


def _code(text: str, args: tuple[str, ...], invocation: Invocation) -> Iterator[Outcome]:
    """Shell code that may be partly or wholly unknown."""
    yield from unknown_code(text, invocation)
    if text.strip(UNKNOWN + " \n\"'"):
        yield ShellText(text, args)


def unknown_code(text: str, invocation: Invocation) -> Iterator[Outcome]:
    """What to say of code that is about to run and holds text that nobody knows."""
    if UNKNOWN not in text:
        return
    if url := network_in(invocation.origins):
        yield Effect(EffectKind.RUN_FETCHED, url, invocation.name, detail="code that comes over the network")
    elif (
        text.lstrip(" \n\"'").startswith(UNKNOWN)
        or f"\n{UNKNOWN}" in text
        or foreign_code(text, invocation.origins, invocation.cwd)
    ):
        detail = "the code is not known before it runs"
        yield Effect(EffectKind.RUN_UNKNOWN, invocation.name, invocation.name, detail=detail)


def foreign_code(text: str, origins: frozenset[str], cwd: str) -> bool:
    """True where text that the shell reads as code holds what a file outside the folder ``cwd`` holds."""
    foreign = any(not path.startswith((f"{cwd}/", "/dev/fd/")) for path in files_in(origins))
    return foreign and _exposed(text)


def _exposed(text: str) -> bool:
    """True where unknown text stands outside quotes."""
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if char == UNKNOWN and not quote:
            return True
        if char == "\\" and quote != "'":
            at += 1
        elif char == quote:
            quote = ""
        elif char in "'\"" and not quote:
            quote = char
        at += 1
    return False


def _package_script(invocation: Invocation) -> str:
    """The script of package.json that ``node --run NAME`` or ``bun run NAME`` runs, "" where it is neither."""
    words = invocation.args
    if invocation.name == "bun" and words:
        return next((word for word in words if not word.startswith("-") and word != "run"), "")
    return next((after for word, after in itertools.pairwise(words) if word == "--run"), "")


LOOPED = re.compile(r"-(?![MmI])[a-zA-Z0-9]*[np]")
"""Options of perl and ruby with which the code is run for each line of the files that are given."""


def interpreter(invocation: Invocation) -> Iterator[Outcome]:
    """python, node, ruby, perl, php, awk: code in an option, a script file, or standard input."""
    language = interpreter_language(invocation.name)
    if language == "awk":
        yield from _awk(invocation)
        return
    known = INTERPRETER_OPTIONS[language]
    args = list(invocation.args)
    if script := _package_script(invocation):
        yield from package_scripts(absolute("package.json", invocation.cwd), [script], invocation)
    evaluates = invocation.name == "deno" and args[:1] == ["eval"]
    if invocation.name in ("deno", "bun") and args[:1] in (["run"], ["eval"]):
        args = args[1:]
    at = 0
    found: list[str] = []
    while at < len(args):
        word = args[at]
        if word == "--" or not word.startswith("-") or word == "-":
            if code_behind(args, at, known) and invocation.world.read_text(absolute(word, invocation.cwd)) is None:
                at += 1  # the value of an option that we do not know, rather than a script
                continue
            at += word == "--"
            break
        at += 1
        option, attached = known.of(word)
        if language == "python" and option == "-m":
            named = () if attached is None else (attached,)
            yield from _python_module((*named, *args[at:]), invocation)
            return
        if option in known.codes:
            found.append("".join(args[at : at + 1]) if attached is None else attached)
        at += attached is None and option in (*known.codes, *known.values)
        if language == "python" and found:
            break
    if evaluates and not found:
        found = args[at : at + 1]
        at += 1
    rest = tuple(args[at:])
    if found:
        source = "\n".join(found)
        yield from unknown_code(source, invocation)
        yield Snippet(language, source, rest)
        if language in ("perl", "ruby") and any(re.match(r"-[a-zA-Z0-9]*i", word) for word in args if word.startswith("-")):
            yield from _edited(rest, invocation)
        looped = language in ("perl", "ruby") and any(LOOPED.match(word) for word in args[:at])
        shown = [*(rest if looped else ()), *_env_files(args[:at])]
        yield from (
            Effect(EffectKind.READ, absolute(path, invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT) for path in shown
        )
    elif rest and rest[0] != "-":
        yield from _file(rest, language, invocation)
    elif invocation.stdin is not None:
        yield from unknown_code(invocation.stdin, invocation)
        yield Snippet(language, invocation.stdin, rest)


def _file(words: tuple[str, ...], language: str, invocation: Invocation) -> Iterator[Outcome]:
    """A program in a file, or at an address, and its arguments."""
    if words[0].startswith(("http://", "https://")):
        yield Effect(EffectKind.RUN_UNKNOWN, words[0], invocation.name, detail="code that comes over the network")
        return
    yield ScriptFile(program_file(words[0], language, invocation), language, words[1:])
    yield from files_named(words, invocation)


def _env_files(words: list[str]) -> Iterator[str]:
    """The files that a runtime takes variables from, which code on the command line has at hand."""
    for word, following in itertools.pairwise((*words, "")):
        option, attached, value = word.partition("=")
        if option in ("--env-file", "--env-file-if-exists"):
            yield value if attached else following


def files_named(words: Iterable[str], invocation: Invocation) -> Iterator[Effect]:
    """Words that name files by path: a program that nobody described may read and pass on what they hold."""
    for word in words:
        if word.startswith((".", "/")) and len(word) > 1 and "\n" not in word:
            yield Effect(EffectKind.READ, absolute(word, invocation.cwd), invocation.name)


def _edited(paths: Iterable[str], invocation: Invocation) -> Iterator[Outcome]:
    for path in paths:
        target = absolute(path, invocation.cwd)
        yield Effect(EffectKind.WRITE, target, f"{invocation.name} -i", flags=Flag.IN_PLACE)


PRINTING_MODULES = listed(
    "json.tool base64 quopri uu tokenize ast dis symtable pyclbr calendar gzip bz2 zipfile tarfile inspect"
)
"""Modules of Python that print, or pack, the files that they are given."""
MODULES_OF_PROGRAMS = {
    **{name: name for name in listed("pytest pip venv twine poetry uv alembic")},
    "django": "django-admin",
    "awscli": "aws",
    "IPython": "ipython",
    "gsutil": "gsutil",
    "azure.cli": "az",
}
"""Modules that are programs of their own, whose names may differ."""


def _python_module(args: tuple[str, ...], invocation: Invocation) -> Iterator[Outcome]:
    """``python -m MODULE ARG...``: modules that are programs of their own."""
    if not args:
        return
    module = args[0]
    if name := MODULES_OF_PROGRAMS.get(module) or (
        module if module in (KNOWN | SOURCES.keys()) - sys.stdlib_module_names else ""
    ):
        yield Argv((name, *args[1:]))
        return
    if module in PRINTING_MODULES:
        words = [word for word in args[1:] if not word.startswith("-")]
        yield from (
            Effect(EffectKind.READ, absolute(word, invocation.cwd), f"python -m {module}", flags=Flag.CONTENT_OUT)
            for word in words
        )
        return
    yield from module_outcomes(args, invocation)


AWK_FILES = ("-f", "--file", "-E", "--exec")
AWK_VALUES = listed("-f -F -v -e -i -E -l --file --assign --field-separator --source --include --exec --load")


def _awk(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(
        invocation.args,
        values=AWK_VALUES,
        optional=("--file", "--assign", "--field-separator", "--source"),
        permute=False,
    )
    included = [*options.given.get("-i", []), *options.given.get("--include", [])]
    programs = [path for name in AWK_FILES for path in options.given.get(name, [])]
    for path in (*programs, *(path for path in included if path != "inplace")):
        yield ScriptFile(path, "awk")
    sources = options.given.get("-e", []) + options.given.get("--source", [])
    words = list(options.words)
    if not sources and not programs and words:
        sources = [words.pop(0)]
    for source in sources:
        yield Snippet("awk", source, tuple(words))
    for word in words:
        if "=" in word.split("/", 1)[0]:
            continue
        yield Effect(EffectKind.READ, absolute(word, invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT)
        if "inplace" in included:
            yield from _edited((word,), invocation)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys((name for name, language in INTERPRETERS.items() if language == "shell"), shell),
    "capsh": capsh,
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3", "ipython"), interpreter),
    **dict.fromkeys(("node", "nodejs", "deno", "bun", "ts-node", "tsx", "ruby", "jruby", "perl", "perl5", "php"), interpreter),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), interpreter),
}
