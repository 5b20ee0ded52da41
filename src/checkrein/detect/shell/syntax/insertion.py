"""A command line with words added to one of its commands, and nothing else changed: the syntax tree is what says so."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import Any

from checkrein.detect.shell.syntax.nodes import Simple
from checkrein.detect.shell.syntax.parser import parse

MAX_TEXT = 2000  # characters of a command that is read again for each place that is tried
MAX_PLACES = 24
BEHIND = r"(?<=[^\s])(?=[\s;|&<>()]|$)"
"""Where a word may end."""


def simple_commands(text: str) -> list[tuple[str | None, ...]]:
    """The words of each simple command in ``text``, in order; None stands for a word that is no plain text."""
    return [tuple(word.plain for word in node.words) for node in _simples(parse(text))]


def inserted(text: str, command: int, at: int, words: tuple[str, ...]) -> str | None:
    """``text`` with ``words`` put before word ``at`` of the simple command number ``command``.

    ``words`` are written as a shell reads them. None where no place is found at which the text reads as the same commands with
    these words added.
    """
    script = parse(text)
    simples = list(_simples(script))
    if script.problems or len(text) > MAX_TEXT or not 0 < at <= len(simples[command].words):
        return None
    before = simples[command].words[at - 1].plain
    places = re.finditer(BEHIND if before is None else rf"{re.escape(before)}(?=[\s;|&<>()}}]|$)", text)
    for place in itertools.islice(places, MAX_PLACES):
        changed = " ".join((text[: place.end()], *words)) + text[place.end() :]
        after = parse(changed)
        longer = list(_simples(after))
        if after.problems or len(longer) != len(simples):
            continue
        new = [word.literal for word in longer[command].words[at : at + len(words)]]
        if new == [_text(word) for word in words] and _without(after, longer[command], at, len(words)) == script:
            return changed
    return None


def _text(word: str) -> str:
    """The text of a word as it is written, quoted or not."""
    return "".join(part for node in _simples(parse(word)) for part in (node.words[0].literal or "",))


def _simples(node: Any) -> Iterator[Simple]:
    """The simple commands of a tree in the order of its fields, those in substitutions too."""
    if isinstance(node, Simple):
        yield node
    if isinstance(node, tuple):
        for item in node:
            yield from _simples(item)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _simples(getattr(node, field.name))


def _without(node: Any, command: Simple, at: int, count: int) -> Any:
    """The tree without ``count`` words of one command, which is told by its identity."""
    if node is command:
        return dataclasses.replace(command, words=(*command.words[:at], *command.words[at + count :]))
    if isinstance(node, tuple):
        return tuple(_without(item, command, at, count) for item in node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {field.name: _without(getattr(node, field.name), command, at, count) for field in dataclasses.fields(node)}
        return type(node)(**fields)
    return node
