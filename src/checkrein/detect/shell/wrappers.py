"""Programs that run another program: with other rights, elsewhere, later, or many times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.languages import interpreter_language
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.options import parse_options
from checkrein.detect.shell.values import NUL, network_in

ENV_WORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
MAX_BATCH = 200


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How a wrapper's own words end: its options with values, and the operands before the command."""

    values: tuple[str, ...] = ()
    skip: int = 0
    flags: Flag = Flag.NONE
    subcommands: tuple[str, ...] = ()  # where given, only these run a command (poetry run)


WRAPPERS: dict[str, Wrapper] = {
    "nice": Wrapper(("-n", "--adjustment")),
    "ionice": Wrapper(("-c", "-n", "-p", "--class", "--classdata")),
    "nohup": Wrapper(),
    "setsid": Wrapper(),
    "timeout": Wrapper(("-k", "-s", "--kill-after", "--signal"), skip=1),
    "gtimeout": Wrapper(("-k", "-s", "--kill-after", "--signal"), skip=1),
    "stdbuf": Wrapper(("-i", "-o", "-e", "--input", "--output", "--error")),
    "unbuffer": Wrapper(),
    "chroot": Wrapper(("--userspec", "--groups"), skip=1),
    "unshare": Wrapper(("-S", "-G", "-R", "-w", "--root", "--wd", "--setuid", "--setgid")),
    "nsenter": Wrapper(("-t", "--target", "-S", "-G", "-r", "-w"), flags=Flag.ROOT),
    "setpriv": Wrapper(("--reuid", "--regid", "--groups", "--inh-caps", "--bounding-set")),
    "taskset": Wrapper(skip=1),
    "chrt": Wrapper(skip=1),
    "numactl": Wrapper(("-N", "-m", "-C", "--cpunodebind", "--membind")),
    "cpulimit": Wrapper(("-l", "-p", "-e", "--limit")),
    "fakeroot": Wrapper(("-l", "-s", "-i")),
    "firejail": Wrapper(),
    "bwrap": Wrapper(("--chdir", "--setenv", "--unsetenv", "--uid", "--gid", "--hostname", "--proc", "--dev", "--tmpfs", "--dir")),
    "proot": Wrapper(("-r", "-b", "-w", "-q")),
    "strace": Wrapper(("-e", "-o", "-p", "-s", "-u", "-E", "-P", "-S", "-a", "-b", "-I", "-O", "-X")),
    "ltrace": Wrapper(("-e", "-o", "-p", "-s", "-u", "-n", "-l", "-x")),
    "valgrind": Wrapper(),
    "perf": Wrapper(("-e", "-o", "-F", "-r", "-p"), subcommands=("stat", "record", "trace")),
    "catchsegv": Wrapper(),
    "caffeinate": Wrapper(("-t", "-w")),
    "rlwrap": Wrapper(("-f", "-H", "-C", "-b")),
    "torify": Wrapper(),
    "torsocks": Wrapper(),
    "proxychains": Wrapper(("-f",)),
    "proxychains4": Wrapper(("-f",)),
    "xvfb-run": Wrapper(("-n", "-s", "-e", "-f", "-p", "-w")),
    "dbus-run-session": Wrapper(),
    "systemd-run": Wrapper(("-p", "-u", "-E", "-M", "-H", "--unit", "--property", "--description", "--slice", "--setenv", "--on-active", "--on-calendar", "--uid", "--gid", "--working-directory")),
    "systemd-inhibit": Wrapper(("--what", "--who", "--why", "--mode")),
    "gosu": Wrapper(skip=1, flags=Flag.ROOT),
    "su-exec": Wrapper(skip=1, flags=Flag.ROOT),
    "runcon": Wrapper(("-u", "-r", "-t", "-l"), skip=1),
    "sshpass": Wrapper(("-p", "-f", "-d", "-P")),
    "flock": Wrapper(("-w", "-E", "-c", "--timeout", "--conflict-exit-code", "--command"), skip=1),
    "watch": Wrapper(("-n", "--interval", "-q", "--equexit")),
    "entr": Wrapper(),
    "hyperfine": Wrapper(("-w", "-m", "-M", "-r", "-p", "-c", "-s", "-S", "-N", "-n", "-L", "-P", "-D", "--warmup", "--runs", "--prepare", "--setup", "--cleanup", "--export-json", "--export-markdown", "--export-csv")),
    "cross-env": Wrapper(),
    "dotenv": Wrapper(("-f", "-e", "-c")),
    "direnv": Wrapper(skip=1, subcommands=("exec",)),
    "poetry": Wrapper(("-C", "--directory", "-P", "--project"), subcommands=("run",)),
    "pipenv": Wrapper(subcommands=("run",)),
    "pdm": Wrapper(("-p",), subcommands=("run",)),
    "hatch": Wrapper(("-e", "-p"), subcommands=("run",)),
    "rye": Wrapper(subcommands=("run",)),
    "uv": Wrapper(("--with", "--with-requirements", "--python", "-p", "--project", "--directory", "--env-file", "--extra", "--group", "--index", "--index-url", "--default-index", "--from"), subcommands=("run",)),
    "conda": Wrapper(("-n", "-p", "--name", "--prefix", "--cwd"), subcommands=("run",)),
    "mamba": Wrapper(("-n", "-p"), subcommands=("run",)),
    "micromamba": Wrapper(("-n", "-p"), subcommands=("run",)),
    "bundle": Wrapper(subcommands=("exec",)),
    "rbenv": Wrapper(subcommands=("exec",)),
    "pyenv": Wrapper(subcommands=("exec",)),
    "asdf": Wrapper(subcommands=("exec",)),
    "mise": Wrapper(subcommands=("exec", "x")),
    "rustup": Wrapper(subcommands=("run",), skip=1),
    "op": Wrapper(("--env-file", "--account"), subcommands=("run",)),
    "doppler": Wrapper(("-p", "-c", "--project", "--config"), subcommands=("run",)),
    "aws-vault": Wrapper(("-d", "--duration"), skip=1, subcommands=("exec",)),
    "infisical": Wrapper(("--env", "--path"), subcommands=("run",)),
    "chamber": Wrapper(skip=1, subcommands=("exec",)),
    "rtk": Wrapper(),
}  # fmt: skip


def wrapper(invocation: Invocation) -> Iterator[Outcome]:
    """A wrapper of the table."""
    spec = WRAPPERS[invocation.name]
    args = list(invocation.args)
    if spec.subcommands:
        at = _operand(args, spec.values)
        if at >= len(args) or args[at] not in spec.subcommands:
            return
        args = args[at + 1 :]
    if invocation.name == "flock" and (code := parse_options(args, values=spec.values).last("-c", "--command")):
        yield ShellText(code)
        return
    start = _operand(args, spec.values)
    environment: dict[str, str] = {}
    for _ in range(spec.skip):
        start += 1
    while start < len(args) and (args[start] == "--" or ENV_WORD.fullmatch(args[start])):
        if match := ENV_WORD.fullmatch(args[start]):
            environment[match[1]] = match[2]
        start += 1
    rest = tuple(args[start:])
    if not rest:
        return
    if invocation.name in ("watch", "entr", "hyperfine") and (len(rest) == 1 or invocation.name == "hyperfine"):
        for code in rest if invocation.name == "hyperfine" else rest[:1]:
            yield ShellText(code)
        return
    offset = len(invocation.argv) - len(rest)
    yield Argv(rest, spec.flags, env=environment, globs=_shifted(invocation.globs, offset))


def _operand(args: list[str], values: tuple[str, ...]) -> int:
    """The index of the first word that is no option and no option's value."""
    at = 0
    while at < len(args):
        word = args[at]
        if word == "--":
            return at + 1
        if not word.startswith("-") or word == "-":
            return at
        at += 2 if word in values else 1
    return at


def _shifted(globs: frozenset[int], offset: int) -> frozenset[int]:
    return frozenset(at - offset for at in globs if at >= offset)


def _rest(invocation: Invocation, start: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """The words of a command that begins at ``args[start]``, and which of them are patterns."""
    return invocation.args[start:], _shifted(invocation.globs, start + 1)


SUDO_VALUES = (
    "-u",
    "-g",
    "-h",
    "-p",
    "-C",
    "-r",
    "-t",
    "-T",
    "-U",
    "-D",
    "-R",
    "--user",
    "--group",
    "--host",
    "--prompt",
    "--chdir",
    "--chroot",
    "--role",
    "--type",
)


def sudo(invocation: Invocation) -> Iterator[Outcome]:
    """sudo, doas, pkexec."""
    args = invocation.args
    start = _operand(list(args), SUDO_VALUES)
    options = parse_options(args[:start], values=SUDO_VALUES)
    user = options.last("-u", "--user") or "root"
    environment: dict[str, str] = {}
    while start < len(args) and (match := ENV_WORD.fullmatch(args[start])):
        environment[match[1]] = match[2]
        start += 1
    words, globs = _rest(invocation, start)
    if options.has("-e", "--edit") or invocation.name == "sudoedit":
        for word in words:
            yield Effect(EffectKind.WRITE, absolute(word, invocation.cwd), "sudoedit", flags=Flag.ROOT | Flag.IN_PLACE)
        return
    if options.has("-l", "-v", "-k", "-K", "-V", "--list", "--validate") and not words:
        return
    yield Effect(EffectKind.PRIVILEGE, user, f"{invocation.name} {words[0] if words else ''}".strip())
    if options.has("-s", "-i", "--shell", "--login") and words:
        yield ShellText(" ".join(words), flags=Flag.ROOT)
    elif words:
        yield Argv(words, Flag.ROOT, env=environment, globs=globs)
    elif invocation.stdin is not None and options.has("-s", "-i"):
        yield ShellText(invocation.stdin, flags=Flag.ROOT)


def su(invocation: Invocation) -> Iterator[Outcome]:
    """su, runuser."""
    options = parse_options(invocation.args, values=("-c", "--command", "-s", "--shell", "-g", "-G", "-w", "-u", "--user"))
    user = next((word for word in options.words if word != "-"), "root")
    yield Effect(EffectKind.PRIVILEGE, options.last("-u", "--user") or user, invocation.name)
    code = options.last("-c", "--command")
    if code is not None:
        yield ShellText(code, flags=Flag.ROOT)
    elif options.has("-u") and options.words:
        yield Argv(options.words, Flag.ROOT)
    elif invocation.stdin is not None:
        yield ShellText(invocation.stdin, flags=Flag.ROOT)


def env(invocation: Invocation) -> Iterator[Outcome]:
    """``env [-i] [NAME=VALUE ...] COMMAND``; alone it prints the environment, secrets included."""
    values = ("-u", "--unset", "-C", "--chdir", "-S", "--split-string", "-P", "--argv0", "-a")
    args = list(invocation.args)
    environment: dict[str, str] = {}
    cwd = ""
    at = 0
    while at < len(args):
        word = args[at]
        if word in ("-S", "--split-string") or word.startswith(("-S", "--split-string=")):
            attached = word.removeprefix("--split-string=") if word.startswith("--") else word[2:]
            text = args[at + 1] if word in ("-S", "--split-string") and at + 1 < len(args) else attached
            rest = args[at + 2 if word in ("-S", "--split-string") else at + 1 :]
            yield ShellText(" ".join([text, *rest]))
            return
        if word in ("-C", "--chdir") and at + 1 < len(args):
            cwd = absolute(args[at + 1], invocation.cwd)
        if match := ENV_WORD.fullmatch(word):
            environment[match[1]] = match[2]
            at += 1
        elif word == "--":
            at += 1
            break
        elif word.startswith("-") and word != "-":
            at += 2 if word in values else 1
        elif word == "-":
            at += 1
        else:
            break
    words, globs = _rest(invocation, at)
    if words:
        yield Argv(words, cwd=cwd, env=environment, globs=globs)
    elif not environment:
        yield Effect(EffectKind.READ, "environment", "env", rule="read.environment", flags=Flag.CONTENT_OUT)


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
    elif text.lstrip(" \n\"'").startswith(UNKNOWN) or f"\n{UNKNOWN}" in text:
        detail = "the code is not known before it runs"
        yield Effect(EffectKind.RUN_UNKNOWN, invocation.name, invocation.name, detail=detail)


INTERPRETER_CODE = {
    "python": (("-c",), ("-m", "-W", "-X", "-Q", "--check-hash-based-pycs")),
    "javascript": (
        ("-e", "--eval", "-p", "--print", "-pe"),
        ("-r", "--require", "--import", "--loader", "-C", "--inspect", "--env-file"),
    ),
    "ruby": (("-e",), ("-r", "-I", "-C", "-E", "-F", "-x")),
    "perl": (("-e", "-E"), ("-I", "-M", "-m", "-F", "-i", "-x", "-0", "-l")),
    "php": (("-r", "-B", "-R", "-E"), ("-d", "-c", "-f", "-F", "-z", "-S", "-t")),
}


def interpreter(invocation: Invocation) -> Iterator[Outcome]:
    """python, node, ruby, perl, php, awk: code in an option, a script file, or standard input."""
    language = interpreter_language(invocation.name)
    if language == "awk":
        yield from _awk(invocation)
        return
    codes, values = INTERPRETER_CODE[language]
    args = list(invocation.args)
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
        elif word == "-m" and language == "python":
            yield from _python_module(tuple(args[at + 1 :]), invocation)
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


def _awk(invocation: Invocation) -> Iterator[Outcome]:
    options = parse_options(
        invocation.args,
        values=("-f", "-F", "-v", "-e", "-i", "--file", "--assign", "--field-separator", "--source"),
        optional=("--file", "--assign", "--field-separator", "--source"),
        permute=False,
    )
    for path in options.given.get("-f", []) + options.given.get("--file", []):
        yield ScriptFile(path, "awk")
    sources = options.given.get("-e", []) + options.given.get("--source", [])
    words = list(options.words)
    if not sources and not options.has("-f", "--file") and words:
        sources = [words.pop(0)]
    for source in sources:
        yield Snippet("awk", source, tuple(words))
    for word in words:
        if "=" not in word.split("/", 1)[0]:
            yield Effect(EffectKind.READ, absolute(word, invocation.cwd), invocation.name, flags=Flag.CONTENT_OUT)


XARGS_VALUES = (
    "-I",
    "-J",
    "-n",
    "-L",
    "-P",
    "-s",
    "-a",
    "-d",
    "-E",
    "-R",
    "-S",
    "--max-args",
    "--max-procs",
    "--delimiter",
    "--arg-file",
    "--max-lines",
    "--max-chars",
    "--process-slot-var",
)


def xargs(invocation: Invocation) -> Iterator[Outcome]:
    """xargs: the command with the words that come in, as far as they are known."""
    args = list(invocation.args)
    start = _operand(args, XARGS_VALUES)
    options = parse_options(args[:start], values=XARGS_VALUES)
    words, globs = _rest(invocation, start)
    if not words:
        return
    replacement = (
        options.last("-I", "-J", "--replace")
        or _attached(args[:start], "-i")
        or ("{}" if options.has("-i", "--replace") else "")
    )
    if _feeds_code(words, replacement):
        detail = "the words that come in are run as code"
        yield Effect(EffectKind.RUN_UNKNOWN, words[0], invocation.name, detail=detail)
    stdin = None if options.has("-a", "--arg-file") else invocation.stdin
    items = _items(stdin, per_line=bool(replacement) or options.has("-d", "-L", "--delimiter", "-0", "--null"))
    if replacement:
        for item in items:
            yield Argv(tuple(word.replace(replacement, item) for word in words), globs=globs)
        return
    yield Argv((*words, *items), globs=globs)


def _attached(args: list[str], option: str) -> str:
    """The text glued to a short option (``-i{}``), "" where there is none."""
    return next((word[2:] for word in args if word.startswith(option) and not word.startswith("--")), "")


def _feeds_code(words: tuple[str, ...], replacement: str) -> bool:
    """True where what comes in becomes code: ``xargs sh -c``, ``xargs -I{} sh -c {}``."""
    options = [at for at, word in enumerate(words) if word.startswith("-") and word.endswith("c") and not word.startswith("--")]
    if not options or interpreter_language(words[0].rsplit("/", 1)[-1]) != "shell":
        return False
    code = words[options[0] + 1 :][:1]
    return not code or (bool(replacement) and code[0] == replacement)


def _items(stdin: str | None, *, per_line: bool) -> list[str]:
    """The words that come in: split at blanks with quotes as xargs knows them, or one per line."""
    if stdin is None:
        return [UNKNOWN]
    items = re.split(f"[\n{NUL}]", stdin) if per_line else _xargs_words(stdin)
    items = [item for item in dict.fromkeys(items) if item]
    if len(items) > MAX_BATCH:
        return [*items[:MAX_BATCH], UNKNOWN]
    return items


def _xargs_words(text: str) -> list[str]:
    pattern = r"""(?:\\.|'[^'\n]*'|"[^"\n]*"|[^\s'"\\])+"""
    return [
        re.sub(r"""\\(.)|'([^'\n]*)'|"([^"\n]*)\"""", r"\1\2\3", word, flags=re.DOTALL)
        for word in re.findall(pattern, text, re.DOTALL)
    ]


def parallel(invocation: Invocation) -> Iterator[Outcome]:
    """GNU parallel: a command template, and its arguments behind ``:::`` or on standard input."""
    values = (
        "-j",
        "-N",
        "-n",
        "-S",
        "-a",
        "--jobs",
        "--arg-file",
        "--colsep",
        "-C",
        "--joblog",
        "--delay",
        "--timeout",
        "-I",
        "-L",
        "--tempdir",
        "--results",
        "--sshlogin",
        "--wd",
        "--retries",
        "-d",
    )
    args = list(invocation.args)
    start = _operand(args, values)
    words = args[start:]
    marks = [at for at, word in enumerate(words) if word in (":::", ":::+", "::::")]
    template = words[: marks[0]] if marks else words
    items = (
        [word for word in words[marks[0] :] if not word.startswith(":::")] if marks else _items(invocation.stdin, per_line=True)
    )
    if marks and words[marks[0]] == "::::":
        items = [UNKNOWN]
    remote = Flag.REMOTE if parse_options(args[:start], values=values).has("-S", "--sshlogin") else Flag.NONE
    for item in items[:MAX_BATCH] or ([] if marks else [UNKNOWN]):
        if not template:
            yield ShellText(item, flags=remote)
            continue
        text = " ".join(template)
        word = "'" + item.replace("'", "'\\''") + "'"  # parallel quotes what it puts in
        filled = re.sub(r"\{[./%#0-9]*\}", lambda _: word, text)  # noqa: B023 - used at once
        yield ShellText(filled if filled != text else f"{text} {word}", flags=remote)
        # parallel joins its words with blanks and so loses quotes; --quote keeps them: both readings count
        yield Argv(tuple(part.replace("{}", item) for part in template) + (() if "{}" in text else (item,)), remote)


SSH_VALUES = tuple(f"-{letter}" for letter in "BbcDEeFIiJLlmOopQRSWw")


def ssh(invocation: Invocation) -> Iterator[Outcome]:
    """ssh HOST COMMAND: judged as if it ran here, marked as remote."""
    args = list(invocation.args)
    options = parse_options(args, values=SSH_VALUES, permute=False)
    for value in options.given.get("-o", []):
        name, _, code = value.partition("=")
        if name.strip().lower() in ("proxycommand", "localcommand", "knownhostscommand") and code.strip().lower() != "none":
            yield ShellText(code)
    words = options.words
    if not words:
        return
    yield Effect(EffectKind.FETCH, words[0], invocation.name)
    rest = list(words[1:])
    while rest and rest[0].startswith("-") and rest[0] != "--":  # ssh takes options behind the host, too
        rest = rest[2:] if rest[0] in SSH_VALUES else rest[1:]
    if rest and rest[0] == "--":
        rest = rest[1:]
    if rest:
        yield ShellText(" ".join(rest), flags=Flag.REMOTE)
    elif invocation.stdin is not None:
        yield ShellText(invocation.stdin, flags=Flag.REMOTE)


def busybox(invocation: Invocation) -> Iterator[Outcome]:
    """busybox and toybox: the applet is the program."""
    words, globs = _rest(invocation, 0)
    if words and not words[0].startswith("-"):
        yield Argv(words, globs=globs)


def terminal(invocation: Invocation) -> Iterator[Outcome]:
    """tmux and screen: a command for a new window, or keys typed into one."""
    args = list(invocation.args)
    if invocation.name == "screen":
        if "-X" in args:
            text = " ".join(args[args.index("-X") + 2 :])
            yield ShellText(text.replace("^M", "\n").replace("\\n", "\n"))
            return
        at = _operand(args, ("-S", "-t", "-c", "-e", "-h", "-p", "-s", "-T", "-r", "-x"))
        if args[at:]:
            yield Argv(tuple(args[at:]))
        return
    at = _operand(args, ("-L", "-S", "-f", "-c"))
    command, rest = (args[at], args[at + 1 :]) if at < len(args) else ("", [])
    if command in ("send-keys", "send"):
        options = parse_options(rest, values=("-t", "-N", "-c"))
        keys = [word for word in options.words if word not in ("Enter", "C-m", "C-c", "C-d", "KPEnter")]
        yield ShellText(" ".join(keys))
    elif command in (
        "new-session",
        "new",
        "new-window",
        "neww",
        "split-window",
        "splitw",
        "respawn-pane",
        "run-shell",
        "run",
        "if-shell",
        "popup",
        "display-popup",
        "pipe-pane",
    ):
        words = parse_options(rest, values=("-t", "-s", "-n", "-c", "-e", "-F", "-x", "-y", "-l", "-p"), permute=False).words
        if words:
            yield ShellText(" ".join(words))


def scheduler(invocation: Invocation) -> Iterator[Outcome]:
    """at and batch: what standard input holds runs later."""
    if any(word in ("-l", "-r", "-d", "-q", "-c") for word in invocation.args[:1]):
        return
    yield Effect(EffectKind.PERSIST, "at", f"{invocation.name}", rule="persist.schedule")
    if invocation.stdin is not None:
        yield ShellText(invocation.stdin)


def package_runner(invocation: Invocation) -> Iterator[Outcome]:
    """npx, bunx, pnpx, uvx, pipx run: a package's program, with its arguments."""
    values = ("-p", "--package", "-c", "--call", "--from", "--with", "--python", "--spec", "--registry", "--index-url")
    args = list(invocation.args)
    if invocation.name == "pipx":
        if args[:1] != ["run"]:
            return
        args = args[1:]
    code = parse_options(args, values=values, permute=False).last("-c", "--call")
    if code:
        yield ShellText(code)
        return
    start = _operand(args, values)
    rest = args[start:]
    if not rest:
        return
    name = rest[0].rsplit("/", 1)[-1] if not rest[0].startswith(".") else rest[0]
    program = re.split(r"@(?=[\w^~*.-]+$)|==", name)[0]
    yield Effect(
        EffectKind.INSTALL, rest[0], invocation.name, detail="npm" if invocation.name not in ("uvx", "pipx") else "pypi"
    )
    yield Argv((program or name, *rest[1:]))


def scripted_terminal(invocation: Invocation) -> Iterator[Outcome]:
    """script -c CODE FILE."""
    options = parse_options(invocation.args, values=("-c", "--command", "-t", "-T", "-E", "-I", "-O", "-B", "-m", "-o"))
    if code := options.last("-c", "--command"):
        yield ShellText(code)
    elif len(options.words) > 1:
        yield Argv(options.words[1:])


def expect(invocation: Invocation) -> Iterator[Outcome]:
    """expect -c: Tcl that drives a terminal. Its ``spawn`` and ``send`` cannot be judged."""
    if any(word.startswith("-c") for word in invocation.args) or invocation.stdin is not None:
        yield Effect(EffectKind.RUN_UNKNOWN, "expect", "expect", detail="it types into other programs")
    elif invocation.args:
        yield ScriptFile(invocation.args[-1], "")


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(WRAPPERS, wrapper),
    **dict.fromkeys(("sudo", "doas", "pkexec", "sudoedit"), sudo),
    **dict.fromkeys(("su", "runuser"), su),
    "env": env,
    **dict.fromkeys(("sh", "bash", "zsh", "dash", "ksh", "ash", "mksh", "fish", "rbash"), shell),
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3", "ipython"), interpreter),
    **dict.fromkeys(("node", "nodejs", "deno", "bun", "ts-node", "tsx", "ruby", "jruby", "perl", "perl5", "php"), interpreter),
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), interpreter),
    "xargs": xargs,
    "gxargs": xargs,
    "parallel": parallel,
    **dict.fromkeys(("ssh", "autossh"), ssh),
    **dict.fromkeys(("busybox", "toybox"), busybox),
    **dict.fromkeys(("tmux", "screen"), terminal),
    **dict.fromkeys(("at", "batch"), scheduler),
    **dict.fromkeys(("npx", "bunx", "pnpx", "uvx", "pipx"), package_runner),
    "script": scripted_terminal,
    "expect": expect,
}
