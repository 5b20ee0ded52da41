"""A pattern file compiled for look-up: dictionaries of names, endings and first folders decide which expressions are tried."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from checkrein.detect.paths.globs import expand, is_literal, name_expression, path_expression
from checkrein.detect.paths.view import PathView

FIELDS = frozenset({"rule", "names", "globs", "home", "below", "root", "unless", "except", "not_below"})

_Anchored = Mapping[str, Sequence[tuple[str, int]]]
"""By their first segment: expressions, not compiled yet, since most begin with a folder that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a pattern file. ``unless`` and ``excepted`` are None where there is nothing to exempt."""

    rule: str
    unless: re.Pattern[str] | None
    excepted: re.Pattern[str] | None
    not_below: frozenset[str]


class Table:
    """The entries of one pattern file. The first entry that matches a path names its rule."""

    def __init__(self, entries: Iterable[Mapping[str, Any]], harmless: Iterable[str] = ()) -> None:
        data = list(entries)
        for each in data:
            unknown = set(each) - FIELDS
            if unknown or "rule" not in each:
                raise ValueError(f"pattern entry {each.get('rule')}: unknown fields {sorted(unknown)}, or no rule")
        self.entries = tuple(_entry(each) for each in data)
        self._harmless = frozenset(harmless)
        self._names: dict[str, list[int]] = defaultdict(list)
        self._endings: dict[str, list[int]] = defaultdict(list)
        self._globs: list[tuple[re.Pattern[str], int]] = []
        for index, each in enumerate(data):
            for name in each.get("names", ()):
                self._names[name.lower()].append(index)
            for glob in _expanded(each, "globs"):
                if glob.startswith("*.") and is_literal(glob[2:]) and "." not in glob[2:]:
                    self._endings[glob[2:]].append(index)
                else:
                    self._globs.append((re.compile(name_expression(glob)), index))
        self._any_glob = re.compile("|".join(each.pattern for each, _ in self._globs) or "(?!)")
        self._home = _by_first_segment(data, "home", first=0)
        self._below = _by_first_segment(data, "below", first=0)
        self._root = _by_first_segment(data, "root", first=1)

    def find(self, view: PathView, *, by_name: bool = True, copies: bool = False) -> str:
        """The id of the rule that the path falls under, or "".

        ``by_name``: names and globs count, not only places. ``copies``: what looks like a copy counts as the original.
        """
        best = len(self.entries)
        for name in view.names if copies else view.names[:1]:
            for index in self._candidates(view, name, by_name=by_name and not view.is_text):
                if index < best and self._holds(self.entries[index], view, name):
                    best = index
        return self.entries[best].rule if best < len(self.entries) else ""

    def _candidates(self, view: PathView, name: str, *, by_name: bool) -> Iterator[int]:
        parts = view.parts
        if by_name:
            yield from self._native(self._by_name(name), parts[:-1])
        if view.below_home:
            yield from _anchored(self._home, view.below_home, 0, name)
        if parts:
            yield from _anchored(self._root, parts, 0, name, prefix="" if parts[0][-1] == ":" else "/")
        for at, part in enumerate(parts):
            if part in self._below:
                yield from self._native(_anchored(self._below, parts, at, name), parts[:at])

    def _by_name(self, name: str) -> list[int]:
        found = list(self._names.get(name, ()))
        stem, _, ending = name.rpartition(".")
        endings = self._endings.get(ending) if stem else None
        globbed = self._any_glob.fullmatch(name) is not None
        if (endings or globbed) and not self._is_harmless(name):
            found += endings or ()
            found += (index for regex, index in self._globs if globbed and regex.fullmatch(name))
        return found

    def _native(self, indexes: Iterable[int], folders: Sequence[str]) -> Iterator[int]:
        return (index for index in indexes if self.entries[index].not_below.isdisjoint(folders))

    def _is_harmless(self, name: str) -> bool:
        return any(word in self._harmless for word in re.split(r"[._-]+", name.lstrip("."))[1:])

    @staticmethod
    def _holds(entry: Entry, view: PathView, name: str) -> bool:
        if entry.unless is not None and (entry.unless.fullmatch(name) or entry.unless.fullmatch(view.names[-1])):
            return False
        return entry.excepted is None or entry.excepted.search(view.absolute) is None


def _entry(data: Mapping[str, Any]) -> Entry:
    excepted = [_excepted(glob) for glob in _expanded(data, "except")]
    return Entry(
        rule=data["rule"],
        unless=_union(map(name_expression, _expanded(data, "unless"))),
        excepted=_union(excepted),
        not_below=frozenset(folder.lower() for folder in data.get("not_below", ())),
    )


def _excepted(glob: str) -> str:
    start = "^" if glob.startswith("/") else "(?:^|/)"
    return f"{start}{path_expression(glob)}$"


def _union(expressions: Iterable[str]) -> re.Pattern[str] | None:
    alternatives = list(expressions)
    return re.compile("|".join(f"(?:{each})" for each in alternatives), re.DOTALL) if alternatives else None


def _expanded(data: Mapping[str, Any], key: str) -> list[str]:
    return [each for pattern in data.get(key, ()) for each in expand(pattern.lower())]


def _by_first_segment(data: Sequence[Mapping[str, Any]], key: str, *, first: int) -> _Anchored:
    """The entries' patterns by their first literal segment. ``first``: which segment of ``/etc/x`` or ``etc/x`` that is."""
    table: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for index, each in enumerate(data):
        for glob in _expanded(each, key):
            segment = glob.split("/")[first if glob.startswith("/") else 0]
            anchor = segment if is_literal(segment) else ""
            table[anchor].append((path_expression(glob), index))
    return dict(table)


def _anchored(table: _Anchored, parts: Sequence[str], at: int, name: str, prefix: str = "") -> Iterator[int]:
    """The entries whose pattern the segments from ``at`` match, the last of them called ``name``."""
    found = (*table.get(parts[at], ()), *table.get("", ()))
    if found:
        text = prefix + "/".join((*parts[at:-1], name))
        yield from (index for expression, index in found if _compiled(expression).fullmatch(text))


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)
