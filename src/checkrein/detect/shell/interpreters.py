"""Shells and language interpreters: code in an option, a script file, or standard input."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.languages import interpreter_language
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import listed, parse_options
from checkrein.detect.shell.runners import package_scripts
from checkrein.detect.shell.values import files_in, network_in

SHELL_VALUES = ("-o", "-O", "+o", "+O", "--rcfile", "--init-file")


def shell(invocation: Invocation) -> Iterator[Outcome]:
    """sh, bash, zsh and their like: ``-c CODE``, a script, or standard input."""
    args = list(invocation.args)
    at = 0
    has_code = from_stdin = False
    while at < len(args):
        word = args[at]
        if word == "--":
            at += 1
            break
        if not word.startswith(("-", "+")) or len(word) == 1:
            break
        if word in SHELL_VALUES:
            at += 1
        elif not word.startswith("--"):
            has_code = has_code or "c" in word
            from_stdin = from_stdin or "s" in word
            if word.startswith("-n") or word == "-n":
                return  # only checks the syntax
        elif word in ("--version", "--help"):
            return
        at += 1
    rest = tuple(args[at:])
    if has_code:
        if rest:
            yield from _code(rest[0], rest[1:] or (invocation.name,), invocation)
        return
    if rest and not from_stdin and rest[0] != "-":
        yield ScriptFile(rest[0], "shell", rest[1:])
    elif invocation.stdin is not None:
        yield from _code(invocation.stdin, (invocation.name, *rest), invocation)


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


INTERPRETER_CODE = {
    "python": (("-c",), ("-m", "-W", "-X", "-Q", "--check-hash-based-pycs")),
    "javascript": (
        ("-e", "--eval", "-p", "--print", "-pe"),
        ("-r", "--require", "--import", "--loader", "-C", "--inspect", "--env-file"),
    ),
    "ruby": (("-e",), ("-r", "-I", "-C", "-E")),
    "perl": (("-e", "-E"), ("-I",)),  # all others take their values in the same word only
    "php": (("-r", "-B", "-R", "-E"), ("-d", "-c", "-f", "-F", "-z", "-S", "-t")),
}


def _package_script(invocation: Invocation) -> str:
    """The script of package.json that ``node --run NAME`` or ``bun run NAME`` runs, "" where it is neither."""
    words = invocation.args
    if invocation.name == "bun" and words:
        return next((word for word in words if not word.startswith("-") and word != "run"), "")
    return next((after for word, after in itertools.pairwise(words) if word == "--run"), "")


PYTHON_MODULE = re.compile(r"-[bBdEhiIOPqsSuvVx]*m")


def interpreter(invocation: Invocation) -> Iterator[Outcome]:
    """python, node, ruby, perl, php, awk: code in an option, a script file, or standard input."""
    language = interpreter_language(invocation.name)
    if language == "awk":
        yield from _awk(invocation)
        return
    codes, values = INTERPRETER_CODE[language]
    args = list(invocation.args)
    if script := _package_script(invocation):
        yield from package_scripts(absolute("package.json", invocation.cwd), [script], invocation)
    if invocation.name in ("deno", "bun") and args[:1] in (["run"], ["eval"]):
        args = ["-e", *args[1:]] if args[0] == "eval" else args[1:]
    at = 0
    found: list[str] = []
    while at < len(args):
        word = args[at]
        if word == "--" or not word.startswith("-") or word == "-":
            at += word == "--"
            break
        code = _attached_code(word, codes, language)
        if code is not None:
            if code == "":
                at += 1
                code = args[at] if at < len(args) else ""
            found.append(code)
            if language == "python":
                at += 1
                break
        elif language == "python" and (module := PYTHON_MODULE.match(word)):
            named = [word[module.end() :]] if module.end() < len(word) else []
            yield from _python_module((*named, *args[at + 1 :]), invocation)
            return
        elif word in values:
            at += 1
        at += 1
    rest = tuple(args[at:])
    if found:
        source = "\n".join(found)
        yield from unknown_code(source, invocation)
        yield Snippet(language, source, rest)
        if language in ("perl", "ruby") and any(re.match(r"-[a-zA-Z0-9]*i", word) for word in args if word.startswith("-")):
            yield from _edited(rest, invocation)
    elif rest and rest[0] != "-":
        yield ScriptFile(rest[0], language, rest[1:])
        yield from given_files(rest, invocation)
    elif invocation.stdin is not None:
        yield from unknown_code(invocation.stdin, invocation)
        yield Snippet(language, invocation.stdin, rest)


def given_files(words: Iterable[str], invocation: Invocation) -> Iterator[Effect]:
    """Words that name files by path: a program that nobody described may read and pass on what they hold."""
    for word in words:
        if word.startswith((".", "/")) and len(word) > 1 and "\n" not in word:
            yield Effect(EffectKind.READ, absolute(word, invocation.cwd), invocation.name)


def _attached_code(word: str, codes: tuple[str, ...], language: str) -> str | None:
    """The code in an option word: "" where it is the next word, None where the word is no code option."""
    for option in codes:
        if word == option:
            return ""
        if option.startswith("--"):
            if word.startswith(option + "="):
                return word[len(option) + 1 :]
        elif language in ("python", "ruby", "php") and word.startswith(option) and len(word) > 2:
            return word[2:]
    if not word.startswith("--") and len(word) > 2 and language in ("perl", "ruby", "python", "javascript", "php"):
        letters = word[1:]
        for option in codes:
            at = letters.find(option[1:]) if len(option) == 2 else -1
            if at >= 0 and letters[:at].isalnum() and not set(letters[:at]) & set("IMmdrx"):
                return letters[at + 1 :]
    return None


def _edited(paths: Iterable[str], invocation: Invocation) -> Iterator[Outcome]:
    for path in paths:
        target = absolute(path, invocation.cwd)
        yield Effect(EffectKind.WRITE, target, f"{invocation.name} -i", flags=Flag.IN_PLACE)


def _python_module(args: tuple[str, ...], invocation: Invocation) -> Iterator[Outcome]:
    """``python -m MODULE ARG...``: modules that are programs of their own."""
    if not args:
        return
    module = args[0]
    programs = {
        "pytest": "pytest",
        "pip": "pip",
        "venv": "venv",
        "twine": "twine",
        "poetry": "poetry",
        "uv": "uv",
        "alembic": "alembic",
    }
    if module in programs:
        yield Argv((programs[module], *args[1:]))
        return
    path = absolute(module.replace(".", "/"), invocation.cwd)
    for candidate in (f"{path}.py", f"{path}/__main__.py"):
        if invocation.world.script(candidate) is not None:
            yield ScriptFile(candidate, "python", args[1:])
            return


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
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "fish", "rbash"), shell),
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3", "ipython"), interpreter),
    **dict.fromkeys(("node", "nodejs", "deno", "bun", "ts-node", "tsx", "ruby", "jruby", "perl", "perl5", "php"), interpreter),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), interpreter),
}
