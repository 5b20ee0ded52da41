"""What the shell detector passes between its parts: one program's invocation, and the code that it would run in turn.

A *handler* knows one program (or family). It gets an ``Invocation`` and yields ``Effect`` values for what the program does
itself, and ``ShellText``, ``Argv``, ``Snippet`` or ``ScriptFile`` for code that it would run, which the interpreter then
analyses. All words are plain strings in which ``UNKNOWN`` stands for text that cannot be known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from checkrein.core.effect import UNKNOWN, Effect, Flag
from checkrein.core.sweep import Sweep
from checkrein.detect.shell.links import physical


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

    def real(self, path: str) -> str:
        """An absolute path with every link on its way resolved, also where there is nothing at its end."""

    def stands_for(self, path: str) -> str:
        """What a link at an absolute path leads to, or what a file there is a copy of; the path itself for all else."""

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Absolute paths that match an absolute glob pattern, at most a few hundred; empty where nothing matches."""

    def script(self, path: str) -> str | None:
        """The text of a file about to be run that nobody vouches for: written by a tool in this session, or not as committed.

        None where the file is absent, or is as a person committed it.
        """

    def written(self, folder: str) -> tuple[str, ...]:
        """The files below an absolute folder that tools of this session wrote by name."""

    def members(self, path: str) -> tuple[tuple[str, str], ...] | None:
        """The members of an archive at an absolute path: (name, target of a link or ""); None where they cannot be told."""

    def git_config(self, cwd: str, key: str) -> str | None:
        """The value of a git configuration key as seen from ``cwd`` (``alias.co``, ``core.pager``), None where unset."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One program about to run. ``argv[0]`` is the program's bare name (no folder, no ``.exe``); ``path`` the word as written.

    ``globs`` holds the indexes of words that are unquoted glob patterns (in absolute or relative form, as written).
    ``stdin`` is the text fed to standard input where it is known (here-document, ``echo ... |``), None where it is not
    redirected; ``origins`` says where stdin and the words come from (``file:/path``, ``network:URL``). ``env`` holds exported
    and prefixed variables. ``flags`` holds ROOT (under sudo) and REMOTE (under ssh, docker exec ...), which every effect of
    the invocation inherits: the interpreter adds them. ``beside`` holds what the same command line started before it,
    ``sourced`` the files that its shell read variables from.
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
    beside: Sequence[tuple[str, ...]] = ()
    sourced: tuple[str, ...] = ()

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
    origins: frozenset[str] = frozenset()  # of what is not known in the text


@dataclass(frozen=True, slots=True)
class Argv:
    """A program that the program starts. ``more`` is True where unknown further words are appended (xargs).

    ``sweep`` tells what the word stands for that names what a search found.
    """

    argv: tuple[str, ...]
    flags: Flag = Flag.NONE
    cwd: str = ""
    more: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    globs: frozenset[int] = frozenset()
    sweep: Sweep | None = None
    origins: frozenset[str] = frozenset()  # of words that are not known


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code in another language: one of ``snippets.LANGUAGES``, ``typescript``, or one that ``formats.READERS`` reads."""

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
    cwd: str = ""  # where it runs if not where the program does


Outcome = Effect | ShellText | Argv | Snippet | ScriptFile
Handler = Callable[[Invocation], Iterable[Outcome]]


def absolute(path: str, cwd: str) -> str:
    """``path`` as a program would open it: joined to ``cwd``, dot segments folded; the shell has expanded ``~``."""
    return physical(joined(path, cwd))


def joined(path: str, cwd: str) -> str:
    """``path`` below ``cwd`` where it is not absolute itself, as it stands."""
    if path.startswith(UNKNOWN):
        return f"/{path}"  # it may begin with a slash, or with anything
    return path if path.startswith("/") else f"{cwd}/{path}"


def program_name(written: str) -> str:
    """The bare name of a program given by path, on Windows too: ``C:\\Git\\git.EXE`` is git."""
    name = written.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    return name[:-4].lower() if name[-4:].lower() == ".exe" else name
