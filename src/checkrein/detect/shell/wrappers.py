"""Programs that run another program: with other rights, elsewhere, or many times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.languages import interpreter_language
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options
from checkrein.detect.shell.transfer import ssh_options
from checkrein.detect.shell.values import NUL

ENV_WORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
MAX_BATCH = 200


@dataclass(frozen=True, slots=True)
class Wrapper:
    """How a wrapper's own words end: its options with values, and the operands before the command."""

    values: tuple[str, ...] = ()
    skip: int = 0
    flags: Flag = Flag.NONE
    subcommands: tuple[str, ...] = ()  # where given, only these run a command (poetry run)
    pairs: tuple[str, ...] = ()  # options that take two words
    scripts: bool = False  # a python file in the command's place is run by python
    codes: tuple[str, ...] = ()  # options whose values are shell code


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
    "bwrap": Wrapper(
        listed(
            "--chdir --unsetenv --uid --gid --hostname --proc --dev --tmpfs --dir --mqueue --seccomp --args --perms --size "
            "--lock-file --sync-fd --info-fd --json-status-fd --block-fd --userns --userns2 --pidns --cap-add --cap-drop "
            "--argv0 --exec-label --file-label --remount-ro"
        ),
        pairs=listed(
            "--bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --setenv --symlink --file --bind-data "
            "--ro-bind-data --chmod --overlay-src"
        ),
    ),
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
    "systemd-run": Wrapper(listed(
        "-p -u -E -M -H --unit --property --description --slice --setenv --on-active --on-calendar --uid --gid "
        "--working-directory"
    )),
    "systemd-inhibit": Wrapper(("--what", "--who", "--why", "--mode")),
    "gosu": Wrapper(skip=1, flags=Flag.ROOT),
    "su-exec": Wrapper(skip=1, flags=Flag.ROOT),
    "runcon": Wrapper(("-u", "-r", "-t", "-l"), skip=1),
    "sshpass": Wrapper(("-p", "-f", "-d", "-P")),
    "flock": Wrapper(("-w", "-E", "-c", "--timeout", "--conflict-exit-code", "--command"), skip=1),
    "watch": Wrapper(("-n", "--interval", "-q", "--equexit")),
    "entr": Wrapper(),
    "hyperfine": Wrapper(
        listed(
            "-w -m -M -r -p -c -s -S -n -L -P -D --warmup --min-runs --max-runs --runs --prepare --setup --cleanup --conclude "
            "--shell --command-name --parameter-list --export-json --export-markdown --export-csv"
        ),
        codes=("-p", "--prepare", "-s", "--setup", "-c", "--cleanup", "--conclude"),
    ),
    "cross-env": Wrapper(),
    "dotenv": Wrapper(("-f", "-e", "-c")),
    "direnv": Wrapper(skip=1, subcommands=("exec",)),
    "poetry": Wrapper(("-C", "--directory", "-P", "--project"), subcommands=("run",), scripts=True),
    "pipenv": Wrapper(subcommands=("run",)),
    "pdm": Wrapper(("-p",), subcommands=("run",), scripts=True),
    "hatch": Wrapper(("-e", "-p"), subcommands=("run",), scripts=True),
    "rye": Wrapper(subcommands=("run",), scripts=True),
    "uv": Wrapper(listed(
        "--with --with-requirements --python -p --project --directory --env-file --extra --group --index --index-url "
        "--default-index --from"
    ), subcommands=("run",), scripts=True),
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
        at = first_operand(args, spec.values)
        if at >= len(args) or args[at] not in spec.subcommands:
            return
        args = args[at + 1 :]
    if invocation.name == "flock" and (code := parse_options(args, values=spec.values).last("-c", "--command")):
        yield ShellText(code)
        return
    start = first_operand(args, spec.values, spec.pairs)
    given = parse_options(args[:start], values=spec.values).given if spec.codes else {}
    yield from (ShellText(code) for name in spec.codes for code in given.get(name, ()))
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
    if spec.scripts and {"-m", "--module"} & set(args[:start]):
        yield Argv(("python", "-m", *rest), spec.flags, env=environment)
        return
    if spec.scripts and (rest[0].endswith(".py") or rest[0] == "-"):
        yield Argv(("python", *rest), spec.flags, env=environment)
        return
    if invocation.name in ("watch", "entr", "hyperfine") and (len(rest) == 1 or invocation.name == "hyperfine"):
        for code in rest if invocation.name == "hyperfine" else rest[:1]:
            yield ShellText(code)
        return
    offset = len(invocation.argv) - len(rest)
    yield Argv(rest, spec.flags, env=environment, globs=_shifted(invocation.globs, offset))


def _shifted(globs: frozenset[int], offset: int) -> frozenset[int]:
    return frozenset(at - offset for at in globs if at >= offset)


def rest_of(invocation: Invocation, start: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """The words of a command that begins at ``args[start]``, and which of them are patterns."""
    return invocation.args[start:], _shifted(invocation.globs, start + 1)


SUDO_VALUES = listed("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role --type")


def sudo(invocation: Invocation) -> Iterator[Outcome]:
    """sudo, doas, pkexec."""
    args = invocation.args
    start = first_operand(list(args), SUDO_VALUES)
    options = parse_options(args[:start], values=SUDO_VALUES)
    user = options.last("-u", "--user") or "root"
    environment: dict[str, str] = {}
    while start < len(args) and (match := ENV_WORD.fullmatch(args[start])):
        environment[match[1]] = match[2]
        start += 1
    words, globs = rest_of(invocation, start)
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


SPLIT_STRING = re.compile(r"-[iv0]*S|--split-string(?:=|$)")
CHANGE_FOLDER = re.compile(r"-[iv0]*C|--chdir(?:=|$)")


def env(invocation: Invocation) -> Iterator[Outcome]:
    """``env [-i] [NAME=VALUE ...] COMMAND``; alone it prints the environment, secrets included."""
    values = ("-u", "--unset", "-C", "--chdir", "-S", "--split-string", "-P", "--argv0", "-a")
    args = list(invocation.args)
    environment: dict[str, str] = {}
    cwd = ""
    at = 0
    while at < len(args):
        word = args[at]
        if split := SPLIT_STRING.match(word):
            yield ShellText(" ".join([word[split.end() :], *args[at + 1 :]]).lstrip(), cwd=cwd)
            return
        if folder := CHANGE_FOLDER.match(word):
            attached = word[folder.end() :]
            cwd = absolute(attached or next(iter(args[at + 1 : at + 2]), "."), invocation.cwd)
        if match := ENV_WORD.fullmatch(word):
            environment[match[1]] = match[2]
            at += 1
        elif word == "--":
            at += 1
            break
        elif word.startswith("-") and word != "-":
            at = (
                at + 2
                if word in values or (word[1] != "-" and word[-1] in "uCPa" and set(word[1:-1]) <= set("iv0"))
                else at + 1
            )
        elif word == "-":
            at += 1
        else:
            break
    words, globs = rest_of(invocation, at)
    if words:
        yield Argv(words, cwd=cwd, env=environment, globs=globs)
    elif not environment:
        yield Effect(EffectKind.READ, "environment", "env", rule="read.environment", flags=Flag.CONTENT_OUT)


XARGS_VALUES = listed(
    "-I -J -n -L -P -s -a -d -E -R -S --max-args --max-procs --delimiter --arg-file --max-lines --max-chars --process-slot-var"
)


def xargs(invocation: Invocation) -> Iterator[Outcome]:
    """xargs: the command with the words that come in, as far as they are known."""
    args = list(invocation.args)
    start = first_operand(args, XARGS_VALUES)
    options = parse_options(args[:start], values=XARGS_VALUES)
    words, globs = rest_of(invocation, start)
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
    values = listed(
        "-j -N -n -S -a --jobs --arg-file --colsep -C --joblog --delay --timeout -I -L --tempdir --results --sshlogin "
        "--wd --retries -d"
    )
    args = list(invocation.args)
    start = first_operand(args, values)
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
    yield from ssh_options(options)
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
    words, globs = rest_of(invocation, 0)
    if words and not words[0].startswith("-"):
        yield Argv(words, globs=globs)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(WRAPPERS, wrapper),
    **dict.fromkeys(("sudo", "doas", "pkexec", "sudoedit"), sudo),
    **dict.fromkeys(("su", "runuser"), su),
    "env": env,
    **dict.fromkeys(("xargs", "gxargs"), xargs),
    "parallel": parallel,
    **dict.fromkeys(("ssh", "autossh"), ssh),
    **dict.fromkeys(("busybox", "toybox"), busybox),
}
