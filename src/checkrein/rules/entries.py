"""Entries of data files, read strictly: what is not as it has to be is an error that names file and entry."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, TypeVar

import yaml

ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,23}")
"""The label of a placeholder."""

E = TypeVar("E", bound=Enum)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def listed(text: str, where: str) -> list[Any]:
    """The entries of a data file's text. ValueError where it is not a list in YAML."""
    try:
        entries = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise ValueError(f"{where}: not YAML: {error}") from error
    if not isinstance(entries, list):
        raise ValueError(f"{where}: the file is not a list of entries")
    return entries


def check_unique(ids: Iterable[str]) -> None:
    """ValueError where an id stands twice."""
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise ValueError(f"{name} is defined twice")
        seen.add(name)


class Entry:
    """One entry, field by field. ``where`` names it; every error is a ValueError that begins with it."""

    def __init__(self, given: object, file: str, fields: AbstractSet[str]) -> None:
        """``fields`` are all that an entry may have."""
        if not isinstance(given, dict):
            raise ValueError(f"{file}: an entry is a mapping with the fields {', '.join(sorted(fields))}")
        self.where = f"{file}: {given.get('id')}"
        self._given: dict[str, Any] = given
        self._fields = fields

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def check_fields(self, required: AbstractSet[str]) -> None:
        """Every field that has to be there is, and none that is not known."""
        missing, unknown = required - self._given.keys(), self._given.keys() - self._fields
        if missing or unknown:
            raise ValueError(f"{self.where}: missing fields {sorted(missing)}, unknown fields {sorted(unknown)}")

    def value(self, name: str, default: object) -> Any:
        """Whatever stands there."""
        return self._given.get(name, default)

    def text(self, name: str, form: re.Pattern[str] | None = None) -> str:
        """A text that is not blank, of a form where one is given."""
        text = self._given[name]
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{self.where}: {name} is not a text")
        if form is not None and not form.fullmatch(text):
            raise ValueError(f"{self.where}: the {name} {text!r} is not of the form {form.pattern}")
        return text

    def choice(self, name: str, choices: type[E]) -> E:
        """One of ``choices``, by what it is called in text."""
        known = {str(choice): choice for choice in choices}
        text = self.text(name)
        if text not in known:
            raise ValueError(f"{self.where}: {name} is none of {', '.join(known)}")
        return known[text]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty only where the field is not there."""
        texts = self._given.get(name, [])
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
            raise ValueError(f"{self.where}: {name} is not a list of texts (quote numbers and yes/no)")
        if name in self._given and not texts:
            raise ValueError(f"{self.where}: {name} is empty")
        return tuple(texts)

    def flag(self, name: str) -> bool:
        """True or false; false where the field is not there."""
        flag = self._given.get(name, False)
        if not isinstance(flag, bool):
            raise ValueError(f"{self.where}: {name} is not true or false")
        return flag
