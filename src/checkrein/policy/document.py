"""A policy file's text as plain data in which every key and value remembers its line.

Built from YAML events rather than by a YAML loader: no tag can make an object, aliases (and with them "billion laughs" files)
are refused, and depth and number of nodes are capped before anything is built from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from checkrein.core import PolicyError

MAX_DEPTH = 16
MAX_NODES = 20_000
_LONGEST_TYPED_SCALAR = 64  # longer ones are text: no number of ours has so many digits

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TYPED = {
    "tag:yaml.org,2002:int": yaml.SafeLoader.construct_yaml_int,
    "tag:yaml.org,2002:bool": yaml.SafeLoader.construct_yaml_bool,
    "tag:yaml.org,2002:null": yaml.SafeLoader.construct_yaml_null,
}


@dataclass(frozen=True, slots=True)
class Document:
    """``data`` is plain (dict, list, str, int, bool, None). ``lines`` maps a path of keys and indexes to a line, from 1."""

    data: Any
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """The line of the entry at ``path``, or of the nearest entry above it that is there."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_document(text: str, name: str) -> Document:
    """The document in ``text``. ``name`` is the file's, for errors. An empty file is an empty mapping.

    Raises PolicyError with file and line where the text is not one plain YAML document.
    """
    try:
        return _Builder(name).build(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise PolicyError(f"{name}:{line}: is not YAML: {error.problem or error.context}", fix="Correct the line.") from error
    except yaml.YAMLError as error:  # a control character
        raise PolicyError(f"{name}: is not YAML: it holds a character that YAML forbids", fix="Remove it.") from error


class _Builder:
    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0
        self._lines: dict[tuple[str | int, ...], int] = {}
        self._scalars: Any = yaml.SafeLoader("")

    def build(self, events: Iterator[yaml.Event]) -> Document:
        data: Any = {}
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "holds a second YAML document", "Keep one document: remove the line '---'.")
            elif isinstance(event, yaml.NodeEvent):
                self._lines[()] = _line(event)
                data = self._node(event, events, ())
        return Document({} if data is None else data, self._lines)

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], path: tuple[str | int, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._error(event, f"holds more than {MAX_NODES} entries", "Shorten the file.")
        if len(path) > MAX_DEPTH:
            raise self._error(event, "is nested too deeply", "A policy has no more than five levels.")
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, "uses a YAML alias", "Write the value out: aliases are not accepted in a policy.")
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            raise self._error(event, "uses a YAML anchor", "Remove it: anchors are not accepted in a policy.")
        if getattr(event, "tag", None) not in (None, "!"):
            raise self._error(event, "uses a YAML tag", "Remove it: tags are not accepted in a policy.")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 (the parser yields no other node)
        return self._scalar(event)

    def _mapping(self, events: Iterator[yaml.Event], path: tuple[str | int, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._error(event, "has a key that is not plain text", "Use a word as the key.")
            key = event.value
            if key in found:
                raise self._error(event, f"has the key {key!r} twice", "Keep one of them.")
            self._lines[*path, key] = _line(event)
            found[key] = self._node(next(events), events, (*path, key))
        return found

    def _sequence(self, events: Iterator[yaml.Event], path: tuple[str | int, ...]) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            self._lines[*path, len(found)] = _line(event)
            found.append(self._node(event, events, (*path, len(found))))
        return found

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        if len(event.value) > _LONGEST_TYPED_SCALAR or not event.implicit[0]:
            return event.value
        tag = self._scalars.resolve(yaml.ScalarNode, event.value, (True, False))
        construct = _TYPED.get(tag)
        if construct is None:
            return event.value
        try:
            return construct(self._scalars, yaml.ScalarNode(tag, event.value))
        except ValueError:  # "0_", which looks like a number and is none
            return event.value

    def _error(self, event: yaml.Event, what: str, fix: str) -> PolicyError:
        return PolicyError(f"{self._name}:{_line(event)}: {what}", fix=fix)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
