"""What an expression may stand for: a few possible atoms, and where their content came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.ir import Class, Function

MAX_OPTIONS = 16
MAX_TEXT = 1 << 20  # characters of one computed text; beyond it is unknown
NOWHERE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text that is a glob pattern: what ``glob`` or a folder listing gives."""

    text: str


@dataclass(frozen=True, slots=True)
class Sym:
    """A module, class, function or other global, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Obj:
    """An instance of a class that the tables know (``Path``, ``file``, ``response`` ...), with the values it was made of."""

    cls: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Seq:
    """A list or tuple. ``more`` where unknown elements follow."""

    items: tuple[Value, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Map:
    """A dictionary; keys are text. ``more`` where unknown keys may be set."""

    pairs: tuple[tuple[str, Value], ...]
    more: bool = False

    def get(self, key: str) -> Value | None:
        """The value of a key, the last one given; None where it is not set."""
        return next((value for name, value in reversed(self.pairs) if name == key), None)


def blurred(table: Map) -> Map:
    """A dictionary after something unknown was written to it: any key may hold anything."""
    return Map(tuple((key, join((value, ANY))) for key, value in table.pairs), more=True)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Variables of one function call, and of the code around it."""

    variables: dict[str, Value]
    parent: Scope | None = None

    def find(self, name: str) -> Scope | None:
        """The innermost scope that holds a name."""
        scope: Scope | None = self
        while scope is not None and name not in scope.variables:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the snippet with the variables around it; ``bound`` is what ``self`` or ``this`` stands for."""

    node: Function
    scope: Scope
    bound: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ClassAtom:
    """A class of the snippet."""

    node: Class
    scope: Scope


@dataclass(frozen=True, slots=True)
class Bound:
    """A method of a value, not called yet."""

    receiver: Value
    name: str


Atom = str | bytes | int | float | None | Pattern | Sym | Obj | Seq | Map | Closure | ClassAtom | Bound


@dataclass(frozen=True, slots=True)
class Value:
    """Every atom that an expression may stand for. ``origins``: ``file:/path``, ``network:URL``, ``env:NAME``, ``env:*``."""

    options: tuple[Atom, ...]
    origins: frozenset[str] = NOWHERE

    @property
    def sole(self) -> Atom:
        """The atom where there is just one, else unknown text."""
        return self.options[0] if len(self.options) == 1 else UNKNOWN

    def with_origins(self, origins: frozenset[str]) -> Value:
        """The same, with more origins."""
        return self if origins <= self.origins else replace(self, origins=self.origins | origins)


ANY = Value((UNKNOWN,))
NOTHING = Value((None,))


def of(atom: Atom) -> Value:
    """A value that is one atom."""
    return Value((atom,))


def unknown(origins: frozenset[str]) -> Value:
    """An unknown value with known origins."""
    return Value((UNKNOWN,), origins) if origins else ANY


def capped(atoms: Iterable[Atom]) -> tuple[Atom, ...]:
    """Distinct atoms, at most ``MAX_OPTIONS``; where some had to go, unknown text stands for them."""
    kept: list[Atom] = []
    for atom in atoms:
        if any(atom is other or (type(atom) is type(other) and atom == other) for other in kept):
            continue
        if len(kept) == MAX_OPTIONS - 1:
            return (*kept, UNKNOWN) if UNKNOWN not in kept else tuple(kept)
        kept.append(atom)
    return tuple(kept)


def join(values: Iterable[Value]) -> Value:
    """Any of the values; nothing at all is None."""
    listed = list(values)
    if len(listed) == 1:
        return listed[0]
    if not listed:
        return NOTHING
    origins = NOWHERE.union(*(value.origins for value in listed))
    return Value(capped(atom for value in listed for atom in value.options), origins)


def as_text(atom: Atom) -> str:
    """An atom as text: what ``str`` gives, UNKNOWN for what has no known text."""
    match atom:
        case str():
            return atom
        case bytes():
            return atom.decode("utf-8", "replace").replace("\0", "\ufffd")
        case bool() | None:
            return UNKNOWN if atom is None else str(atom)
        case int() | float():
            return str(atom) if abs(atom) < 1e30 else UNKNOWN
        case Pattern():
            return atom.text
        case Obj("Path", (value, *_)):
            return as_text(value.sole)
        case Obj("file", (value, *_)):
            return as_text(value.sole)
        case Seq(items, False) if len(items) == 1:  # a list in text is its elements in the languages where that is common
            return as_text(items[0].sole)
        case _:
            return UNKNOWN


def texts(value: Value) -> tuple[str, ...]:
    """The texts that a value may be. None is left out where there is anything else: a variable's empty start."""
    atoms = unfolded(value)
    solid = [atom for atom in atoms if atom is not None] or atoms
    return tuple(dict.fromkeys(as_text(atom) for atom in solid))


def unfolded(value: Value) -> list[Atom]:
    """The atoms, a path that may be several things as several paths."""
    atoms: list[Atom] = []
    for atom in value.options:
        match atom:
            case Obj("Path" | "file", (inner, *_)) if len(inner.options) > 1 or isinstance(inner.options[0], Pattern):
                atoms += [item for item in inner.options if item is not None]
            case _:
                atoms.append(atom)
    return atoms


def is_unknown(value: Value) -> bool:
    """True where nothing is known of a value."""
    return UNKNOWN in value.options


def concat(values: list[Value]) -> Value:
    """The values as text, one behind the other."""
    origins = NOWHERE.union(*(value.origins for value in values)) if values else NOWHERE
    made: list[Atom] = []
    for combination in islice(product(*(unfolded(value) for value in values)), MAX_OPTIONS + 1):
        if combination and all(isinstance(atom, bytes) for atom in combination):
            made.append(b"".join(atom for atom in combination if isinstance(atom, bytes)))
            continue
        text = merged([as_text(atom) for atom in combination])
        made.append(Pattern(text) if any(isinstance(atom, Pattern) for atom in combination) else text)
    return Value(capped(made) or ("",), origins)


def merged(parts: Iterable[str]) -> str:
    """Texts joined; unknown parts that touch are one, and text beyond the limit is unknown."""
    pieces: list[str] = []
    length = 0
    for part in parts:
        if part == UNKNOWN and pieces and pieces[-1] == UNKNOWN:
            continue
        pieces.append(part)
        length += len(part)
    return "".join(pieces) if length <= MAX_TEXT else UNKNOWN


def lift(function: Callable[..., Atom], args: list[Value], *, partial: bool) -> Value:
    """Apply a function of atoms to every combination of options.

    ``partial`` functions make sense of text that is partly unknown; for the others any unknown part makes the result unknown.
    """
    origins = NOWHERE.union(*(value.origins for value in args)) if args else NOWHERE
    made: list[Atom] = []
    for combination in islice(product(*(unfolded(value) for value in args)), MAX_OPTIONS + 1):
        if not partial and any(isinstance(atom, str) and UNKNOWN in atom for atom in combination):
            made.append(UNKNOWN)
            continue
        try:
            made.append(function(*combination))
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            made.append(UNKNOWN)
    return Value(capped(made), origins)


def elements(value: Value) -> Iterator[Value] | None:
    """The elements of what is iterated, None where they are not known one by one."""
    atom = value.sole
    match atom:
        case Seq(items, False):
            return (item.with_origins(value.origins) for item in items)
        case Map(pairs, False):
            return (of(key).with_origins(value.origins) for key, _ in pairs)
        case bytes():
            return (of(byte) for byte in atom)
        case str() if UNKNOWN not in atom:
            return (of(char) for char in atom)
        case _:
            return None


def element_of(value: Value) -> Value:
    """Any element of a value."""
    found: list[Value] = []
    for atom in value.options:
        match atom:
            case Seq(items, more):
                found += items
                if more or not items:
                    found.append(ANY)
            case Map(pairs, _):
                found += [of(key) for key, _ in pairs] or [ANY]
            case Pattern():
                found.append(of(atom))
            case Obj("file", _):
                found.append(ANY)
            case _:
                found.append(ANY)
    return join(found).with_origins(value.origins)
