"""Code and transports that git's own arguments name: ``rebase --exec``, ``bisect run``, ``--upload-pack``, ``ext::`` URLs ...

Sources: git-config(1), git-remote-ext(1) and the manual page of each command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import basename

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.git.command import Git, destructive, fold_key
from checkrein.detect.shell.git.options import parse, spec
from checkrein.detect.shell.git.settings import RULE, Kind, helper_outcomes, setting_outcomes
from checkrein.detect.shell.model import Argv, Outcome, ScriptFile, ShellText, absolute

_REBASE = spec(
    "-x,--exec= --onto= -i,--interactive -s,--strategy= -X,--strategy-option= --abort --continue --skip --quit --edit-todo "
    "--show-current-patch --root -f,--force-rebase --autosquash --autostash --empty= --exclude= -S,--gpg-sign=? -C= "
    "--whitespace="
)
_DIFFTOOL = spec("-x,--extcmd= -t,--tool= -g,--gui -d,--dir-diff -y,--no-prompt --prompt --tool-help --trust-exit-code")
_GREP = spec("-O,--open-files-in-pager=? -e= -f= -C= -A= -B= -m= --max-depth= --threads=")
_CONFIG = spec(
    "--global --system --local --worktree -f,--file= --blob= --get --get-all --get-regexp --get-urlmatch --get-color "
    "--get-colorbool --replace-all --add --unset --unset-all --rename-section --remove-section -l,--list -e,--edit "
    "-t,--type= --bool --int --path --bool-or-int --default= --fixed-value --includes --name-only --show-origin "
    "--show-scope -z,--null --append --all --value= --comment= --url="
)
_REMOTE_PROGRAMS = spec("--upload-pack= --receive-pack= --exec=")
_CLONE = spec(
    "-u,--upload-pack= -c,--config= --template=? -o,--origin= -b,--branch= --depth= --reference= --reference-if-able= "
    "--separate-git-dir= -j,--jobs= --filter= --shallow-since= --shallow-exclude= --recurse-submodules=? --server-option= "
    "--bundle-uri= --revision= -q,--quiet -v,--verbose --bare --mirror -l,--local -s,--shared --no-hardlinks "
    "-n,--no-checkout --single-branch --no-tags --sparse --progress"
)
_FILTERS = spec(
    "--env-filter= --tree-filter= --index-filter= --parent-filter= --msg-filter= --commit-filter= --tag-name-filter= "
    "--setup= --subdirectory-filter= -d= --original= -f,--force --prune-empty --state-branch="
)
_MAIL = spec(
    "--smtp-server= --sendmail-cmd= --to-cmd= --cc-cmd= --header-cmd= --to= --cc= --bcc= --from= --dry-run --smtp-user= "
    "--smtp-pass="
)


def _rebase(git: Git) -> Iterator[Outcome]:
    for text in parse(git.args, _REBASE).given.get("--exec", ()):
        yield ShellText(text, cwd=git.root)


def _bisect(git: Git) -> Iterator[Outcome]:
    if git.args[:1] == ("run",) and len(git.args) > 1:
        yield Argv(git.args[1:], cwd=git.root)


def _foreach(git: Git) -> Iterator[Outcome]:
    words = [word for word in git.args if word not in ("-q", "--quiet", "--recursive")]
    if words[:1] != ["foreach"] or len(words) < 2:
        return
    if len(words) == 2:
        yield ShellText(words[1], cwd=git.root)
    else:
        yield Argv(tuple(words[1:]), cwd=git.root)


def _difftool(git: Git) -> Iterator[Outcome]:
    for text in parse(git.args, _DIFFTOOL).given.get("--extcmd", ()):
        yield ShellText(f'{text} "$@"', cwd=git.cwd)


def may_open_pager(args: Sequence[str]) -> bool:
    """Whether git grep with ``args`` starts a program with the files that it finds, or might: a word of them is not known."""
    options = parse(args, _GREP)
    paths = 0 if options.separator is None else len(options.operands) - options.separator
    unknown = any(word.startswith(UNKNOWN) for word in args[: len(args) - paths])
    return unknown or options.has("--open-files-in-pager")


def _grep(git: Git) -> Iterator[Outcome]:
    for text in parse(git.args, _GREP).given.get("--open-files-in-pager", ()):
        if text:
            yield ShellText(text, cwd=git.cwd)


def _config(git: Git) -> Iterator[Outcome]:
    words = git.args
    modern = words[:1] == ("set",)
    if words[:1] and words[0] in (
        "get",
        "list",
        "unset",
        "edit",
        "rename-section",
        "remove-section",
        "get-color",
        "get-colorbool",
    ):
        return
    options = parse(words[1:] if modern else words, _CONFIG)
    if options.has(
        "--get",
        "--get-all",
        "--get-regexp",
        "--get-urlmatch",
        "--list",
        "--unset",
        "--unset-all",
        "--rename-section",
        "--remove-section",
        "--edit",
    ):
        return
    if len(options.operands) < 2:
        return
    file = options.last("--file")
    if file is not None:
        yield Effect(EffectKind.WRITE, absolute(file, git.cwd), "git config --file", flags=Flag.IN_PLACE)
    yield from setting_outcomes(git, fold_key(options.operands[0]), options.operands[1], EffectKind.PERSIST)


def _transport(git: Git) -> Iterator[Outcome]:
    """Repositories and programs named on the command line of fetch, pull, push, ls-remote, archive ..."""
    options = parse(git.args, _REMOTE_PROGRAMS)
    for name in ("--upload-pack", "--receive-pack", "--exec"):
        for text in options.given.get(name, ()):
            yield from helper_outcomes(git, text, name, f"git {git.name} {name}", EffectKind.DESTRUCTIVE, Kind.COMMAND)
    for word in options.operands:
        yield from _repository(git, word)


def _repository(git: Git, word: str) -> Iterator[Outcome]:
    """A transport that runs a program: ``ext::COMMAND`` (git-remote-ext(1)), or ssh with an option for a host."""
    if word.startswith("ext::"):
        yield ShellText(word[5:].replace("% ", " ").replace("%%", "%"), cwd=git.cwd)
        yield Effect(EffectKind.DESTRUCTIVE, word, f"git {git.name} ext::", RULE)
    elif word.startswith("ssh://-") or "-oProxyCommand" in word:
        yield Effect(EffectKind.DESTRUCTIVE, word, f"git {git.name} ssh://-o", RULE)


def _clone(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _CLONE)
    if options.help or not options.operands:
        return
    for text in options.given.get("--config", ()):
        key, _, value = text.partition("=")
        yield from setting_outcomes(git, fold_key(key), value, EffectKind.DESTRUCTIVE)
    for text in options.given.get("--upload-pack", ()):
        yield from helper_outcomes(git, text, "--upload-pack", "git clone --upload-pack", EffectKind.DESTRUCTIVE, Kind.COMMAND)
    template = options.last("--template")
    if template:
        yield Effect(EffectKind.DESTRUCTIVE, absolute(template, git.cwd), "git clone --template", "git.hooks-path")
    source = options.operands[0]
    yield from _repository(git, source)
    yield Effect(EffectKind.FETCH, source, "git clone")
    folder = (
        options.operands[1]
        if len(options.operands) > 1
        else basename(source.rstrip("/").removesuffix("/.git").replace(":", "/")).removesuffix(".git")
    )
    detail = f"network:{source}" if ":" in source.partition("/")[0] and not source.startswith("file:") else ""
    yield Effect(EffectKind.WRITE, absolute(folder, git.cwd), "git clone", flags=Flag.CREATE | Flag.RECURSIVE, detail=detail)


def _init(git: Git) -> Iterator[Outcome]:
    options = parse(
        git.args,
        spec(
            "--template=? -b,--initial-branch= --separate-git-dir= --shared=? --object-format= --ref-format= -q,--quiet --bare"
        ),
    )
    template = options.last("--template")
    if template:
        yield Effect(EffectKind.DESTRUCTIVE, absolute(template, git.cwd), "git init --template", "git.hooks-path")
    for word in options.operands[:1]:
        yield Effect(EffectKind.WRITE, absolute(word, git.cwd), "git init", flags=Flag.CREATE)


def _filters(git: Git) -> Iterator[Outcome]:
    for name, values in parse(git.args, _FILTERS).given.items():
        if name.endswith("-filter") and name != "--subdirectory-filter":
            for text in values:
                yield ShellText(text, cwd=git.root)


def _mail(git: Git) -> Iterator[Outcome]:
    options = parse(git.args, _MAIL)
    for name in ("--smtp-server", "--sendmail-cmd", "--to-cmd", "--cc-cmd", "--header-cmd"):
        for text in options.given.get(name, ()):
            if name != "--smtp-server" or text.startswith("/"):
                yield ShellText(text, cwd=git.cwd)
    if not options.has("--dry-run") and not options.help:
        yield Effect(EffectKind.SEND, options.last("--to") or "mail", f"git {git.name}", "git.send-mail", Flag.REMOTE)


def _serve(git: Git) -> Iterator[Outcome]:
    if not {"-h", "--help"} & set(git.args):
        yield destructive(git, "git.serve", f"git {git.name}")


def _hook(git: Git) -> Iterator[Outcome]:
    names = [word for word in git.args[1:] if not word.startswith("-")]
    if git.args[:1] == ("run",) and names:
        yield ScriptFile(absolute(f".git/hooks/{names[0]}", git.root))


COMMANDS: Mapping[str, Callable[[Git], Iterator[Outcome]]] = {
    "rebase": _rebase,
    "bisect": _bisect,
    "submodule": _foreach,
    "difftool": _difftool,
    "mergetool": _difftool,
    "grep": _grep,
    "config": _config,
    "fetch": _transport,
    "fetch-pack": _transport,
    "pull": _transport,
    "push": _transport,
    "send-pack": _transport,
    "ls-remote": _transport,
    "remote": _transport,
    "archive": _transport,
    "clone": _clone,
    "init": _init,
    "filter-branch": _filters,
    "send-email": _mail,
    "imap-send": _mail,
    "daemon": _serve,
    "instaweb": _serve,
    "http-backend": _serve,
    "hook": _hook,
}
