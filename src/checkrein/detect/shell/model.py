"""What the shell detector passes between its parts: one program's invocation, and the code that it would run in turn.

A *handler* knows one program (or family). It gets an ``Invocation`` and yields ``Effect`` values for what the program does
itself, and ``ShellText``, ``Argv``, ``Snippet`` or ``ScriptFile`` for code that it would run, which the interpreter then
analyses. All words are plain strings in which ``UNKNOWN`` stands for text that cannot be known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from checkrein.core.effect import UNKNOWN, Effect, Flag


class World(Protocol):
    """What the detector may ask about the machine. An implementation does the I/O; tests pass a fake."""

    @property
    def home(self) -> str:
        """The absolute path of the home folder."""

    def variable(self, name: str) -> str | None:
        """The value of an environment variable that the command would inherit, None where it is unset or unknown."""

    def read_text(self, path: str) -> str | None:
        """The text of a regular file at an absolute path; None where there is none or it is too large or not text."""

    def is_dir(self, path: str) -> bool:
        """True where an absolute path is an existing folder."""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Absolute paths that match an absolute glob pattern, at most a few hundred; empty where nothing matches."""

    def script(self, path: str) -> str | None:
        """The text of a file about to be run that nobody vouches for: written by a tool in this session, or not as committed.

        None where the file is absent, or is as a person committed it.
        """

    def git_config(self, cwd: str, key: str) -> str | None:
        """The value of a git configuration key as seen from ``cwd`` (``alias.co``, ``core.pager``), None where unset."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program about to run. ``argv[0]`` is the program's bare name (no folder, no ``.exe``); ``path`` the word as written.

    ``globs`` holds the indexes of words that are unquoted glob patterns (in absolute or relative form, as written).
    ``stdin`` is the text fed to standard input where it is known (here-document, ``echo ... |``), None where it is not
    redirected; ``origins`` says where stdin and the words come from (``file:/path``, ``network:URL``). ``env`` holds exported
    and prefixed variables. ``flags`` holds ROOT (under sudo) and REMOTE (under ssh, docker exec ...), which every effect of
    the invocation inherits: the interpreter adds them.
    """

    argv: tuple[str, ...]
    cwd: str
    world: World
    path: str = ""
    stdin: str | None = None
    origins: frozenset[str] = frozenset()
    env: Mapping[str, str] = field(default_factory=dict)
    globs: frozenset[int] = frozenset()
    flags: Flag = Flag.NONE

    @property
    def name(self) -> str:
        """The program's bare name."""
        return self.argv[0]

    @property
    def args(self) -> tuple[str, ...]:
        """The words behind the program."""
        return self.argv[1:]


@dataclass(frozen=True, slots=True)
class ShellText:
    """Shell code that the program hands to a shell, with its positional parameters (``$0`` first)."""

    text: str
    args: tuple[str, ...] = ()
    flags: Flag = Flag.NONE  # REMOTE: on another machine or in a container; ROOT: with elevated rights
    cwd: str = ""  # where it runs if not where the program does


@dataclass(frozen=True, slots=True)
class Argv:
    """A program that the program starts. ``more`` is True where unknown further words are appended (xargs)."""

    argv: tuple[str, ...]
    flags: Flag = Flag.NONE
    cwd: str = ""
    more: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    globs: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code in another language: ``python``, ``javascript``, ``ruby``, ``perl``, ``awk``, ``php``, ``sql`` or ``make``."""

    language: str
    source: str
    args: tuple[str, ...] = ()
    flags: Flag = Flag.NONE


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """A file that is run by an interpreter: ``language`` as in Snippet or ``shell``; "" to go by its name and first line."""

    path: str
    language: str = ""
    args: tuple[str, ...] = ()
    flags: Flag = Flag.NONE


Outcome = Effect | ShellText | Argv | Snippet | ScriptFile
Handler = Callable[[Invocation], Iterable[Outcome]]


def absolute(path: str, cwd: str) -> str:
    """``path`` as a shell would open it: joined to ``cwd``, dot segments folded lexically; the shell has expanded ``~``."""
    if path.startswith(UNKNOWN):
        path = f"/{path}"  # it may begin with a slash, or with anything
    elif not path.startswith("/"):
        path = f"{cwd}/{path}"
    parts: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if parts:
                parts.pop()
            continue
        parts.append(part)
    return "/" + "/".join(parts)
