"""What ``checkrein check secret`` and ``checkrein check pii`` share: cases and files in, findings out, never a value."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from checkrein.cli._files import read_whole
from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.exceptions import Allowed
from checkrein.detect.sensitive import Looked
from checkrein.report.text import clean, counted

_SNIFFED = 8_192  # bytes in which a file that is not text shows itself by a NUL
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEVERITY = {Certainty.GENERIC: "medium", Certainty.SPECIFIC: "high", Certainty.KNOWN: "critical"}

Look = Callable[[str], Looked]


@dataclass(frozen=True, slots=True)
class Place:
    """A finding in a file: line and column count from 1, the column in characters. ``value`` never leaves the process."""

    path: str
    line: int
    column: int
    found: Sensitive
    value: str = field(repr=False)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Without the value."""
        told = {"path": self.path, "line": self.line, "column": self.column, **_described(self.found)}
        return {**told, "reason": self.reason} if self.reason else told


@dataclass(slots=True)
class Seen:
    """What a scan of files came to. ``allowed``: by comments. ``unreadable`` holds path and reason."""

    found: list[Place] = field(default_factory=list)
    allowed: list[Place] = field(default_factory=list)
    files: int = 0
    binary: list[str] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def line_of(place: Place) -> str:
    """A finding as a line for a person: where it is, and what; not the value."""
    return f"{clean(place.path)}:{place.line}:{place.column}: {place.found.rule} {place.found.label}"


def passed_over(seen: Seen) -> list[str]:
    """What a scan did not look into, in words."""
    parts = [f"{counted(len(seen.binary), 'binary file')} passed over"] if seen.binary else []
    return parts + ([f"{counted(len(seen.unreadable), 'path')} not read"] if seen.unreadable else [])


def answers(lines: Iterable[bytes], look: Look) -> Iterator[dict[str, Any]]:
    """One answer for each line that is not empty; ``error`` says what is wrong with one that cannot be understood."""
    for line in lines:
        if not line.strip():
            continue
        try:
            case = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield {"id": None, "error": f"the line is not JSON: {error}"}
            continue
        identity = case.get("id") if isinstance(case, dict) else None
        if not isinstance(case, dict) or not isinstance(case.get("text"), str):
            yield {"id": identity, "error": "a case needs a text"}
            continue
        findings = [{**_described(each), "start": each.start, "end": each.end} for each in look(case["text"]).found]
        yield {"id": identity, "findings": findings}


def scan_files(paths: Iterable[str], look: Look) -> Seen:
    """Scan files, and all files below folders but for ``.git``. UsageError where a path does not exist."""
    seen = Seen()
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(
                f"there is no {clean(path)}" if path else "the path is empty", fix="name files or folders that exist"
            )
        for file in _files(path, seen):
            _scan_file(file, look, seen)
    return seen


def _files(path: str, seen: Seen) -> Iterator[str]:
    """The files at and below ``path``, in order. Links within folders are passed over: what they lead to has a path too."""
    if not Path(path).is_dir():
        yield path
        return

    def note(error: OSError) -> None:
        seen.unreadable.append((str(error.filename), error.strerror or type(error).__name__))

    for folder, folders, names in os.walk(path, onerror=note):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                yield str(file)


def _scan_file(path: str, look: Look, seen: Seen) -> None:
    try:
        data = read_whole(Path(path))
    except OSError as error:
        seen.unreadable.append((path, error.strerror or type(error).__name__))
        return
    encoding = _MARKS.get(data[:2], "utf-8")
    if encoding == "utf-8" and b"\0" in data[:_SNIFFED]:
        seen.binary.append(path)
        return
    seen.files += 1
    text = data.decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    looked = look(text)
    if looked.found or looked.allowed:
        lines = _Lines(text)
        seen.found.extend(_place(path, text, lines, each) for each in looked.found)
        seen.allowed.extend(_place(path, text, lines, one.found, one) for one in looked.allowed)


def _place(path: str, text: str, lines: _Lines, found: Sensitive, allowed: Allowed | None = None) -> Place:
    line, column = lines.at(found.start)
    return Place(path, line, column, found, text[found.start : found.end], allowed.reason if allowed else "")


class _Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _described(found: Sensitive) -> Mapping[str, Any]:
    return {"rule": found.rule, "label": found.label, "severity": _SEVERITY[found.certainty]}
