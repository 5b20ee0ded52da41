"""A stretch of a command line replaced by a text that the shell then reads as just that text: the syntax tree says so."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator
from typing import Any

from checkrein.detect.shell.syntax.nodes import Literal, Part, Word
from checkrein.detect.shell.syntax.parser import parse

_MARK = "zzMARKzz{}zz"
_HARMLESS = re.compile(r"[A-Za-z0-9_./:@%+,=-]")
"""Characters that mean the same quoted and not, wherever they stand in a word."""
_SPECIAL = re.compile(r"[^\0]")
"""What is left of a text once those are replaced."""


def replaced(text: str, start: int, end: int, value: str) -> str | None:
    """``text`` with ``value`` for what stands from ``start`` to ``end``, written as the quotes around it ask for.

    None where no way of writing gives ``value`` at this place and leaves all else as it was read before: inside the name of a
    variable, behind a ``$``, in arithmetic, or where the text is no valid shell.
    """
    mark = next(made for number in range(len(text) + 2) if (made := _MARK.format(number)) not in text)
    marked = parse(text[:start] + mark + text[end:])
    if "\0" in value or marked.problems or sum(_count(node, mark) for node in _literals(marked)) != 1 or _named(marked, mark):
        return None
    wanted = _plain(marked, mark, value)
    for written in dict.fromkeys(_ways(value)):
        changed = text[:start] + written + text[end:]
        if _plain(parse(changed), "", "") == wanted:
            return changed
    return None


def _ways(value: str) -> Iterator[str]:
    """How ``value`` may be written: as it is, in no quotes, in double and in single ones, in ``$'...'``, in a here-document."""
    yield value
    yield shlex.quote(value)
    yield re.sub(r'([\\"$`])', r"\\\1", value)
    yield value.replace("'", "'\\''")
    yield value.replace("\\", "\\\\").replace("'", "\\'")
    yield re.sub(r"([\\$`])", r"\\\1", value)


def _literals(node: Any) -> Iterator[Literal]:
    if isinstance(node, Literal):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from _literals(item)
    elif dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _literals(getattr(node, field.name))


def _count(node: Literal, mark: str) -> int:
    return node.text.count(mark)


def _named(node: Any, mark: str) -> bool:
    """Whether the mark stands in something that is no literal: a name, an index, arithmetic."""
    if isinstance(node, Literal):
        return False
    if isinstance(node, str):
        return mark in node
    if isinstance(node, tuple):
        return any(_named(item, mark) for item in node)
    return dataclasses.is_dataclass(node) and any(_named(getattr(node, f.name), mark) for f in dataclasses.fields(node))


def _plain(node: Any, mark: str, value: str) -> Any:
    """The tree as nested tuples, with ``value`` for ``mark``. Of quoting only what makes a difference is left."""
    if isinstance(node, Word):
        return ("Word", tuple(_pieces(node.parts, mark, value)), node.braces)
    if isinstance(node, tuple):
        return tuple(_plain(item, mark, value) for item in node)
    if dataclasses.is_dataclass(node):
        return (type(node).__name__, *(_plain(getattr(node, field.name), mark, value) for field in dataclasses.fields(node)))
    return node


def _pieces(parts: tuple[Part, ...], mark: str, value: str) -> Iterator[Any]:
    """The parts of a word: literals that stand side by side as one text, with a second one that says of each letter whether it
    is quoted, where that matters.

    An empty literal counts where the word has nothing else: it makes the word exist.
    """
    texts: list[str] = []
    quotes: list[str] = []

    def note(text: str, *, quoted: bool) -> None:
        texts.append(text)
        quotes.append(_SPECIAL.sub("q" if quoted else "u", _HARMLESS.sub("\0", text)))

    def literal() -> Iterator[Any]:
        if any(texts):
            yield "".join(texts), "".join(quotes)
        texts.clear()
        quotes.clear()

    found: list[Any] = []
    for part in parts:
        if not isinstance(part, Literal):
            found += [*literal(), _plain(part, mark, value)]
            continue
        before, marked, after = part.text.partition(mark) if mark else (part.text, "", "")
        note(before, quoted=part.quoted)
        if marked:
            note(value, quoted=True)
            note(after, quoted=part.quoted)
    found += literal()
    yield from found or (("empty",) if parts else ())
