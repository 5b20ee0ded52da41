"""Operators on values: addition in all its meanings, and the few others that build text."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice, product

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets.values import (
    MAX_OPTIONS,
    MAX_TEXT,
    NOWHERE,
    Atom,
    Obj,
    Pattern,
    Seq,
    Value,
    as_text,
    capped,
    concat,
    lift,
    merged,
    unfolded,
)

MAX_NUMBER = 1 << 64
PLACE = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d{0,3}(?:\.\d{1,3})?([sdrifxXuc%])")


def add(values: list[Value]) -> Value:
    """``a + b + ...`` where numbers add, lists join and everything else is text."""
    if not any(isinstance(atom, (int, float, Seq)) for value in values for atom in value.options):
        return concat(values)
    origins = NOWHERE.union(*(value.origins for value in values))
    combinations = islice(product(*(unfolded(value) for value in values)), MAX_OPTIONS + 1)
    return Value(capped(_sum(combination) for combination in combinations), origins)


def _sum(atoms: tuple[Atom, ...]) -> Atom:
    if any(isinstance(atom, Seq) for atom in atoms):
        items: list[Value] = []
        more = False
        for atom in atoms:
            if isinstance(atom, Seq):
                items += atom.items
                more = more or atom.more
            else:
                more = True
        return Seq(tuple(items), more)
    if all(isinstance(atom, (int, float)) for atom in atoms):
        total = sum(atom for atom in atoms if isinstance(atom, (int, float)))
        return total if abs(total) < MAX_NUMBER else UNKNOWN
    return merged(as_text(atom) for atom in atoms)


def binary(op: str, left: Value, right: Value) -> Value:
    """Another operator."""
    function = OPERATORS.get(op)
    if function is None:
        return Value((UNKNOWN,), left.origins | right.origins)
    return lift(function, [left, right], partial=True)


def _divide(left: Atom, right: Atom) -> Atom:
    if (isinstance(left, Obj) and left.cls == "Path") or (isinstance(right, Obj) and right.cls == "Path"):
        return Obj("Path", (Value((joined_path(left, right),)),))
    return _number(lambda a, b: a / b)(left, right)


def joined_path(*parts: Atom) -> Atom:
    """``os.path.join``: an absolute part starts again."""
    text = ""
    for part in parts:
        piece = as_text(part)
        text = piece if piece.startswith("/") or not text else f"{text.rstrip('/')}/{piece}"
    return Pattern(text) if any(is_pattern(part) for part in parts) else text


def is_pattern(atom: Atom) -> bool:
    """True for a glob pattern, or a path that is one."""
    return isinstance(atom, Pattern) or (isinstance(atom, Obj) and bool(atom.args) and isinstance(atom.args[0].sole, Pattern))


def _times(left: Atom, right: Atom) -> Atom:
    if isinstance(left, int) and isinstance(right, (str, bytes, Seq)):
        left, right = right, left
    if isinstance(left, (str, bytes)) and isinstance(right, int):
        return left * right if len(left) * max(right, 0) <= MAX_TEXT else UNKNOWN
    if isinstance(left, Seq) and isinstance(right, int):
        return Seq(left.items * right, left.more) if len(left.items) * max(right, 0) <= 4096 else UNKNOWN
    return _number(lambda a, b: a * b)(left, right)


def _percent(left: Atom, right: Atom) -> Atom:
    if isinstance(left, (str, bytes)):
        return printf(left, right)
    return _number(lambda a, b: a % b)(left, right)


def printf(template: Atom, *given: Atom) -> Atom:
    """``%``-formatting with plain places; anything finer makes that place unknown."""
    named: Callable[[str], Atom] = lambda _: UNKNOWN  # noqa: E731 - replaced below where a mapping is given
    first = given[0] if len(given) == 1 else None
    if isinstance(first, Seq):
        given = tuple(item.sole for item in first.items)
    elif first is not None and not isinstance(first, str) and hasattr(first, "get"):
        mapping = first
        named = lambda key: found.sole if (found := mapping.get(key)) is not None else UNKNOWN  # noqa: E731
    rest = iter(given)

    def place(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        atom = named(match[1]) if match[1] else next(rest, UNKNOWN)
        if match[2] == "c" and isinstance(atom, int) and 0 < atom < 0x110000:
            return chr(atom)
        if match[2] in "xX" and isinstance(atom, int):
            return format(atom, match[2])
        return as_text(atom)

    made = PLACE.sub(place, as_text(template))
    return made if len(made) <= MAX_TEXT else UNKNOWN


def _number(function: Callable[[float, float], float]) -> Callable[[Atom, Atom], Atom]:
    def compute(left: Atom, right: Atom) -> Atom:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            return UNKNOWN
        result = function(left, right)
        if abs(result) >= MAX_NUMBER:
            return UNKNOWN
        return int(result) if isinstance(left, int) and isinstance(right, int) and result == int(result) else result

    return compute


def _xor(left: Atom, right: Atom) -> Atom:
    return left ^ right if isinstance(left, int) and isinstance(right, int) else UNKNOWN


OPERATORS: dict[str, Callable[[Atom, Atom], Atom]] = {
    "/": _divide,
    "*": _times,
    "%": _percent,
    "-": _number(lambda a, b: a - b),
    "^": _xor,
    "//": _number(lambda a, b: a // b),
    "x": _times,
    "|": lambda a, b: a | b if isinstance(a, int) and isinstance(b, int) else UNKNOWN,
}
