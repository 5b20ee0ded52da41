"""A search or an archive that would take secrets along, asked again without them: the same call plus what leaves them out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from checkrein.core import Action, Event, Finding
from checkrein.detect.shell.exchange.archives import TAR_PROGRAMS
from checkrein.detect.shell.exchange.transfer import archive_options, packs
from checkrein.detect.shell.syntax.insertion import inserted, simple_commands

NAME = re.compile(r"[A-Za-z0-9._@+-]+")
"""Names that no program reads as a pattern."""
MAX_NAMES = 12
MAX_COMMANDS = 4
OPTIONS = {
    **dict.fromkeys(("grep", "egrep", "fgrep", "ggrep", "ugrep"), ("--exclude={}", "--exclude-dir={}")),
    **dict.fromkeys(("rg", "ripgrep"), ("-g '!{}'", "-g '!{}'")),
    "ag": ("--ignore={}", "--ignore={}"),
    "ack": ("--ignore-file=is:{}", "--ignore-dir={}"),
    **dict.fromkeys(TAR_PROGRAMS, ("--exclude={}", "--exclude={}")),
}
"""How a program is told to leave out a file, and a folder, of one name."""
INCLUDES = "--inc"
"""How grep's ``--include`` begins, however it is shortened."""
LATER = ("--iglob",)
"""What ripgrep reads behind all globs, wherever it stands: nothing that is put in would count."""
ALONE = frozenset(("rg", "ripgrep", "ag", "ack"))
"""Programs that walk through a folder without being told to."""
STARTERS = frozenset(("xargs", "find", "gfind", "fd", "fdfind", "time", "timeout", "nice", "nohup", "env", "command", "sudo"))
FINDERS = frozenset(("find", "gfind", "fd", "fdfind"))
RECURSIVE = re.compile(r"-[a-zA-Z]*[rR][a-zA-Z]*|--recursive|--dereference-recursive")


def names_to_leave_out(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The names to leave out so that nothing speaks against the call any more, a folder's with a slash at its end.

    Empty where something else stops the call, where it is no search or archive, and where a name cannot be given safely.
    """
    stopping = [finding for finding in findings if finding.action >= Action.ASK]
    names = tuple(dict.fromkeys(name for finding in stopping for name in finding.without))
    safe = all(NAME.fullmatch(name.removesuffix("/")) for name in names)
    return names if safe and len(names) <= MAX_NAMES and all(finding.without for finding in stopping) else ()


def narrowed(event: Event, names: tuple[str, ...]) -> Event | None:
    """The same call, told to leave out ``names``; None where its program has no option for that."""
    given = _input(event, names)
    return replace(event, input=given) if given is not None else None


def _input(event: Event, names: tuple[str, ...]) -> Mapping[str, Any] | None:
    if event.tool == "Grep":
        lines = [str(event.input.get("glob") or ""), *(f"!{name.removesuffix('/')}" for name in names)]
        return {**event.input, "glob": " ".join(line for line in lines if line)}
    command = event.input.get("command")
    if event.tool != "Bash" or not isinstance(command, str):
        return None
    changed = _command(command, names)
    return {**event.input, "command": changed} if changed else None


def _command(text: str, names: tuple[str, ...]) -> str | None:
    """``text`` with the options put into every command in it that walks through folders, or is given what was found."""
    found = [(number, at, words) for number, words in enumerate(simple_commands(text)) if (at := _searcher(words)) is not None]
    if not found or len(found) > MAX_COMMANDS:
        return None
    if any((word or "").startswith(LATER) for _, _, words in found for word in words):
        return None
    for number, at, words in found:
        program = words[at] or ""
        options = tuple(
            word for name in names for word in OPTIONS[program][name.endswith("/")].format(name.removesuffix("/")).split(" ")
        )
        changed = inserted(text, number, _place(program, at, words), options)
        if changed is None:
            return None
        text = changed
    return text


def _place(program: str, at: int, words: tuple[str | None, ...]) -> int:
    """Before which word the options go: behind the program, and behind what would say more than they do."""
    if program in TAR_PROGRAMS:
        return at + 1 + archive_options(tuple(word or "" for word in words[at + 1 :]))
    including = [place for place, word in enumerate(words) if word is None or word.startswith(INCLUDES)]
    if words[0] not in FINDERS and "--" not in words and including:
        return len(words)
    return at + 1


def _searcher(words: tuple[str | None, ...]) -> int | None:
    """Where the program stands that is to be told; None where the command has none."""
    for at, word in enumerate(words):
        if word not in OPTIONS:
            continue
        if at == 0:
            if word in TAR_PROGRAMS:
                return at if packs(tuple(other or "" for other in words[1:])) else None
            walks = word in ALONE or any(RECURSIVE.fullmatch(other or "") for other in words[1:])
            return at if walks else None
        if words[0] in STARTERS:
            return at
    return None
