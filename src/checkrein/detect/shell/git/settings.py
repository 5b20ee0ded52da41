"""Programs that git starts because a setting names them: on the command line, in the environment, or written to stay.

Which keys name programs is taken from git-config(1), gitattributes(5), git-remote-ext(1) and git(1), ENVIRONMENT VARIABLES.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from enum import StrEnum, auto
from fnmatch import fnmatchcase
from posixpath import basename

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.git.command import Git, fold_key
from checkrein.detect.shell.git.options import words
from checkrein.detect.shell.model import Outcome, ShellText, absolute


class Kind(StrEnum):
    """How git uses the value of a configuration key."""

    COMMAND = auto()  # a command line, always able to run
    NETWORK = auto()  # a command line that only commands which talk to another repository run
    EDITOR = auto()  # a command line that people and scripts set as a matter of course: judged by what it does
    MONITOR = auto()  # a boolean or a command line
    CREDENTIAL = auto()  # a helper's name, a path, or "!" and a command line
    ALIAS = auto()  # git words, or "!" and a command line
    FOLDER = auto()  # a folder of programs that git runs
    INCLUDE = auto()  # a file of further configuration
    PROTOCOL = auto()  # switches the ext:: transport on
    ADDRESS = auto()  # where pushes go and fetches come from


_KEYS: tuple[tuple[str, Kind], ...] = (
    *((key, Kind.EDITOR) for key in ("core.editor", "sequence.editor", "core.pager", "pager.*")),
    *(
        (key, Kind.NETWORK)
        for key in (
            "core.sshcommand",
            "core.askpass",
            "core.gitproxy",
            "core.alternaterefscommand",
            "remote.*.uploadpack",
            "remote.*.receivepack",
        )
    ),
    ("credential.helper", Kind.CREDENTIAL),
    ("credential.*.helper", Kind.CREDENTIAL),
    ("core.fsmonitor", Kind.MONITOR),
    ("core.hookspath", Kind.FOLDER),
    ("init.templatedir", Kind.FOLDER),
    ("include.path", Kind.INCLUDE),
    ("includeif.*.path", Kind.INCLUDE),
    ("protocol.ext.allow", Kind.PROTOCOL),
    ("protocol.allow", Kind.PROTOCOL),
    ("alias.*", Kind.ALIAS),
    *((key, Kind.ADDRESS) for key in ("remote.*.url", "remote.*.pushurl", "url.*.insteadof", "url.*.pushinsteadof")),
    *(
        (key, Kind.COMMAND)
        for key in (
            "diff.external",
            "diff.*.command",
            "diff.*.textconv",
            "filter.*.clean",
            "filter.*.smudge",
            "filter.*.process",
            "merge.*.driver",
            "difftool.*.cmd",
            "mergetool.*.cmd",
            "difftool.*.path",
            "mergetool.*.path",
            "browser.*.cmd",
            "man.*.cmd",
            "guitool.*.cmd",
            "hook.*.command",
            "gpg.program",
            "gpg.*.program",
            "gpg.ssh.defaultkeycommand",
            "uploadpack.packobjectshook",
            "interactive.difffilter",
            "trailer.*.cmd",
            "trailer.*.command",
            "tar.*.command",
            "imap.tunnel",
            "submodule.*.update",
            "sendemail.sendmailcmd",
            "sendemail.tocmd",
            "sendemail.cccmd",
            "instaweb.httpd",
        )
    ),
)
# Programs that these keys name on ordinary machines; what they are given is still judged as a command line.
_ORDINARY = words(
    "bat batcat cat col delta diff-so-fancy exiftool false file gh git git-lfs gpg gpg2 gpgsm head hexdump jupyter less "
    "more most nbdime nbstripout notepad odt2txt op-ssh-sign pandoc pdftotext plink ssh ssh-askpass ssh-keygen strings tail "
    "tortoiseplink true unzip vimdiff meld opendiff kdiff3 code difft git-crypt sops colordiff watchman rs-git-fsmonitor "
    "git-upload-pack git-receive-pack checkout rebase merge none"
)
_HELPERS = words("cache store osxkeychain manager manager-core wincred libsecret gnome-keyring oauth")
_BOOLEANS = frozenset({"", "true", "false", "yes", "no", "on", "off", "0", "1"})
_NETWORK = words("clone fetch fetch-pack ls-remote lfs p4 pull push send-pack submodule svn")
RULE = "git.config-exec"


def _kind(key: str) -> Kind | None:
    return next((kind for pattern, kind in _KEYS if fnmatchcase(key, pattern)), None)


def configured(git: Git) -> Iterator[Outcome]:
    """Code that ``-c`` settings, the environment or ``--exec-path`` make this command run."""
    for key, value in git.config:
        yield from setting_outcomes(git, key, value, EffectKind.DESTRUCTIVE)
    if git.git_dir:  # a repository named outright: its settings count where nobody vouches for them
        text = git.world.script(absolute(f"{git.git_dir}/config", git.cwd)) or ""
        for key, value in stored_settings(text):
            yield from setting_outcomes(git, key, value, EffectKind.DESTRUCTIVE)
    if git.exec_path and not git.exec_path.startswith(("/usr/", "/opt/", "/Library/")):
        yield Effect(EffectKind.DESTRUCTIVE, absolute(git.exec_path, git.cwd), f"git --exec-path {git.exec_path}", RULE)


def stored_settings(text: str) -> Iterator[tuple[str, str]]:
    """The (key, value) pairs of a configuration file (git-config(1), CONFIGURATION FILE), one for each line that has both."""
    section = ""
    for line in (line.strip() for line in text.replace("\\\n", "").split("\n")):
        if line.startswith("["):
            head, _, line = line[1:].partition("]")  # noqa: PLW2901 - a setting may follow in the same line
            name, quote, rest = head.partition('"')
            section = name.strip() + (f".{rest.rstrip().removesuffix(quote)}" if quote else "")
        key, equals, value = line.strip().partition("=")
        if equals and section and not key.startswith(("#", ";")):
            yield fold_key(f"{section}.{key.strip()}"), value.strip().strip('"').replace('\\"', '"')


def setting_outcomes(git: Git, key: str, value: str, effect: EffectKind) -> Iterator[Outcome]:
    """What one setting leads to; ``effect`` is PERSIST where the setting stays."""
    kind = _kind(key)
    persists = effect is EffectKind.PERSIST
    if kind is None or (kind is Kind.NETWORK and not persists and not _talks(git)):
        return
    program = f"git config {key}" if persists else f"git -c {key}"
    match kind:
        case Kind.FOLDER if value in ("", "/dev/null"):
            if persists and key == "core.hookspath":
                yield Effect(effect, key, program, "git.skip-hooks")
        case Kind.FOLDER:
            yield Effect(effect, absolute(value, git.cwd), program, "git.hooks-path")
        case Kind.INCLUDE if value not in ("", "/dev/null"):
            yield Effect(effect, absolute(value, git.cwd), program, "git.hooks-path")
        case Kind.PROTOCOL if value in ("always", "user"):
            yield Effect(effect, key, program, RULE)
        case Kind.ADDRESS if persists or git.name == "push" or (key.startswith("url.") and _talks(git)):
            yield Effect(EffectKind.DESTRUCTIVE, key, program, "git.remote-change", detail=value)
        case Kind.ALIAS:
            if persists and value.startswith("!"):
                yield ShellText(value[1:], cwd=git.root)
                yield Effect(effect, key, program, "git.config-alias")
        case Kind.MONITOR | Kind.CREDENTIAL if value.lower() in _BOOLEANS or value.partition(" ")[0] in _HELPERS:
            return
        case Kind.COMMAND | Kind.NETWORK | Kind.EDITOR | Kind.MONITOR | Kind.CREDENTIAL:
            yield from helper_outcomes(git, value.removeprefix("!"), key, program, effect, kind)


def helper_outcomes(git: Git, text: str, key: str, program: str, effect: EffectKind, kind: Kind) -> Iterator[Outcome]:
    """A command line that git hands to a shell: judged by what it does, and named where it is no ordinary helper."""
    if not text:
        return
    yield ShellText(text, cwd=git.cwd)
    words = _words(text)
    ordinary = bool(words) and basename(words[0]).removesuffix(".exe") in _ORDINARY
    if not ordinary and not (kind is Kind.EDITOR and effect is EffectKind.DESTRUCTIVE) and not _plain_editor(kind, words):
        yield Effect(effect, key, program, RULE, detail=text)


def _plain_editor(kind: Kind, words: Sequence[str]) -> bool:
    """True for an editor or pager named by its bare name: a person's own choice of program, looked up on PATH."""
    return (
        kind is Kind.EDITOR
        and bool(words)
        and "/" not in words[0]
        and words[0] not in ("sh", "bash", "zsh", "dash", "python3", "python", "perl", "node")
    )


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _talks(git: Git) -> bool:
    """True where the subcommand talks to another repository."""
    if git.name == "remote":
        return any(word in ("update", "show", "prune") for word in git.args)
    if git.name == "archive":
        return any(word.startswith("--remote") for word in git.args)
    return git.name in _NETWORK
