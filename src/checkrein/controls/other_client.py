"""Clients that would be started without our hooks, and settings of the client that are changed by its own commands (T8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from checkrein.controls.commands import shown
from checkrein.controls.context import Context
from checkrein.core import Finding
from checkrein.detect.client_settings import LOADERS, OFF, REDIRECTS, SWITCHES, disarming
from checkrein.detect.shell.model import absolute

CLIENTS = frozenset(("claude", "claude-code"))
PACKAGE = "@anthropic-ai/claude-code"
RUNTIMES = frozenset(("node", "nodejs", "bun", "deno", "env"))
BARE = frozenset(("--bare", "--safe-mode", "--dangerously-skip-permissions", "--setting-sources"))
MODE = "--permission-mode"
BYPASS = "bypassPermissions"
CHANGES = {
    "config": frozenset(("set", "add", "remove", "rm", "unset")),
    "mcp": frozenset(("add", "add-json", "add-from-claude-desktop", "remove", "reset-project-choices")),
    "plugin": frozenset(("install", "i", "enable", "disable", "uninstall", "remove", "update", "marketplace")),
    "plugins": frozenset(("install", "i", "enable", "disable", "uninstall", "remove", "update", "marketplace")),
}
"""The client's own commands that change what it starts, by their first and second word."""
ORDINARY = frozenset(("PATH", "SHELL", "ENV", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NODE_EXTRA_CA_CERTS"))
"""Variables that reach no hook of ours, and that a network may demand."""
LOADING = ("--require", "-r", "--import", "--loader", "--experimental-loader", "--inspect", "--env-file")
"""Options of Node that make it run something more."""


def judge(context: Context) -> Iterator[Finding]:
    """Findings for every client that a command line would start or change."""
    for program, environment in zip(context.programs, context.environments, strict=True):
        yield from _judge_program(context, program, environment)


def _judge_program(context: Context, program: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Findings for one command line, with the variables that it is given."""
    at = next((at for at, word in enumerate(program) if word.rsplit("/", 1)[-1] in CLIENTS or PACKAGE in word), None)
    if at is None or (at > 0 and program[0] not in RUNTIMES):
        return
    rest = program[at + 1 :]
    assigned = (word.partition("=") for word in program[:at] if "=" in word and not word.startswith("-"))
    given = {**environment, **{name: value for name, _, value in assigned}}
    why = _by_options(context, rest) or _by_variables(context, given)
    if at and program[0] == "env" and {"-i", "-", "--ignore-environment"}.intersection(program[1:at]):
        why = "that does not know this home folder's settings"
    if why:
        line = shown(" ".join(program[:6]))
        yield context.finding("guard.unguarded-client", f"`{line}` would start a client {why}", subject="claude")
    words = [word for word in rest if not word.startswith("-")]
    if len(words) > 1 and words[1] in CHANGES.get(words[0], ()):
        line = f"claude {words[0]} {words[1]}"
        yield context.finding("guard.client-settings", f"`{line}` would change what the client starts", subject=line)


def _by_options(context: Context, words: tuple[str, ...]) -> str:
    if BARE.intersection(word.split("=", 1)[0] for word in words):
        return "without its hooks"
    for at, word in enumerate(words):
        name, joined, value = word.partition("=")
        value = value if joined else "".join(words[at + 1 : at + 2])
        if name == MODE and value == BYPASS:
            return "that asks nobody"
        if name == "--settings" and (found := _by_settings(context, value)):
            return found
    return ""


def _by_settings(context: Context, value: str) -> str:
    """What settings given by ``--settings`` would switch off, "" where nothing."""
    text = value if value.lstrip().startswith("{") else context.disk.read_text(absolute(value, context.event.cwd))
    if text is None:
        return f"with settings that cannot be read ({shown(value)})"
    found = next(disarming(text), "")
    return f"with settings in which {found}" if found else ""


def _by_variables(context: Context, given: Mapping[str, str]) -> str:
    for name, value in given.items():
        if name in SWITCHES and value.lower() not in OFF:
            return f"whose hooks {name} switches off"
        if name in ("HOME", "CLAUDE_CONFIG_DIR"):
            if value.rstrip("/") not in _own_folders(context, name):
                return f"with other settings than this home folder's ({name})"
        elif name == "NODE_OPTIONS":
            if any(word.startswith(LOADING) for word in value.split()):
                return f"into which {name} loads code"
        elif name in LOADERS - ORDINARY and value:
            return f"into which {name} loads code"
        elif name in REDIRECTS - ORDINARY and value:
            return f"whose requests {name} sends elsewhere"
    return ""


def _own_folders(context: Context, name: str) -> tuple[str, ...]:
    home = context.places.home
    return (home,) if name == "HOME" else (f"{home}/.claude",)
