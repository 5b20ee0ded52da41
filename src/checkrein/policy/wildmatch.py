"""One line of an ignore file, compiled to a matcher that behaves as git's own ``wildmatch`` does, in linear time.

Ignore files come with a repository, so they are hostile input: a pattern such as ``*a*a*a*a*b`` must not be able to hang the
guard, as it does a backtracking matcher. The translation below needs no backtracking across wildcards: between two ``*`` of one
path segment the leftmost match is always good enough (whatever lies behind it, the second ``*`` takes up), so every such piece
is an atomic group; the same holds for the groups of segments between two ``**/``.

Source of the semantics: gitignore(5), and ``dir.c`` and ``wildmatch.c`` of git.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}

_STAR = "*"  # any text within one segment
_FOLDERS = "**/"  # any number of whole folders
_REST = "/**"  # whatever follows


class _NeverMatchesError(Exception):
    """The pattern is malformed; git keeps such a line and matches nothing with it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line. ``line`` counts from 1. ``regex`` is None where the line can match nothing."""

    line: int
    negated: bool
    folders_only: bool
    by_name: bool  # matched against the last segment alone, at any depth
    regex: re.Pattern[str] | None

    def matches(self, path: str, name: str, *, is_dir: bool) -> bool:
        """Whether exactly this entry is meant. ``path`` is relative to the ignore file's folder, ``name`` its last segment."""
        if self.regex is None or (self.folders_only and not is_dir):
            return False
        return self.regex.fullmatch(name if self.by_name else path) is not None


def parse_lines(text: str) -> Iterator[Pattern]:
    """The patterns of an ignore file, comments and blank lines left out."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        pattern = parse_line(line.removesuffix("\r"), number)
        if pattern is not None:
            yield pattern


def parse_line(line: str, number: int = 1) -> Pattern | None:
    """The pattern of one line, or None for a comment or a blank line."""
    if line.startswith("#"):
        return None
    text = _without_trailing_spaces(line)
    negated = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text.removesuffix("/")
    if not text:
        return None
    by_name = "/" not in text
    try:
        regex = re.compile(_translate(text if by_name else text.removeprefix("/"), by_name=by_name), re.DOTALL)
    except _NeverMatchesError:
        regex = None
    return Pattern(number, negated, folders_only, by_name, regex)


def _without_trailing_spaces(line: str) -> str:
    """``line`` without the spaces at its end, unless a backslash keeps them."""
    end = at = 0
    while at < len(line):
        if line[at] == "\\":
            at = min(at + 2, len(line))
            end = at
            continue
        at += 1
        if line[at - 1] != " ":
            end = at
    return line[:end]


def _translate(pattern: str, *, by_name: bool) -> str:
    """A regular expression for a whole path (or a whole name)."""
    groups: list[list[str]] = [[]]
    for token in _tokens(pattern, by_name=by_name):
        if token == _FOLDERS:
            groups.append([])
        else:
            groups[-1].append(token)
    if len(groups) == 1:
        return _group(groups[0], last=True)
    middle = "".join(f"(?>(?:[^/]*/)*?{_group(group, last=False)})" for group in groups[1:-1])
    return f"{_group(groups[0], last=False)}{middle}(?:[^/]*/)*{_group(groups[-1], last=True)}"


def _group(tokens: list[str], *, last: bool) -> str:
    """The expression of tokens without ``**/``. ``last``: the end of the path follows."""
    pieces: list[str] = [""]
    rest = ""
    for token in tokens:
        if token == _STAR:
            pieces.append("")
        elif token == _REST:
            rest = ".*"
        else:
            pieces[-1] += token
    first, *others = pieces
    anchored = last and not rest
    middle = others[:-1] if anchored else others
    text = first + "".join(f"(?>[^/]*?{piece})" for piece in middle)
    if anchored and others:
        text += f"[^/]*{others[-1]}"
    return text + rest


def _tokens(pattern: str, *, by_name: bool) -> Iterator[str]:
    at = 0
    # git compares the text before the first wildcard by itself, so that wildmatch sees what follows as the pattern's start:
    # the ``**`` of ``a**/b`` stands at a boundary.
    start = _literal_length(pattern)
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            end = at
            while end < len(pattern) and pattern[end] == "*":
                end += 1
            bounded = not by_name and end - at > 1 and (at == start or pattern[at - 1] == "/")
            if bounded and pattern[end : end + 1] == "/":
                yield _FOLDERS
                end += 1
            elif bounded and end == len(pattern):
                yield _REST
            else:
                yield _STAR
            at = end
        elif char == "?":
            yield "[^/]"
            at += 1
        elif char == "[":
            expression, at = _bracket(pattern, at + 1)
            yield expression
        elif char == "\\":
            if at + 1 == len(pattern):
                raise _NeverMatchesError
            yield re.escape(pattern[at + 1])
            at += 2
        else:
            yield re.escape(char)
            at += 1


def _literal_length(pattern: str) -> int:
    return next((at for at, char in enumerate(pattern) if char in "*?[\\"), len(pattern))


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """The expression of the bracket whose content begins at ``at``, and where the pattern goes on."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    items: list[str] = []
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        named = re.compile(r"\[:([^]]*?):\]").match(pattern, at)
        if named:
            if named[1] not in _CLASSES:
                raise _NeverMatchesError
            items.append(_CLASSES[named[1]])
            at = named.end()
            continue
        low, at = _bracket_char(pattern, at)
        if pattern[at : at + 1] == "-" and pattern[at + 1 : at + 2] not in ("]", ""):
            high, at = _bracket_char(pattern, at + 1)
            if low <= high:
                items.append(f"{re.escape(low)}-{re.escape(high)}")
            continue
        items.append(re.escape(low))
    if not items:  # only ranges that run backwards: nothing is in the bracket
        return ("[^/]" if negated else "(?!)"), at + 1
    content = "".join(items)
    return (f"[^/{content}]" if negated else f"(?!/)[{content}]"), at + 1


def _bracket_char(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise _NeverMatchesError
    return pattern[at], at + 1


class PatternList:
    """Patterns that are matched together, as those of one ignore file: the last one that matches decides."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(reversed(tuple(patterns)))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def last_match(self, path: str, *, is_dir: bool) -> Pattern | None:
        """The pattern that decides on exactly this entry (its parents are not looked at), or None."""
        name = path.rpartition("/")[2]
        for pattern in self._patterns:
            if pattern.matches(path, name, is_dir=is_dir):
                return pattern
        return None

    def covers(self, path: str, *, is_dir: bool) -> Pattern | None:
        """The pattern that excludes ``path`` or one of the folders above it, or None. ``path`` is relative, without ``..``."""
        end = path.find("/")
        while end >= 0:
            pattern = self.last_match(path[:end], is_dir=True)
            if pattern is not None and not pattern.negated:
                return pattern
            end = path.find("/", end + 1)
        pattern = self.last_match(path, is_dir=is_dir)
        return None if pattern is None or pattern.negated else pattern
