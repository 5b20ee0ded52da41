"""Secrets in a table whose head names their column: CSV, the tables of database clients, and those of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.generic.judge import is_secret
from checkrein.detect.secrets.generic.literals import Form, Literal
from checkrein.detect.secrets.generic.names import Kind, kind_of
from checkrein.detect.secrets.generic.reader import Operator, Value

_HEAD_LINES = 6  # a table's head stands at the beginning of a file, or below a command and its border
_HEAD_LENGTH = 1_000
_BORDER = re.compile(r"[-+|=: ─┼├┤│\r]*")
_NAME = re.compile(r"[A-Za-z][\w .#-]{0,39}")
_NAMES = re.compile(r'[\w .#"-]*+(?:[,;\t|│][\w .#"-]*+)++\r?')
"""A line with nothing but names and what divides them."""
_NAMES_ABOVE = re.compile(rf"(?:[^\n]*+\n){{0,{_HEAD_LINES - 1}}}?{_NAMES.pattern}\n")
"""One of the first lines is such a line: quickly seen, and hardly ever so."""
_TELLING = ("pass", "pwd", "secret", "token", "key", "cred", "salt")
_CELLS = {
    mark: re.compile(
        rf' *(?:"(?P<quoted>(?:[^"\n]|"")*)" *|(?P<bare>[^{re.escape(mark)}\n]*))(?:{re.escape(mark)}|\r?$)', re.MULTILINE
    )
    for mark in (",", ";", "\t", "|", "│")
}

Cells = list[tuple[int, int]]


def in_columns(text: str) -> Iterator[Sensitive]:
    """The secret values in columns with a telling name, of the table that ``text`` begins with."""
    head = _head(text)
    if head is None:
        return
    mark, columns, count, at = head
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if not _BORDER.fullmatch(text, at, end):
            cells = _cells(text, at, end, mark)
            if len(cells) != count:
                return
            yield from _secrets(text, cells, columns)
        at = end + 1


def _secrets(text: str, cells: Cells, columns: dict[int, Kind]) -> Iterator[Sensitive]:
    for number, kind in columns.items():
        start, end = cells[number]
        value = Value(Literal(start, end, Form.QUOTED, text[start:end]), Operator.TABLE)
        if start < end and is_secret(value, kind):
            yield Sensitive(kind.rule, kind.label, start, end, Certainty.GENERIC)


def _head(text: str) -> tuple[str, dict[int, Kind], int, int] | None:
    """What divides the cells, the kinds of secrets by the number of their column, how many there are, and where rows begin."""
    if _NAMES_ABOVE.match(text, 0, _HEAD_LENGTH) is None:
        return None
    beginning = text[:_HEAD_LENGTH].lower()
    if not any(word in beginning for word in _TELLING):
        return None
    at = 0
    for _ in range(_HEAD_LINES):
        end = text.find("\n", at, _HEAD_LENGTH)
        if end < 0:
            return None
        marks = [mark for mark in _CELLS if text.find(mark, at, end) >= 0] if _NAMES.fullmatch(text, at, end) else []
        for mark in marks:
            if found := _columns(text, _cells(text, at, end, mark)):
                return mark, *found, end + 1
        at = end + 1
    return None


def _columns(text: str, cells: Cells) -> tuple[dict[int, Kind], int] | None:
    names = [text[start:end] for start, end in cells]
    if len([name for name in names if name]) < 2 or not all(_NAME.fullmatch(name) for name in names if name):
        return None
    kinds = {number: kind for number, name in enumerate(names) if name and (kind := kind_of(name.replace(" ", "_")))}
    return (kinds, len(names)) if kinds else None


def _cells(text: str, start: int, end: int, mark: str) -> Cells:
    """Where the cells of the line from ``start`` to ``end`` stand, without blanks and quotes."""
    cells: Cells = []
    while start < end and (cell := _CELLS[mark].match(text, start, end)) and cell.end() > start:
        first, last = cell.span("quoted" if cell["quoted"] is not None else "bare")
        cells.append((first, first + len(text[first:last].rstrip())))
        start = cell.end()
    if text.startswith(mark, start - 1):
        cells.append((start, start))  # behind the last mark there is one more, which is empty
    return cells
