"""Programs that run another program: those that a table describes, env, ssh and busybox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checkrein.core.effect import Effect, EffectKind, Flag
from checkrein.detect.shell.exchange.transfer import ssh_options
from checkrein.detect.shell.model import Argv, Handler, Invocation, Outcome, ShellText, absolute
from checkrein.detect.shell.options import first_operand, listed, parse_options
from checkrein.detect.shell.values import environment_read

ENV_WORD = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:%%)?)=(.*)", re.DOTALL)


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
    texts: bool = False  # each operand is shell code
    text: bool = False  # one operand alone is shell code


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
    "watch": Wrapper(("-n", "--interval", "-q", "--equexit"), text=True),
    "entr": Wrapper(text=True),
    "hyperfine": Wrapper(
        listed(
            "-w -m -M -r -p -c -s -S -n -L -P -D --warmup --min-runs --max-runs --runs --prepare --setup --cleanup --conclude "
            "--shell --command-name --parameter-list --export-json --export-markdown --export-csv"
        ),
        codes=("-p", "--prepare", "-s", "--setup", "-c", "--cleanup", "--conclude"),
        texts=True,
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
    "prlimit": Wrapper(("-o", "--output")),
    **dict.fromkeys(("linux32", "linux64", "i386", "x86_64", "uname26"), Wrapper()),
    "time": Wrapper(("-f", "-o", "--format", "--output")),
    "faketime": Wrapper(("-p", "-m"), skip=1),
    **dict.fromkeys(("tsp", "ts"), Wrapper(("-L", "-N", "-D", "-W", "-O"))),
    **dict.fromkeys(("chpst", "softlimit", "s6-softlimit"), Wrapper(listed(
        "-u -U -b -e -/ -n -m -d -o -p -f -c -r -t -l -a -s"
    ))),
    **dict.fromkeys(("setuidgid", "envuidgid", "s6-setuidgid", "s6-envuidgid", "envdir", "s6-envdir"), Wrapper(skip=1)),
    **dict.fromkeys(("tini", "catatonit", "dumb-init"), Wrapper(("-p", "-e", "-r", "--rewrite"))),
    **dict.fromkeys(("eatmydata", "chronic", "ifne", "with-contenv", "heaptrack", "dbus-launch", "pkgx"), Wrapper()),
    "rr": Wrapper(("-n", "-o", "-v"), subcommands=("record",)),
    "uftrace": Wrapper(("-d", "-F", "-N", "-A", "-R", "-D", "-t"), subcommands=("record", "live")),
    **dict.fromkeys(("dtach", "abduco"), Wrapper(("-n", "-c", "-A", "-N", "-e", "-E", "-r"))),
    "daemonize": Wrapper(("-a", "-c", "-e", "-E", "-o", "-p", "-u", "-l")),
    "daemon": Wrapper(("-n", "-X", "-P", "-u", "-D", "-o", "-O", "-E", "--name", "--chdir", "--user", "--output", "--pidfile")),
    "cgexec": Wrapper(("-g",)),
    "ssh-agent": Wrapper(("-a", "-t", "-E", "-O", "-P")),
    "zellij": Wrapper(("-d", "-n", "--cwd", "--name", "--direction"), subcommands=("run", "r")),
    "concurrently": Wrapper(listed("-n --names -c --prefix-colors -p --prefix -s --success -k -m --max-processes"), texts=True),
    "pee": Wrapper(texts=True),
}  # fmt: skip


NAMED_SCRIPT = re.compile(r"^(npm|yarn|pnpm|bun):")
"""``concurrently npm:build`` is short for ``npm run build``."""


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
    if spec.skip:
        start += spec.skip
        start += first_operand(args[start:], spec.values, spec.pairs)
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
    if spec.texts or (spec.text and len(rest) == 1):
        yield from (ShellText(NAMED_SCRIPT.sub(r"\1 run ", code)) for code in rest)
        return
    offset = len(invocation.argv) - len(rest)
    yield Argv(rest, spec.flags, env=environment, globs=_shifted(invocation.globs, offset))


def _shifted(globs: frozenset[int], offset: int) -> frozenset[int]:
    return frozenset(at - offset for at in globs if at >= offset)


def rest_of(invocation: Invocation, start: int) -> tuple[tuple[str, ...], frozenset[int]]:
    """The words of a command that begins at ``args[start]``, and which of them are patterns."""
    return invocation.args[start:], _shifted(invocation.globs, start + 1)


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
        yield environment_read("env")


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
    "env": env,
    **dict.fromkeys(("ssh", "autossh"), ssh),
    **dict.fromkeys(("busybox", "toybox"), busybox),
}
