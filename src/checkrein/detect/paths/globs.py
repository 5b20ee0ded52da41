"""Globs of the pattern files, turned into regular expressions over lower-case paths."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ANY_FOLDERS = "(?:[^/]+/)*"


def expand(pattern: str) -> Iterator[str]:
    """``a{b,c}`` as ``ab`` and ``ac``."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found is None:
        yield pattern
        return
    for word in found[1].split(","):
        yield from expand(pattern[: found.start()] + word + pattern[found.end() :])


def name_expression(glob: str) -> str:
    """The expression of a glob for one segment. ``*`` spans no blank: a sentence that holds a name is no path."""
    return _segment(glob, r"[^/\s]*")


def path_expression(glob: str) -> str:
    """The expression of a glob for a path and all that is below it."""
    head, *rest = glob.split("/")
    text = _segment(head, "[^/]*")
    slash = "/"
    for segment in rest:
        if segment == "**":
            text += "/" + _ANY_FOLDERS
            slash = ""
        else:
            text += slash + _segment(segment, "[^/]*")
            slash = "/"
    return text + "(?:/.*)?"


def is_literal(text: str) -> bool:
    """Whether ``text`` holds no wildcard."""
    return not any(char in text for char in "*?[")


def _segment(glob: str, star: str) -> str:
    parts = re.split(r"(\*|\?|\[[^]]+\])", glob)
    special = {"*": star, "?": "[^/]"}
    return "".join(special.get(part, part if part.startswith("[") else re.escape(part)) for part in parts)
