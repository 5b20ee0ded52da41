"""The small language that every other one is lowered to: what matters to follow values into calls, and no more.

A lowering (``lowering.py`` in each language's folder) turns a syntax tree into these nodes, ``machine.py`` evaluates them.
Whatever a lowering has no node for becomes ``Opaque`` over its children, so that a call inside it is still met.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GLOBAL = "\1"
"""Before the name of a ``Name``: the global, whatever variable has that name."""


@dataclass(frozen=True, slots=True)
class Const:
    """A literal: text, bytes, number, boolean or None."""

    value: str | bytes | int | float | None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or a global of the language where no variable of that name is set."""

    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """``obj.name``."""

    obj: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``obj[key]``."""

    obj: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Slice:
    """``obj[start:stop:step]``; None where a bound is left out."""

    obj: Node
    start: Node | None
    stop: Node | None
    step: Node | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """``func(*args, **named)``. An argument may be a ``Spread``."""

    func: Node
    args: tuple[Node, ...] = ()
    named: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """``*items`` in a call or a list."""

    value: Node


@dataclass(frozen=True, slots=True)
class Concat:
    """Text made of parts: interpolation and chains of ``+`` or ``.``, flattened. ``typed`` where numbers add and lists join."""

    parts: tuple[Node, ...]
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator that the machine computes: ``%`` ``*`` ``/`` ``-`` ``^``."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set. ``more`` where unknown elements follow."""

    items: tuple[Node, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Pairs:
    """A dictionary; a pair without a key spreads another dictionary."""

    pairs: tuple[tuple[Node | None, Node], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values: conditional expressions, ``or``, ``and``. All of them are evaluated."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter: a name or a pattern, with its default; ``rest`` takes what is left."""

    target: Node
    default: Node | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function, lambda or block. ``value_last``: its value is that of its last statement, as in Ruby and Perl."""

    name: str
    params: tuple[Param, ...]
    body: tuple[Node, ...]
    value_last: bool = False
    arguments: str = ""  # the variable that holds all arguments (Perl's @_, JavaScript's arguments)


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class with its body; ``bases`` are evaluated."""

    name: str
    bases: tuple[Node, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value``. ``declare`` makes a variable of the innermost scope; ``op`` is that of an augmented assignment."""

    target: Node
    value: Node
    declare: bool = False
    op: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Statements in order. ``maybe``: they may not run, so that assignments add to what a variable may hold.

    ``loop``: they may run more than once.
    """

    body: tuple[Node, ...]
    maybe: bool = False
    loop: bool = False


@dataclass(frozen=True, slots=True)
class For:
    """A loop over the elements of ``items``."""

    target: Node
    items: Node
    body: tuple[Node, ...]
    declare: bool = False


@dataclass(frozen=True, slots=True)
class Collect:
    """A comprehension: ``element`` for every round of the loops; ``None`` for a target marks a condition."""

    element: Node
    rounds: tuple[tuple[Node | None, Node], ...]


@dataclass(frozen=True, slots=True)
class Return:
    """Leaves the function with a value."""

    value: Node


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything else: its children are evaluated, its own value is unknown."""

    children: tuple[Node, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place that cannot be followed: ``why`` says so to a person."""

    why: str


Node = (
    Const
    | Name
    | Attr
    | Index
    | Slice
    | Call
    | Spread
    | Concat
    | Binary
    | Items
    | Pairs
    | Choice
    | Function
    | Class
    | Assign
    | Block
    | For
    | Collect
    | Return
    | Opaque
    | Unreadable
)
