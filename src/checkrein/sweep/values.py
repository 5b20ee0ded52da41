"""The values that a sweep found, each once however it was encoded: what kind it is, where it stands, and since when.

The values themselves are not kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect import encoded
from checkrein.detect.sensitive import Detector
from checkrein.sweep import texts
from checkrein.sweep.places import Copy
from checkrein.vault.entry import Entry

_DEEP = 3  # forms within one another
_UNNAMED = ("secret.known", "vault.known", "secret.generic-")
_SESSION = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BEGINNING = 0.0


@dataclass(slots=True)
class Value:
    """A value that was found, without the value: the rule that found it first, and how often it stands in which files.

    ``sessions``: in whose copies it stands, each with the time of the first record with it (0 where none is told); "" is the
    session of a copy that names none. ``known``: since when the vault has it, None where it does not. ``labels``: what its
    placeholders may be called. Times are seconds since the epoch.
    """

    rule: str
    label: str
    known: float | None = None
    labels: set[str] = field(default_factory=set)
    times: int = 0
    files: dict[str, None] = field(default_factory=dict)
    sessions: dict[str, float] = field(default_factory=dict)


class Values:
    """Counts values. ``kinds`` tells of what kind a credential is that is only known to be one, ``vaulted`` what the vault has
    of it."""

    def __init__(self, kinds: Detector | None = None, vaulted: Mapping[str, Entry] | None = None) -> None:
        self._kinds, self._vaulted = kinds, vaulted or {}

    def count(self, copy: Copy, text: str, found: Sequence[Sensitive], into: dict[bytes, Value]) -> None:
        """Add what was found in ``text``, a piece of that copy; ``into`` is keyed by a hash of each value."""
        said = _Said(copy, text)
        for each in found:
            value = text[each.start : each.end]
            plain = decoded(value)
            digest = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
            counted = into.get(digest)
            if counted is None:
                kept = [self._vaulted[form] for form in {value, plain} if form in self._vaulted]
                known = min((entry.first_seen for entry in kept), default=None)
                counted = into[digest] = Value(*self._named(each, plain), known, {each.label, *(entry.label for entry in kept)})
            counted.times += 1
            counted.files[copy.path] = None
            for session, at in said.of(each.start):
                counted.sessions[session] = min(at, counted.sessions.get(session, at))

    def _named(self, found: Sensitive, value: str) -> tuple[str, str]:
        """Rule and label: those of the kind that the value is by its form, or under its name, where only that it is secret is
        known."""
        if found.rule.startswith(_UNNAMED) and self._kinds is not None:
            for text in (value, f'{found.label}="{value}"'):
                for each in self._kinds.scan(text):
                    if each.certainty is Certainty.SPECIFIC and each.end - each.start >= len(value) // 2:
                        return each.rule, each.label
        return found.rule, found.label


def decoded(value: str) -> str:
    """What a value is before it was encoded."""
    for _ in range(_DEEP):
        inner = encoded.opened(value)
        if inner is None:
            break
        value = inner.text
    return value


class _Said:
    """Which sessions what stands in a text is of, and when it was said."""

    def __init__(self, copy: Copy, text: str) -> None:
        named = _SESSION.search(copy.path.removeprefix(copy.place.path))
        self._session = named[0] if named else ""
        self._lines, self._text = texts.is_lines(copy.path), text
        self._end, self._last = -1, {self._session: _BEGINNING}

    def of(self, at: int) -> list[tuple[str, float]]:
        """For what stands there; asked in the order of the text."""
        if self._lines and at >= self._end:
            start = self._text.rfind("\n", 0, at) + 1
            end = self._text.find("\n", at)
            self._end = end if end >= 0 else len(self._text)
            self._last = self._record(self._text[start : self._end])
        return list(self._last.items())

    def _record(self, line: str) -> dict[str, float]:
        try:
            record: Any = orjson.loads(line)
        except (orjson.JSONDecodeError, UnicodeEncodeError):
            record = None
        if not isinstance(record, Mapping):
            return {self._session: _BEGINNING}
        named = record.get("sessionId")
        sessions = {self._session, named if isinstance(named, str) else ""} - {""} or {""}
        return dict.fromkeys(sessions, _time(record.get("timestamp")))


def _time(given: Any) -> float:
    """In seconds since the epoch, of ISO 8601 or milliseconds; 0 of anything else."""
    if isinstance(given, str):
        try:
            return datetime.fromisoformat(given).timestamp()
        except ValueError:
            return _BEGINNING
    return given / 1000 if isinstance(given, int | float) else _BEGINNING
