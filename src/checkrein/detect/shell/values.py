"""What a word stands for once it is expanded, and what is known of data that flows through pipes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag

NUL = "\ufdd0"
"""Stands for a NUL byte that a program prints (``printf 'a\\0b'``); a noncharacter, so that it is in no real text."""
NOWHERE: frozenset[str] = frozenset()
MAX_VERSIONS = 6


@dataclass(frozen=True, slots=True)
class Value:
    """One field. ``glob`` is True where unquoted pattern characters are in it.

    ``origins`` says where its text came from: ``file:/path`` (its content), ``network:URL``, ``env:NAME``, ``env:*``
    (the whole environment).
    """

    text: str
    glob: bool = False
    origins: frozenset[str] = NOWHERE

    @property
    def known(self) -> bool:
        """True where no part is unknown."""
        return UNKNOWN not in self.text


@dataclass(frozen=True, slots=True)
class Stream:
    """Data in a pipe, a file or a substitution. Text that cannot be known is ``UNKNOWN`` in ``text``.

    ``others`` is what may stand in a file instead: where it is not certain that it was written.
    """

    text: str = UNKNOWN
    origins: frozenset[str] = NOWHERE
    others: tuple[Stream, ...] = ()

    def value(self) -> Value:
        """The stream as a command substitution gives it: without NUL bytes and trailing newlines."""
        return Value(self.text.replace(NUL, "").rstrip("\n"), origins=self.origins)

    def __add__(self, other: Stream) -> Stream:
        return Stream(self.text + other.text, self.origins | other.origins)

    @property
    def versions(self) -> tuple[Stream, ...]:
        """All that may stand in a file, the newest first."""
        return Stream(self.text, self.origins), *self.others

    @property
    def certain(self) -> Stream:
        """What may be said of the data whichever version it is."""
        return Stream(UNKNOWN, frozenset().union(*(each.origins for each in self.versions))) if self.others else self

    def extended(self, more: Stream) -> Stream:
        """A file to which ``more`` was appended."""
        return replace(self + more, others=tuple(each + more for each in self.others))

    def or_else(self, before: Stream) -> Stream:
        """A file that holds this, or still what it held before."""
        first, *others = dict.fromkeys((*self.versions, *before.versions))
        return replace(first, others=(*others[:MAX_VERSIONS], *([Stream()] if len(others) > MAX_VERSIONS else ())))


SILENT = Stream("")
ANYTHING = Value(UNKNOWN)
EVERY_VARIABLE = "env:*"
"""The origin of what the whole environment was printed to, or read from."""


_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "APIKEY", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIALS")


def is_secret(name: str) -> bool:
    """True for the name of a variable that is meant for a secret."""
    return any(word in name.upper() for word in _SECRET_WORDS)


def sources(origins: frozenset[str]) -> tuple[str, ...]:
    """What of ``origins`` is somebody's own, as ``Effect.reads`` names it: files, and variables that may hold a secret."""
    variables = (origin for origin in origins if origin.startswith("env:") and is_source(origin))
    return (*files_in(origins), *sorted(variables))


def is_source(origin: str) -> bool:
    """True for the origin of all variables, or of one that may hold a secret: by its name, or because that is not known."""
    return origin == EVERY_VARIABLE or UNKNOWN in origin or is_secret(origin.removeprefix("env:"))


def contents(paths: Iterable[str], made: Mapping[str, Collection[str]]) -> list[str]:
    """What the files at ``paths``, and those below them, are made of, where ``made`` says that of files."""
    folders = tuple(f"{path.rstrip('/')}/" for path in paths)
    return [source for file, sources in made.items() if f"{file}/".startswith(folders) for source in sources]


def environment_read(program: str, origin: str = EVERY_VARIABLE) -> Effect:
    """Variables of the environment are printed: all of them, or the one that ``origin`` names."""
    name = origin.removeprefix("env:")
    target = "environment" if origin == EVERY_VARIABLE or UNKNOWN in name else f"${name}"
    return Effect(EffectKind.READ, target, program, rule="read.environment", flags=Flag.CONTENT_OUT, detail=origin)


def files_in(origins: frozenset[str]) -> tuple[str, ...]:
    """The paths whose content is among ``origins``."""
    return tuple(sorted(origin.removeprefix("file:") for origin in origins if origin.startswith("file:")))


def network_in(origins: frozenset[str]) -> str:
    """One URL among ``origins``, "" where nothing came over the network."""
    return next((origin.removeprefix("network:") for origin in sorted(origins) if origin.startswith("network:")), "")
