"""Assignments in a ``.env`` file, as dotenv libraries read them.

``export`` may stand before a name; a quoted value may go on over several lines; a comment may stand behind a value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_QUOTES = ("'", '"', "`")


@dataclass(frozen=True, slots=True)
class Assignment:
    """``text[start:end]`` is the value, without its ``quote`` ("" for none). ``commented``: it stands in a comment."""

    name: str
    start: int
    end: int
    quote: str
    commented: bool


def assignments(text: str) -> Iterator[Assignment]:
    """The assignments in ``text``, also those that are commented out. Lines that are none are passed over."""
    at = 0
    while at < len(text):
        end = _line_end(text, at)
        before, equals, rest = text[at:end].partition("=")
        before = before.strip()
        name = before.lstrip("#").strip().removeprefix("export ").strip()
        if equals and name:
            found = _assignment(text, end - len(rest.lstrip()), end, name, commented=before.startswith("#"))
            yield found
            # A quote that is opened in a comment closes nothing behind it.
            end = end if found.commented else _line_end(text, found.end)
        at = end + 1


def _assignment(text: str, start: int, end: int, name: str, *, commented: bool) -> Assignment:
    """The value that begins at ``start``, on the line that ends at ``end``."""
    if start < end and text[start] in _QUOTES:
        return Assignment(name, start + 1, _closing(text, start + 1, text[start]), text[start], commented)
    value = text[start:end].partition(" #")[0].partition("\t#")[0].rstrip()
    return Assignment(name, start, start + len(value), "", commented)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _closing(text: str, start: int, quote: str) -> int:
    """Where the quoted text ends that begins at ``start``; at the end of its line where it is never closed."""
    at = start
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
        elif text[at] == quote:
            return at
        else:
            at += 1
    return _line_end(text, start)
