"""Checkrein protects itself: its processes, its files, its commands, and the settings that switch hooks on (T8)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.controls.pattern import may_match
from checkrein.core import Effect, EffectKind, EventKind, Finding, Flag
from checkrein.detect.client_settings import OFF, SWITCHES, disarming
from checkrein.detect.shell.model import absolute

PERSON_ONLY = frozenset(("allow", "down", "up"))
"""Commands of ours that only a person may give."""
OURS = ("checkrein", "checkrein-supervisor", "checkrein.service")
COMMAND_LINE = "python3 -I -m checkrein.service.main"
"""How our processes look to what ends processes by their command line."""
SHORTEST = 3
"""Longer than this is a pattern that is told from letters that stand in any name."""
SOCKET = "service.sock"
CLIENTS = frozenset(("claude", "claude-code"))
BARE = frozenset(("--bare", "--safe-mode", "--dangerously-skip-permissions", "--setting-sources"))
EMULATORS = frozenset(
    {
        *("alacritty", "cool-retro-term", "deepin-terminal", "foot", "ghostty", "gnome-terminal", "guake", "kgx", "kitty"),
        *("konsole", "lxterminal", "mate-terminal", "ptyxis", "qterminal", "rxvt", "terminator", "tilda", "tilix", "urxvt"),
        *("uxterm", "wezterm-gui", "x-terminal-emulator", "xfce4-terminal", "xterm", "yakuake"),
    }
)
NO_TERMINAL = frozenset(
    (
        "--version",
        "-v",
        "--help",
        "-h",
        "+kitten",
    )
)
"""First words with which a terminal emulator opens no terminal."""
VALUE_LETTERS = frozenset("BbcDEeFIiJLlMmOopQRSWw")
"""Options of ssh that take the next word."""
LOGINS = frozenset(("ssh", "mosh", "slogin", "autossh"))
NAMING = frozenset(("echo", "printf", "grep", "egrep", "rg", "ls", "stat", "git", "checkrein"))
"""Programs to which the name of our socket is a text or a file's name."""


def judge(context: Context) -> Iterator[Finding]:
    """Findings for everything that would switch protection off, get around it, or permit what it stopped."""
    if context.event.kind is EventKind.CONFIG_CHANGE:
        yield from _settings_file(context, context.event.text)
    for program, environment in zip(context.programs, context.environments, strict=True):
        yield from _own_command(context, program)
        yield from _other_client(context, program, environment)
        yield from _other_terminal(context, program)
        yield from _socket(context, program)
    for effect in context.effects:
        if effect.flags & Flag.REMOTE:
            continue
        if effect.kind is EffectKind.SIGNAL:
            yield from _signal(context, effect)
        elif effect.kind in (EffectKind.SEND, EffectKind.FETCH) and context.guard.port:
            yield from _port(context, effect)
        elif effect.kind is EffectKind.WRITE and effect.text is not None:
            yield from _written(context, effect)


def _own_command(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    words = [word for word in program if not word.startswith("-")]
    name = words[0] if words else ""
    if name.startswith(("python", "pypy")) and "-m" in program:
        words = words[next((at for at, word in enumerate(words) if word.startswith("checkrein")), len(words)) :]
        name = words[0].split(".")[0] if words else ""
    if name == "checkrein" and len(words) > 1 and words[1] in PERSON_ONLY:
        yield context.finding(
            "guard.own-command", f"`checkrein {words[1]}` is for a person at a terminal", subject=f"checkrein {words[1]}"
        )


def _other_client(context: Context, program: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Finding]:
    at = next((at for at, word in enumerate(program) if word.rsplit("/", 1)[-1] in CLIENTS), None)
    if at is None or (at > 0 and program[0] != "env"):
        return
    assigned = (word.partition("=") for word in program[:at] if "=" in word and not word.startswith("-"))
    given = {**environment, **{name: value for name, _, value in assigned}}
    why = "without its hooks" if BARE.intersection(word.split("=", 1)[0] for word in program[at + 1 :]) else ""
    if at and {"-i", "-", "--ignore-environment"}.intersection(program[1:at]):
        why = "that does not know this home folder's settings"
    for name, value in given.items():
        if name in SWITCHES and value.lower() not in OFF:
            why = f"whose hooks {name} switches off"
        elif name in ("HOME", "CLAUDE_CONFIG_DIR") and value.rstrip("/") not in _own_folders(context, name):
            why = f"with other settings than this home folder's ({name})"
    why = why or _given_settings(context, program[at + 1 :])
    if why:
        yield context.finding(
            "guard.unguarded-client", f"`{shown(' '.join(program[:6]))}` would start a client {why}", subject="claude"
        )


def _own_folders(context: Context, name: str) -> tuple[str, ...]:
    home = context.places.home
    return (home,) if name == "HOME" else (f"{home}/.claude",)


def _given_settings(context: Context, words: tuple[str, ...]) -> str:
    """What settings given by ``--settings`` would switch off, "" where nothing."""
    for at, word in enumerate(words):
        name, joined, value = word.partition("=")
        if name != "--settings":
            continue
        value = value if joined else "".join(words[at + 1 : at + 2])
        text = value if value.lstrip().startswith("{") else context.disk.read_text(absolute(value, context.event.cwd))
        if text is None:
            return f"with settings that cannot be read ({shown(value)})"
        if found := next(disarming(text), ""):
            return f"with settings in which {found}"
    return ""


def _other_terminal(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Terminal emulators, and logins to this very machine: what is typed there comes by no hook."""
    name, rest = program[0], program[1:]
    if name in EMULATORS and not (rest and rest[0] in NO_TERMINAL):
        for at in range(len(rest)):
            words = tuple(rest[at].split()) if " " in rest[at] else rest[at:]
            if words and words[0].rsplit("/", 1)[-1] == "checkrein":
                yield from _own_command(context, ("checkrein", *words[1:]))
        yield context.finding("guard.other-terminal", f"`{name}` would open a terminal that no hook sees", subject=name)
    elif name in LOGINS and _is_this_machine(_host(rest)):
        yield context.finding("guard.other-terminal", f"`{name}` would log in to this machine", subject=name)


def _host(words: tuple[str, ...]) -> str:
    """The host that an ssh command line logs in to, "" where it names none."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        # letters before the last take no value, or the rest of the word is it
        first = next((place for place, letter in enumerate(words[at]) if letter in VALUE_LETTERS), None)
        at += 2 if first is not None and first == len(words[at]) - 1 else 1
    return words[at] if at < len(words) else ""


def _is_this_machine(word: str) -> bool:
    host = word.removeprefix("ssh://").rsplit("@", 1)[-1].strip("[]").lower()
    name = os.uname().nodename.lower()
    return host in ("localhost", "::1", "0.0.0.0", "0", name) or host.startswith(("127.", "localhost:"))  # noqa: S104 - compared


def _socket(context: Context, program: tuple[str, ...]) -> Iterator[Finding]:
    """Any program that is given the service's socket."""
    if program[0] in NAMING:
        return
    names = (f"checkrein/{SOCKET}", *(f"{folder}/{SOCKET}" for folder in context.guard.folders))
    for word in program[1:]:
        if any(name in word for name in names) or word.rsplit(":", 1)[-1].removeprefix("./") == SOCKET:
            yield context.finding("guard.service-port", f"{program[0]} would talk to the service's socket", subject=program[0])
            return


def _signal(context: Context, effect: Effect) -> Iterator[Finding]:
    target = effect.target
    numbers = [int(word) for word in re.findall(r"\d{1,10}", target)]  # unknown text may stand beside the number
    hit = any(number in context.guard.pids for number in numbers) or target == f"port:{context.guard.port}"
    by_name = effect.program != "kill" and not hit
    if hit or (by_name and any(_ends(effect, name) for name in OURS)):
        yield context.finding(
            "guard.stop-service",
            f"`{effect.program} {shown(target)}` would stop the service that guards this session",
            subject=shown(target),
        )
    elif by_name and effect.program in ("pkill", "killall", "skill") and _ends(effect, COMMAND_LINE):
        yield context.finding(
            "guard.stop-interpreter",
            f"`{effect.program} {shown(target)}` fits the command line of the service that guards this session, too",
            subject=shown(target),
        )


def _ends(effect: Effect, name: str) -> bool:
    """True where the pattern or name that processes are ended by may be one of ours."""
    target = effect.target
    return target.removesuffix(".service") in OURS or (len(target) > SHORTEST and may_match(target, name))


def _port(context: Context, effect: Effect) -> Iterator[Finding]:
    if re.search(rf"(?:127\.\d+\.\d+\.\d+|localhost|\[?::1\]?|0\.0\.0\.0|0):{context.guard.port}\b", effect.target):
        yield context.finding(
            "guard.service-port", f"{effect.program} would talk to the service at {effect.target}", subject=effect.target
        )


def _written(context: Context, effect: Effect) -> Iterator[Finding]:
    """A settings file that would disarm the hooks, by whatever tool it is written."""
    name = os.path.basename(effect.target)  # noqa: PTH119 - string operations, also the next
    folder = os.path.basename(os.path.dirname(effect.target))  # noqa: PTH119, PTH120
    if (
        folder != ".claude"
        and name not in (".claude.json", "managed-settings.json")
        and "managed-settings.d" not in effect.target
    ):
        return
    for what in disarming(effect.text or ""):
        yield context.finding(
            "guard.disarm", f"{effect.program} would write {effect.target}, in which {what}", subject=effect.target
        )


def _settings_file(context: Context, path: str) -> Iterator[Finding]:
    text = context.disk.read_text(path)
    if text is None:
        yield context.finding("guard.disarm", f"{path} was changed, and it cannot be read to see what it says", subject=path)
        return
    for what in disarming(text):
        yield context.finding("guard.disarm", f"{path} was changed: {what}", subject=path)
