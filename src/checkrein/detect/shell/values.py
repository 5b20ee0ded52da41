"""What a word stands for once it is expanded, and what is known of data that flows through pipes."""

from __future__ import annotations

from dataclasses import dataclass

from checkrein.core.effect import UNKNOWN

NUL = "\ufdd0"
"""Stands for a NUL byte that a program prints (``printf 'a\\0b'``); a noncharacter, so that it is in no real text."""
NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """One field. ``glob`` is True where unquoted pattern characters are in it.

    ``origins`` says where its text came from: ``file:/path`` (its content), ``network:URL``, ``env:NAME``.
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
    """Data in a pipe, a file or a substitution. Text that cannot be known is ``UNKNOWN`` in ``text``."""

    text: str = UNKNOWN
    origins: frozenset[str] = NOWHERE

    def value(self) -> Value:
        """The stream as a command substitution gives it: without NUL bytes and trailing newlines."""
        return Value(self.text.replace(NUL, "").rstrip("\n"), origins=self.origins)

    def __add__(self, other: Stream) -> Stream:
        return Stream(self.text + other.text, self.origins | other.origins)


SILENT = Stream("")
ANYTHING = Value(UNKNOWN)


def files_in(origins: frozenset[str]) -> tuple[str, ...]:
    """The paths whose content is among ``origins``."""
    return tuple(sorted(origin.removeprefix("file:") for origin in origins if origin.startswith("file:")))


def network_in(origins: frozenset[str]) -> str:
    """One URL among ``origins``, "" where nothing came over the network."""
    return next((origin.removeprefix("network:") for origin in sorted(origins) if origin.startswith("network:")), "")
