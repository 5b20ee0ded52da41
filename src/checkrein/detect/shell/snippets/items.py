"""Text and collections: concatenation, lists, dictionaries, their parts, and methods that change a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.arithmetic import add, binary
from checkrein.detect.shell.snippets.names import assign, environment, member_of, symbol
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Atom,
    Map,
    Obj,
    Pattern,
    Seq,
    Sym,
    Value,
    as_text,
    blurred,
    concat,
    element_of,
    join,
    lift,
    of,
    texts,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def index(machine: Machine, node: ir.Index) -> Value:
    """``obj[key]``."""
    obj, key = machine.eval(node.obj), machine.eval(node.key)
    found = [item_of(machine, atom, index) for atom in obj.options for index in key.options]
    return join(found) if obj.sole == Obj("environ") else join(found).with_origins(obj.origins)


def item_of(machine: Machine, atom: Atom, key: Atom) -> Value:
    """The item of one atom."""
    match atom, key:
        case Sym(base), _ if not isinstance(key, int):
            return symbol(machine, f"{base}.{as_text(key)}")
        case Seq(items, more), int():
            if -len(items) <= key < len(items) and not (more and key < 0):
                return items[key]
            return ANY
        case Map(_, more), _:
            found = atom.get(as_text(key))
            return (
                found if found is not None and not more else element_of(of(atom)) if UNKNOWN in as_text(key) else found or ANY
            )
        case ((str() | bytes()), int()) if UNKNOWN not in as_text(atom) and -len(atom) <= key < len(atom):
            return of(atom[key])
        case Obj("environ"), _:
            return environment(machine, as_text(key))
        case str(), str() if atom == UNKNOWN and key in machine.dialect.loose:
            return member_of(machine, atom, key, NOWHERE)
        case _, str() if atom != UNKNOWN and key.isidentifier() and not isinstance(atom, (Seq, str, bytes)):
            return member_of(machine, atom, key, NOWHERE)
    return element_of(of(atom)) if isinstance(atom, (Seq, Pattern)) else ANY


def sliced(machine: Machine, node: ir.Slice) -> Value:
    """``obj[start:stop:step]``."""
    obj = machine.eval(node.obj)
    bounds = [NOTHING if part is None else machine.eval(part) for part in (node.start, node.stop, node.step)]

    def cut(atom: Atom, start: Atom, stop: Atom, step: Atom) -> Atom:
        if not isinstance(start, int | None) or not isinstance(stop, int | None) or not isinstance(step, int | None):
            return UNKNOWN
        where = slice(start, stop, step)
        if isinstance(atom, Seq):
            return Seq(atom.items[where], atom.more)
        return atom[where] if isinstance(atom, (str, bytes)) else UNKNOWN

    return lift(cut, [obj, *bounds], partial=False)


def arguments(machine: Machine, nodes: tuple[ir.Node, ...]) -> tuple[list[Value], bool]:
    """The values of arguments, spread ones as their elements; True where unknown ones follow."""
    args: list[Value] = []
    more = False
    for node in nodes:
        if not isinstance(node, ir.Spread):
            args.append(machine.eval(node))
            continue
        value = machine.eval(node.value)
        atom = value.sole
        if isinstance(atom, Seq):
            args += [item.with_origins(value.origins) for item in atom.items]
            more = more or atom.more
        else:
            args.append(element_of(value))
            more = True
    return args, more


def mutate(machine: Machine, target: ir.Node, how: str, args: list[Value], named: Mapping[str, Value]) -> None:
    """A method changes the value of a variable, a field or an item. ``how``: ``append``, ``prepend``, ``insert``, ``extend``,
    ``merge``, ``drop`` (the first), ``drop-last``, ``reverse``; ``change`` in a way that is not followed.
    """
    if not isinstance(target, (ir.Name, ir.Attr, ir.Index)):
        return
    unset = isinstance(target, ir.Name) and machine.scope.find(target.name) is None and how in ("append", "prepend")
    current = of(Seq(())) if unset and not isinstance(machine.eval(target).sole, Seq) else machine.eval(target)
    match current.sole:
        case Seq() as items:
            changed: Atom = _changed_list(items, how, args, looping=machine.loops > 0)
        case Map() as table:
            changed = _changed_table(table, how, args, named)
        case (str() | bytes()) as text if text != UNKNOWN:
            whole = concat([current, *args]) if how in ("append", "extend") and not machine.loops else ANY
            changed = whole.sole
        case _:
            return
    origins = current.origins.union(*(value.origins for value in args))
    assign(machine, target, Value((changed,), origins), declare=False)


def _changed_list(listed: Seq, how: str, args: list[Value], *, looping: bool) -> Seq:
    items, more = listed.items, listed.more or looping
    first = args[0].sole if args else UNKNOWN
    match how:
        case "append":
            return Seq((*items, *args), more)
        case "prepend":
            return Seq((*args, *items), more)
        case "insert" if isinstance(first, int) and not more:
            return Seq((*items[:first], *args[1:], *items[first:]), more)
        case "drop":
            return Seq(items[1:], more)
        case "drop-last" if not more and not args:
            return Seq(items[:-1], more)
        case "reverse":
            return Seq(items[::-1], more)
        case "extend" if isinstance(first, Seq):
            return Seq((*items, *first.items), more or first.more)
        case "extend":
            return Seq(items, more=True)
        case _:
            return Seq((), more=True)


def _changed_table(table: Map, how: str, args: list[Value], named: Mapping[str, Value]) -> Map:
    given = args[0].sole if args else Map(())
    if how == "merge" and len(args) < 2 and isinstance(given, Map):
        return Map((*table.pairs, *given.pairs, *named.items()), table.more or given.more)
    return blurred(table)


def concatenated(machine: Machine, node: ir.Concat) -> Value:
    """Parts put one behind the other."""
    values = [machine.eval(part) for part in node.parts]
    return add(values) if node.typed else concat(values)


def computed(machine: Machine, node: ir.Binary) -> Value:
    """An operator."""
    return binary(node.op, machine.eval(node.left), machine.eval(node.right))


def listed(machine: Machine, node: ir.Items) -> Value:
    """A list."""
    items, more = arguments(machine, node.items)
    return Value((Seq(tuple(items), more or node.more),), NOWHERE.union(*(item.origins for item in items)))


def mapped(machine: Machine, node: ir.Pairs) -> Value:
    """A dictionary."""
    pairs: list[tuple[str, Value]] = []
    origins = NOWHERE
    more = False
    for key, item in node.pairs:
        value = machine.eval(item)
        origins |= value.origins
        if key is not None:
            names = texts(machine.eval(key))
            pairs += [(name, value) for name in names]
        elif isinstance(value.sole, Map):
            pairs += value.sole.pairs
        else:
            pairs = list(blurred(Map(tuple(pairs))).pairs)
            more = True
    return Value((Map(tuple(pairs), more),), origins)


def spread(machine: Machine, node: ir.Spread) -> Value:
    """``*items`` where a single value is wanted."""
    return element_of(machine.eval(node.value))
