"""One layer: a policy file, validated and turned into typed settings, each with the line that it stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from checkrein.core import Action, PolicyError
from checkrein.policy.document import Document, parse_document
from checkrein.policy.model import Approval, Layer, Outside, PathAccess, PathRule, RuleSetting, Transport
from checkrein.policy.pathlist import PathList
from checkrein.policy.privacy import Attachments, ClassRule, DataClass, Term, database_url
from checkrein.policy.schema import suggestion, validate
from checkrein.rules import pii_kinds

PII_DEFAULT = "default"
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True, slots=True)
class Value:
    """The value of one key, and the ``FILE:LINE`` that it stands on."""

    value: Any
    source: str


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that patterns are relative to. Absolute, normalised."""

    project: str
    home: str


@dataclass(frozen=True, slots=True)
class LayerSettings:
    """What one file says. ``values`` maps a key (``scope.outside_read``) to its typed value."""

    layer: Layer
    values: Mapping[str, Value]
    rules: tuple[RuleSetting, ...] = ()
    protected: tuple[PathRule, ...] = ()
    sensitive: tuple[PathRule, ...] = ()
    locks: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    classes: tuple[ClassRule, ...] = ()


def read_layer(text: str, name: str, layer: Layer, places: Places, rule_ids: Iterable[str]) -> LayerSettings:
    """The settings in ``text``. ``name`` is the file's, for sources and errors.

    Raises PolicyError, with file, line and fix, where the file is not valid.
    """
    document = parse_document(text, name)
    validate(document, name)
    return _Reader(document, name, layer, places, tuple(rule_ids)).read()


class _Reader:
    def __init__(self, document: Document, name: str, layer: Layer, places: Places, rule_ids: tuple[str, ...]) -> None:
        self._document = document
        self._name = name
        self._layer = layer
        self._places = places
        self._rule_ids = rule_ids

    def read(self) -> LayerSettings:
        data = self._document.data
        return LayerSettings(
            self._layer,
            dict(self._values(data)),
            tuple(self._rules(data.get("rules", {}))),
            tuple(self._path_rules("protected", data.get("protected", []))),
            tuple(self._path_rules("sensitive", data.get("sensitive", []))),
            tuple(self._locks(data.get("locked", []))),
            tuple(self._terms(data.get("redaction", {}).get("dictionary", []))),
            tuple(self._classes(data.get("privacy", {}).get("classes", []))),
        )

    def _source(self, *path: str | int) -> str:
        if self._layer is Layer.DEFAULT:
            return "default"
        return f"{self._name}:{self._document.line(*path)}"

    def _values(self, data: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
        for key, convert in CONVERT.items():
            *groups, name = key.split(".")
            holder = data
            for group in groups:
                holder = holder.get(group, {})
            if name in holder:
                value = convert(holder[name], self._places)
                if key == "redaction.pii":
                    value = self._pii(holder[name])
                yield key, Value(value, self._source(*groups, name))

    def _pii(self, names: list[str]) -> frozenset[str]:
        """The kinds that are meant. ``default`` stands for all that are looked for without being asked to."""
        kinds = pii_kinds()
        for index, name in enumerate(names):
            if name != PII_DEFAULT and name not in kinds:
                line = self._document.line("redaction", "pii", index)
                raise PolicyError(
                    f"{self._name}:{line}: there is no kind of personal data {name!r}",
                    fix=f"{suggestion(name, kinds)}Use 'default', or one of: {', '.join(sorted(kinds))}.",
                )
        usual = {kind for kind, is_default in kinds.items() if is_default} if PII_DEFAULT in names else set()
        return frozenset(usual | set(names) - {PII_DEFAULT})

    def _rules(self, entries: Mapping[str, Any]) -> Iterator[RuleSetting]:
        for pattern, entry in entries.items():
            if not any(fnmatchcase(rule, pattern) for rule in self._rule_ids):
                where = f"{self._name}:{self._document.line('rules', pattern)}"
                hint = suggestion(pattern, self._rule_ids)
                raise PolicyError(
                    f"{where}: no rule is called {pattern[:80]!r}", fix=f"{hint}'checkrein policy explain' lists every rule."
                )
            word, reason = (entry["action"], entry.get("reason", "")) if isinstance(entry, dict) else (entry, "")
            yield RuleSetting(pattern, Action.parse(word), reason, self._source("rules", pattern), self._layer)

    def _path_rules(self, key: str, entries: list[Any]) -> Iterator[PathRule]:
        for index, entry in enumerate(entries):
            given: Mapping[str, Any] = {"paths": [entry]} if isinstance(entry, str) else entry
            paths = tuple(given["paths"])
            yield PathRule(
                paths=paths,
                access=PathAccess.READ if key == "sensitive" else PathAccess(given.get("access", "write")),
                action=Action.parse(given.get("action", "deny")),
                reason=given.get("reason", ""),
                source=self._source(key, index),
                layer=self._layer,
                matcher=_paths(paths, self._places),
            )

    def _terms(self, entries: list[Any]) -> Iterator[Term]:
        for index, entry in enumerate(entries):
            given: Mapping[str, str] = {"term": entry} if isinstance(entry, str) else entry
            yield Term(
                given["term"],
                given.get("label", "NAME"),
                DataClass(given.get("class", DataClass.CONFIDENTIAL)),
                self._source("redaction", "dictionary", index),
            )

    def _classes(self, entries: list[Mapping[str, Any]]) -> Iterator[ClassRule]:
        for index, entry in enumerate(entries):
            paths = tuple(entry["paths"])
            yield ClassRule(
                paths, DataClass(entry["class"]), self._source("privacy", "classes", index), _paths(paths, self._places)
            )

    def _locks(self, entries: list[str]) -> Iterator[str]:
        if entries and self._layer is not Layer.ORGANISATION:
            raise PolicyError(
                f"{self._name}:{self._document.line('locked')}: 'locked' belongs in the organisation's file",
                fix="Remove it here.",
            )
        groups = {key[:at] for key in CONVERT for at, char in enumerate(key) if char == "."}
        known = {*CONVERT, *groups, "rules", "protected", "sensitive", "redaction.dictionary", "privacy.classes"}
        for index, lock in enumerate(entries):
            if lock not in known and not lock.startswith("rules."):
                raise PolicyError(
                    f"{self._name}:{self._document.line('locked', index)}: there is no key {lock[:80]!r} to lock",
                    fix=f"{suggestion(lock, known)}Use one of: {', '.join(sorted(known))}, or rules.PATTERN.",
                )
            yield lock


def parse_size(size: int | str) -> int:
    """Bytes. ``200MB`` is 200 million, ``200MiB`` 200 * 2**20. The schema has checked the form."""
    if isinstance(size, int):
        return size
    digits, unit = re.fullmatch(r"(\d+) ?(\w+)", size, re.ASCII).groups()  # type: ignore[union-attr]
    return int(digits) * _UNITS[unit]


def _paths(patterns: Iterable[str], places: Places) -> PathList:
    return PathList(patterns, project=places.project, home=places.home)


def _folders(folders: list[str], places: Places) -> tuple[str, ...]:
    absolute = (places.home + folder.removeprefix("~") if folder.startswith("~") else folder for folder in folders)
    return tuple(folder.rstrip("/") or "/" for folder in absolute)


def _by(convert: Callable[[Any], Any]) -> Callable[[Any, Places], Any]:
    """A conversion that the places have no part in."""
    return lambda value, _places: convert(value)


_distinct = _by(lambda names: tuple(dict.fromkeys(names)))
_hosts = _by(lambda names: tuple(dict.fromkeys(name.lower() for name in names)))

CONVERT: Mapping[str, Callable[[Any, Places], Any]] = {
    "approve": _by(lambda names: frozenset(Approval(name) for name in names)),
    "unknown": _by(Action.parse),
    "ignore_files": _distinct,
    "scope.outside_read": _by(Outside),
    "scope.outside_write": _by(Outside),
    "scope.folders": _folders,
    "undo.enabled": _by(bool),
    "undo.max_bytes": _by(parse_size),
    "undo.keep_days": _by(int),
    "privacy.class": _by(DataClass),
    "redaction.enabled": _by(bool),
    "redaction.generic": _by(bool),
    "redaction.pii": _by(frozenset),
    "redaction.restore.files": _paths,
    "redaction.restore.hosts": _hosts,
    "redaction.restore.servers": _distinct,
    "redaction.expire_days": _by(int),
    "redaction.wrap": _by(bool),
    "gateway.enabled": _by(bool),
    "gateway.upstream": _by(lambda url: url.rstrip("/")),
    "gateway.attachments": _by(Attachments),
    "gateway.store": _by(database_url),
    "gateway.workers": _by(int),
    "gateway.account": _by(str),
    "transport": _by(Transport),
    "on_error": _by(Action.parse),
}
"""Every key with a value of its own, and how its YAML value becomes the typed one. The order is that of ``policy show``."""
