"""One path as the tables look at it: lower case, in segments, its spelling undone, with the names that it is a copy of."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

_SCHEMES = frozenset({"http:", "https:", "ftp:", "ftps:", "ssh:", "git:", "s3:", "gs:", "ws:", "wss:", "data:", "mailto:"})
_DRIVE = re.compile(r"[a-z]:")
_WINDOWS = re.compile(r"(?:^|/)(?:[a-z]:|~|\.{1,2}|\\)\\")
_HOMES = re.compile(
    r"(?:/home/[^/]+|/users/[^/]+|/root|/var/root|/export/home/[^/]+|(?:/mnt)?/[a-z]/users/[^/]+"
    r"|[a-z]:/users/[^/]+|[a-z]:/documents and settings/[^/]+)/"
)
_COPY_WORD = re.compile(r"(?: - |[ _-])copy(?: ?\(?\d+\)?)?(?=\.[^.]+$|$)|^copy of ")
_COPY_SUFFIX = re.compile(
    r"(?:~|\s?\(\d+\)|[._-](?:(?:bak|backup|bkp|old|orig|original|prev|save|saved|copy|tmp|swp|swo|gz|bz2|xz|zst|zip|tar|tgz|7z)\d*"
    r"|\d{1,14}|\d{4}-\d\d-\d\d))$"
)
_EDITOR_COPY = re.compile(r"^\.#(?P<lock>.+)$|^#(?P<saved>.+)#$|^\.(?P<swapped>.+)\.sw[a-p]$")
_BLANKS_OF_A_SENTENCE = 4
_LONGEST_NAME = 255  # characters; no file system that matters has longer names (NAME_MAX)
_DEEPEST = 64  # segments; what is between the ends of a deeper path decides nothing, and must not cost anything either
_MAYBE_COPY = re.compile(r"[~#)]$|copy|[._-](?:ba|bk|or|ol|pr|sa|tm|sw|gz|bz|xz|zs|zi|ta|tg|7z|\d)")


@dataclass(frozen=True, slots=True)
class PathView:
    """``parts`` are the segments of the absolute path; ``below_home`` those below a home folder, None elsewhere.

    ``name`` is the last segment, ``names`` the ones that it may be a copy of, itself first. ``absolute`` is the path itself.
    ``is_text``: the last segment is a sentence or a regular expression, so that no name can be read from it.
    """

    absolute: str
    parts: tuple[str, ...]
    below_home: tuple[str, ...] | None
    name: str
    names: tuple[str, ...]
    is_text: bool


def view_of(path: str, home: str) -> PathView | None:
    """The view of an absolute path, or None for a URL, which names no local path."""
    text = _with_slashes(path.lower())
    parts = tuple(_capped(part) for part in posixpath.normpath(text).split("/") if part)
    for index, part in enumerate(parts):
        if part == "file:":
            parts = parts[index + 1 :]
            break
        if part in _SCHEMES:
            return None
    windows = next((index for index, part in enumerate(parts) if _DRIVE.fullmatch(part)), None)
    absolute = "/" + "/".join(parts) if windows is None else "/".join(parts[windows:])
    parts = parts if windows is None else parts[windows:]
    if len(parts) > _DEEPEST:
        parts = (*parts[: _DEEPEST // 2], *parts[-_DEEPEST // 2 :])
        absolute = ("/" if windows is None else "") + "/".join(parts)
    name = parts[-1] if parts else ""
    is_text = "\\" in name or name.count(" ") >= _BLANKS_OF_A_SENTENCE
    return PathView(absolute, parts, _below_home(absolute, home.lower()), name, _names(name), is_text)


def _capped(segment: str) -> str:
    """``segment`` with its middle cut out where it is too long to be a name: a text of any length costs the same."""
    return segment if len(segment) <= _LONGEST_NAME else segment[: _LONGEST_NAME // 2] + segment[-_LONGEST_NAME // 2 :]


def _with_slashes(path: str) -> str:
    if "\\" not in path:
        return path
    if _WINDOWS.search(path):
        return path.replace("\\", "/")
    # Without a drive a backslash before a dot is a regular expression ("process\.env"), not a separator.
    return re.sub(r"\\(?=[^.\\])", "/", path)


def _below_home(absolute: str, home: str) -> tuple[str, ...] | None:
    if home != "/" and absolute.startswith(home) and absolute[len(home) : len(home) + 1] == "/":
        return tuple(absolute[len(home) + 1 :].split("/"))
    found = _HOMES.match(absolute)
    return tuple(absolute[found.end() :].split("/")) if found else None


def _names(name: str) -> tuple[str, ...]:
    if not _MAYBE_COPY.search(name):
        return (name,)
    names = [name]
    edited = _EDITOR_COPY.match(name)
    if edited:
        names.append(edited[edited.lastgroup or 0])
    current = names[-1]
    for _ in range(3):
        stripped = _COPY_SUFFIX.sub("", _COPY_WORD.sub("", current))
        if stripped in (current, ""):
            break
        names.append(stripped)
        current = stripped
    return tuple(names)
