"""JSON as text: parse with positions, and rewrite to a new value while every byte that stays the same stays where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Never

MAX_DEPTH = 200
"""Deeper nesting is refused: no settings file needs it, and it would exhaust the interpreter's stack."""

_BLANK = " \t\r\n"


class JsonError(ValueError):
    """Text that is not strict JSON. ``line`` and ``column`` count from 1; ``hint`` says how to mend it."""

    def __init__(self, message: str, text: str, position: int, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = text.count("\n", 0, position) + 1
        self.column = position - (text.rfind("\n", 0, position) + 1) + 1


@dataclass(frozen=True, slots=True)
class Node:
    """One value in a text: ``text[start:end]``. ``parts`` are its members or items, each with where its own text begins."""

    start: int
    end: int
    value: Any
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A member of an object (``key`` set) or an item of an array. ``start`` is where its text begins: the key, or the value."""

    start: int
    node: Node
    key: str = field(default="")


def parse(text: str) -> Node:
    """The root value of ``text``. A leading byte order mark is left out of it. Raises JsonError."""
    return _Parser(text).root()


def line_of(text: str, node: Node) -> int:
    """The line, from 1, on which ``node`` begins."""
    return text.count("\n", 0, node.start) + 1


def find(node: Node, *path: str) -> Node | None:
    """The value at ``path`` below ``node``, one key or array index per step; None where there is none."""
    for step in path:
        if isinstance(node.value, dict):
            found = next((part.node for part in node.parts if part.key == step), None)
        elif isinstance(node.value, list) and step.isdecimal() and int(step) < len(node.parts):
            found = node.parts[int(step)].node
        else:
            found = None
        if found is None:
            return None
        node = found
    return node


def same(left: object, right: object) -> bool:
    """Equal as JSON: types count (``1`` is not ``true``), the order of keys does not."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right


def rewrite(text: str, value: object) -> str:
    """``text`` changed as little as possible, so that it parses to ``value``. Raises JsonError where ``text`` is broken.

    Keys keep their order and new ones come last; values that do not change keep their very bytes, and so does the space
    around them. What is new takes the indentation and the line ends of the rest.
    """
    root = parse(text)
    return text[: root.start] + _Writer(text, root).render(root, value) + text[root.end :]


def dump(value: object, indent: str = "  ") -> str:
    """``value`` as a fresh settings file has it, without a final newline."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.scalars = json.JSONDecoder(parse_constant=self._refuse_constant)

    def root(self) -> Node:
        node = self._value(self._skip(1 if self.text.startswith("\ufeff") else 0), 0)
        rest = self._skip(node.end)
        if rest != len(self.text):
            self._fail("more text after the end of the JSON value", rest, "remove what follows the closing bracket")
        return node

    def _value(self, at: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            self._fail(f"nested more than {MAX_DEPTH} levels deep", at)
        opening = self.text[at : at + 1]
        if opening == "{":
            return self._object(at, depth)
        if opening == "[":
            return self._array(at, depth)
        if not opening:
            self._fail("the text ends where a value is expected", at, "an empty settings file is written {}")
        try:
            value, end = self.scalars.raw_decode(self.text, at)
        except json.JSONDecodeError as error:
            hint = "write strings in double quotes, and only true, false, null or numbers without"
            self._fail(error.msg.lower(), error.pos, hint)
        return Node(at, end, value)

    def _object(self, start: int, depth: int) -> Node:
        value: dict[str, Any] = {}
        parts = []
        for at in self._elements(start, "}"):
            if self.text[at] != '"':
                self._fail("expected a key in double quotes", at)
            key = self._value(at, depth + 1)
            colon = self._skip(key.end)
            if self.text[colon : colon + 1] != ":":
                self._fail("expected ':' after a key", colon)
            if key.value in value:
                self._fail(f"the key {json.dumps(key.value)} stands twice in one object", at, "keep one of the two")
            node = self._value(self._skip(colon + 1), depth + 1)
            value[key.value] = node.value
            parts.append(Part(at, node, key.value))
            self.position = node.end
        return Node(start, self.position, value, tuple(parts))

    def _array(self, start: int, depth: int) -> Node:
        parts = []
        for at in self._elements(start, "]"):
            node = self._value(at, depth + 1)
            parts.append(Part(at, node))
            self.position = node.end
        return Node(start, self.position, [part.node.value for part in parts], tuple(parts))

    def _elements(self, start: int, closing: str) -> Iterator[int]:
        """Where each element begins. The caller leaves the element's end in ``position``; at last it is the container's end."""
        at = self._skip(start + 1)
        if self.text[at : at + 1] == closing:
            self.position = at + 1
            return
        while True:
            if at >= len(self.text):
                self._fail(f"the text ends before '{closing}'", at)
            yield at
            at = self._skip(self.position)
            mark = self.text[at : at + 1]
            if mark == closing:
                self.position = at + 1
                return
            if mark != ",":
                self._fail(f"expected ',' or '{closing}'", at, "is a comma missing on the line before?")
            comma = at
            at = self._skip(at + 1)
            if self.text[at : at + 1] == closing:
                self._fail("a comma stands before the closing bracket", comma, "remove the comma")

    def _skip(self, at: int) -> int:
        while at < len(self.text) and self.text[at] in _BLANK:
            at += 1
        if self.text.startswith(("//", "/*"), at):
            self._fail("JSON has no comments", at, "remove the comment")
        return at

    def _fail(self, message: str, position: int, hint: str = "") -> Never:
        raise JsonError(message, self.text, min(position, len(self.text)), hint)

    def _refuse_constant(self, name: str) -> Never:
        self._fail(f"{name} is not JSON", self.text.find(name), "write a number")


@dataclass(frozen=True, slots=True)
class _Piece:
    """One element of a container as it will be. ``old`` is its index before, or -1 where it is new."""

    old: int
    text: str


class _Writer:
    def __init__(self, text: str, root: Node) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.unit = self._indent_unit(root)

    def render(self, node: Node, value: object) -> str:
        if same(node.value, value):
            return self.text[node.start : node.end]
        if isinstance(node.value, dict) and isinstance(value, dict) and node.parts:
            return self._join(node, list(self._members(node, value)))
        if isinstance(node.value, list) and isinstance(value, list) and node.parts:
            return self._join(node, list(self._items(node, value)))
        return self._fresh(value, self._line_indent(node.start), spread=True)

    def _members(self, node: Node, value: dict[str, Any]) -> Iterator[_Piece]:
        for index, part in enumerate(node.parts):
            if part.key in value:
                yield _Piece(index, self.text[part.start : part.node.start] + self.render(part.node, value[part.key]))
        for key, new in value.items():
            if key not in node.value:
                yield _Piece(-1, f"{json.dumps(key, ensure_ascii=False)}: {self._element(node, new)}")

    def _items(self, node: Node, value: list[Any]) -> Iterator[_Piece]:
        before = [json.dumps(item, sort_keys=True) for item in node.value]
        after = [json.dumps(item, sort_keys=True) for item in value]
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag in ("equal", "replace") and i2 - i1 == j2 - j1:
                for old, new in zip(range(i1, i2), range(j1, j2), strict=True):
                    yield _Piece(old, self.render(node.parts[old].node, value[new]))
            else:
                for new in range(j1, j2):
                    yield _Piece(-1, self._element(node, value[new]))

    def _join(self, node: Node, pieces: list[_Piece]) -> str:
        opening, closing = self.text[node.start], self.text[node.end - 1]
        if not pieces:
            return opening + closing
        parts = node.parts
        head = self.text[node.start + 1 : parts[0].start]
        fresh = "," + (self.newline + head.rpartition("\n")[2] if "\n" in head else " ")
        out = [opening, head]
        for place, piece in enumerate(pieces):
            if place and piece.old > 0:
                out.append(self.text[parts[piece.old - 1].node.end : parts[piece.old].start])
            elif place:
                out.append(fresh)
            out.append(piece.text)
        out += [self.text[parts[-1].node.end : node.end - 1], closing]
        return "".join(out)

    def _element(self, node: Node, value: object) -> str:
        head = self.text[node.start + 1 : node.parts[0].start]
        return self._fresh(value, head.rpartition("\n")[2], spread="\n" in head)

    def _fresh(self, value: object, indent: str, *, spread: bool) -> str:
        if not spread:
            return json.dumps(value, ensure_ascii=False)
        return dump(value, self.unit).replace("\n", self.newline + indent)

    def _line_indent(self, position: int) -> str:
        line = self.text[self.text.rfind("\n", 0, position) + 1 : position].lstrip("\ufeff")
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _indent_unit(self, root: Node) -> str:
        if root.parts:
            head = self.text[root.start + 1 : root.parts[0].start]
            if "\n" in head:
                return head.rpartition("\n")[2] or "  "
        return "  "
