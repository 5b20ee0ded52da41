"""Checkrein protects itself: its processes, its files, its commands, and the settings that switch hooks on (T8)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.loopback import NAMING, is_this_machine
from checkrein.core import Effect, EffectKind, EventKind, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.client_settings import disarming, misleading, rerouting
from checkrein.detect.shapes import misshapen
from checkrein.detect.shell.options import parse_options
from checkrein.detect.shell.running.wrappers import SSH_VALUES
from checkrein.locations import NAME

PERSON_ONLY = frozenset(("allow", "deanonymize", "down", "secret", "sweep", "up", "vault"))
"""Commands of ours that only a person may give."""
HOOK_CLIENT = "checkrein-hook"
PROGRAMS = frozenset((NAME, HOOK_CLIENT))
OPEN_MODULES = frozenset((NAME, f"{NAME}.docs"))
"""Modules of ours that ``python -m`` may run: the command, which is judged by its words, and what writes documentation."""
CHANGING = frozenset((EffectKind.WRITE, EffectKind.DELETE, EffectKind.LINK, EffectKind.CHMOD))
SOCKET = "service.sock"
PACKAGE_MANAGERS = frozenset(("pip", "pip3", "uv", "pipx", "poetry", "pdm", "conda", "mamba", "easy_install", "hatch"))
PACKAGE_CHANGES = frozenset(("install", "uninstall", "remove", "reinstall", "upgrade", "inject", "add", "update", "sync"))
EMULATORS = frozenset(
    {
        *("alacritty", "cool-retro-term", "deepin-terminal", "foot", "ghostty", "gnome-terminal", "guake", "kgx", "kitty"),
        *("konsole", "lxterminal", "mate-terminal", "ptyxis", "qterminal", "rxvt", "terminator", "tilda", "tilix", "urxvt"),
        *("uxterm", "wezterm-gui", "x-terminal-emulator", "xfce4-terminal", "xterm", "yakuake"),
    }
)
LOOKS = {
    **dict.fromkeys(("--title", "--initial-title", "-T", "-title", "--geometry", "-geometry", "--tabs", "--name", "-n"), True),
    **dict.fromkeys(("--working-directory", "--font", "-fn", "-fa", "-fs", "-fg", "-bg"), True),
    **dict.fromkeys(("--tab", "--new-tab", "--window", "--new-window", "--fullscreen", "--maximize", "--server"), False),
    **dict.fromkeys(("--background-mode", "--hold", "--default", "--docs"), False),
}
"""Options that say how a terminal looks and where it opens, and whether a value follows."""
NO_TERMINAL = frozenset(("--version", "-v", "--help", "-h", "+kitten"))
"""First words with which a terminal emulator opens no terminal."""
LOCKED = re.compile(r"[0-7]?[0-6][0-7]{2}|[ua]*-.*")
"""Modes without which the owner of a folder could not list it, enter it, or write there."""
LOGINS = frozenset(("ssh", "mosh", "slogin", "autossh"))


def judge(context: Context) -> Iterator[Finding]:
    """Findings for everything that would switch protection off, get around it, or permit what it stopped."""
    if context.event.kind is EventKind.CONFIG_CHANGE:
        yield from _settings_file(context, context.event.text)
    if context.event.kind is EventKind.PROMPT:
        yield from _misled(context)
        yield from _rerouted(context)
    if context.event.name and (why := misshapen(context.event.tool, context.event.input)):
        yield context.finding("guard.misshapen", f"{context.event.tool} cannot be judged: {why}", subject=context.event.tool)
    for program in context.programs:
        yield from _own_command(context, program)
        yield from _own_package(context, program)
        yield from _other_terminal(context, program)
        yield from _socket(context, program)
    for effect in context.effects:
        if effect.flags & Flag.REMOTE:
            continue
        yield from _own_program(context, effect)
        yield from _buried(context, effect)
        if effect.kind is EffectKind.WRITE and effect.text is not None:
            yield from _written(context, effect)


def _own_command(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    name, words = program[0], program[1:]
    if name.startswith(("python", "pypy")):
        name, words = _module(words)
        if name.split(".", 1)[0] == NAME and name not in OPEN_MODULES:
            yield context.finding("guard.own-command", f"`python -m {name}` runs a part of the guard", subject=name)
    command = next((word for word in words if not word.startswith("-")), "")
    if name == HOOK_CLIENT:
        yield context.finding(
            "guard.own-command", f"`{name}` is for the client, which tells the guard what it does", subject=name
        )
    if name == NAME and command in PERSON_ONLY:
        yield context.finding(
            "guard.own-command", f"`{NAME} {command}` is for a person at a terminal", subject=f"{NAME} {command}"
        )


def _module(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What ``python -m`` runs, and its arguments; "" where it runs something else (python(1))."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        letters = words[at][1:]
        place = next((place for place, letter in enumerate(letters) if letter in "cmWX"), None)
        if place is not None:
            joined = letters[place + 1 :]
            if letters[place] == "m":
                return (joined, words[at + 1 :]) if joined else ("".join(words[at + 1 : at + 2]), words[at + 2 :])
            if letters[place] == "c":
                return "", ()
            at += not joined
        at += 1
    return "", ()


def _own_package(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Package managers that would replace or remove us."""
    words = program[1:]
    if program[0].startswith(("python", "pypy")):
        module, words = _module(words)
    else:
        module = program[0]
    if module in PACKAGE_MANAGERS and PACKAGE_CHANGES.intersection(words) and any(_is_package(word) for word in words):
        line = f"{module} {' '.join(words[:4])}"
        yield context.finding("guard.own-program", f"`{shown(line)}` would replace or remove the guard", subject=NAME)


def _is_package(word: str) -> bool:
    """True for our package as a requirement, or as a folder or file of that name."""
    stem = re.split(r"[=<>!~\[;@ ]", word, maxsplit=1)[0].rstrip("/").rsplit("/", 1)[-1]
    return stem.lower() == NAME


def _own_program(context: Context, effect: Effect) -> Iterator[Finding]:
    """Our code run, our program given another name, by which no rule would know it, or its own name given to something else."""
    if effect.kind is EffectKind.EXECUTE and effect.target.startswith("module:"):
        module = effect.target.removeprefix("module:")
        yield context.finding("guard.own-command", f"{effect.program} of {module} runs a part of the guard", subject=module)
        return
    sources = {EffectKind.LINK: (effect.to,), EffectKind.WRITE: effect.reads, EffectKind.MOVE: (effect.target,)}
    for path in filter(_is_command, sources.get(effect.kind, ())):
        what = f"{effect.program} would give {shown(path)} another name"
        yield context.finding("guard.own-program", what, subject=shown(path))
    place = effect.to if effect.kind is EffectKind.MOVE else effect.target if effect.kind in CHANGING else ""
    if _is_command(place):
        what = f"{effect.program} would change or remove {shown(place)}, by which shells find the guard's command"
        yield context.finding("guard.own-program", what, subject=shown(place))


def _is_command(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return name in PROGRAMS and folder.rsplit("/", 1)[-1] == "bin"


def _other_terminal(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Terminal emulators, and logins to this very machine: what is typed there comes by no hook."""
    name, rest = program[0], program[1:]
    if name in EMULATORS and not (rest and rest[0] in NO_TERMINAL):
        for at in range(len(rest)):
            words = tuple(rest[at].split()) if " " in rest[at] else rest[at:]
            if words and words[0].rsplit("/", 1)[-1] == NAME:
                yield from _own_command(context, (NAME, *words[1:]))
        if not rest or not _only_looks(rest):
            yield context.finding("guard.other-terminal", f"`{name}` would run in a terminal that no hook sees", subject=name)
    elif name in LOGINS and _is_here("".join(parse_options(rest, values=SSH_VALUES, permute=False).words[:1])):
        yield context.finding("guard.other-terminal", f"`{name}` would log in to this machine", subject=name)


def _only_looks(words: tuple[str, ...]) -> bool:
    """True where a terminal is opened, or asked about, and nothing is run in it: only a person can type there."""
    pending = list(words)
    while pending:
        option, joined, _ = pending.pop(0).partition("=")
        if option not in LOOKS and not option.startswith(("+list-", "+show-")):
            return False
        if not joined and pending and not pending[0].startswith(("-", "+")) and LOOKS.get(option):
            pending.pop(0)
    return True


def _is_here(word: str) -> bool:
    host = word.removeprefix("ssh://").rsplit("@", 1)[-1]
    return is_this_machine(host) or is_this_machine(host.partition(":")[0])


def _socket(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Any program that is given the service's socket."""
    if program[0] in NAMING:
        return
    names = (f"{NAME}/{SOCKET}", *(f"{folder}/{SOCKET}" for folder in context.guard.folders))
    for word in program[1:]:
        if any(name in word for name in names) or word.rsplit(":", 1)[-1].removeprefix("./") == SOCKET:
            yield context.finding("guard.service-port", f"{program[0]} would talk to the service's socket", subject=program[0])
            return


def _buried(context: Context, effect: Effect) -> Iterator[Finding]:
    """Our folders, or the client's, moved away or covered with all that is above them; archives unpacked into them."""
    mounts = effect.kind is EffectKind.DESTRUCTIVE and effect.rule == "system.mount"
    unpacks = effect.kind is EffectKind.WRITE and not effect.known
    hides = effect.known and (mounts or effect.kind in (EffectKind.MOVE, EffectKind.LINK) or _locks_out(effect))
    if not (hides or unpacks):
        return
    target = effect.target.partition(UNKNOWN)[0].rstrip("/")
    ours = (*context.guard.folders, f"{context.places.home}/.claude")
    inside = unpacks and any(f"{target}/".startswith(f"{folder}/") for folder in context.guard.folders)
    if inside or (not unpacks and any(f"{folder}/".startswith(f"{target}/") for folder in ours)):
        what = f"{effect.program} would move away, cover, lock or fill {shown(target or '/')}, where the guard's own files are"
        yield context.finding("guard.own-program", what, subject=shown(target or "/"))


def _locks_out(effect: Effect) -> bool:
    """True for a change of mode that takes from the owner what a folder needs, for all that is below one."""
    recursive = effect.kind is EffectKind.CHMOD and effect.flags & Flag.RECURSIVE
    return bool(recursive and LOCKED.fullmatch(effect.detail))


def is_settings(path: str) -> bool:
    """True for a file that the client reads its settings from."""
    folder, _, name = path.lower().rpartition("/")  # some file systems do not tell letters of either case apart
    if not name.endswith(".json"):
        return False
    if folder.rsplit("/", 1)[-1] == ".claude":
        return name.startswith("settings")
    return name in (".claude.json", "managed-settings.json") or folder.endswith("/managed-settings.d")


def _written(context: Context, effect: Effect) -> Iterator[Finding]:
    """A settings file that would disarm the hooks, by whatever tool it is written."""
    if not is_settings(effect.target):
        return
    for what in disarming(effect.text or "", context.guard.ours):
        yield context.finding(
            "guard.disarm", f"{effect.program} would write {effect.target}, in which {what}", subject=effect.target
        )


def _settings_file(context: Context, path: str) -> Iterator[Finding]:
    text = context.disk.read_text(path)
    if text is None:
        yield context.finding("guard.disarm", f"{path} was changed, and it cannot be read to see what it says", subject=path)
        return
    for what in disarming(text, context.guard.ours):
        yield context.finding("guard.disarm", f"{path} was changed: {what}", subject=path)


def _misled(context: Context) -> Iterator[Finding]:
    """A repository whose settings say whom the client is to believe, where it knows us by our certificate."""
    if not context.guard.trusted or context.disk.read_text(context.guard.trusted) is None:
        return
    for path, text in _repository_settings(context):
        for variable in misleading(text):
            what = f"{path} sets {variable}: another program could answer in the guard's place"
            yield context.finding(
                "guard.disarm", what, subject=path, instead="Remove it, or run `checkrein up --transport command`."
            )


def _rerouted(context: Context) -> Iterator[Finding]:
    """A repository whose settings lead the client past the gateway, where one is to see all that leaves."""
    if not context.guard.gateway:
        return
    for path, text in _repository_settings(context):
        for variable in rerouting(text, context.guard.gateway):
            what = f"{path} sets {variable}: what this session sends would go past the gateway"
            yield context.finding("guard.disarm", what, subject=path, instead="Remove it, or run `checkrein up --no-gateway`.")


def _repository_settings(context: Context) -> Iterator[tuple[str, str]]:
    """Path and text of each settings file that the project brings along."""
    for name in ("settings.json", "settings.local.json"):
        path = f"{context.project}/.claude/{name}"
        yield path, context.disk.read_text(path) or ""
