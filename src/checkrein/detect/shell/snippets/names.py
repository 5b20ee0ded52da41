"""Names and members: what a variable, a global, an attribute or a field stands for, and giving them values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.arithmetic import add
from checkrein.detect.shell.snippets.values import (
    ANY,
    Atom,
    Bound,
    ClassAtom,
    Closure,
    Map,
    Obj,
    Pattern,
    Seq,
    Sym,
    Value,
    as_text,
    blurred,
    element_of,
    join,
    lift,
    of,
    texts,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def literal(_machine: Machine, node: ir.Const) -> Value:
    """A literal."""
    return Value((node.value,))


def variable(machine: Machine, node: ir.Name) -> Value:
    """A variable, or the global of that name."""
    if node.name.startswith(ir.GLOBAL):
        return symbol(machine, node.name[1:])
    scope = machine.scope.find(node.name)
    return scope.variables[node.name] if scope else symbol(machine, node.name)


def symbol(machine: Machine, name: str) -> Value:
    """A global by its dotted name."""
    if name.startswith(UNKNOWN) and machine.dialect.called_by_name:
        return ANY
    constant = machine.dialect.constants.get(machine.dialect.canonical(name))
    if (
        constant is None and name.startswith(("$", "[", "%")) and machine.dialect.called_by_name
    ):  # a variable that is not set here
        return ANY
    return constant(machine) if constant else of(Sym(name))


def member(machine: Machine, node: ir.Attr) -> Value:
    """``obj.name``."""
    obj = machine.eval(node.obj)
    if machine.dialect.members_are_items and obj.sole == Obj("environ"):
        return environment(machine, node.name)
    return attribute(machine, obj, node.name)


def attribute(machine: Machine, value: Value, name: str) -> Value:
    """``value.name``."""
    return join(member_of(machine, atom, name, value.origins) for atom in value.options).with_origins(value.origins)


def member_of(machine: Machine, atom: Atom, name: str, origins: frozenset[str]) -> Value:
    """A member of one atom."""
    match atom:
        case Sym(base):
            return symbol(machine, f"{base}.{name}")
        case Map(pairs) if (found := atom.get(name)) is not None and pairs:
            return found
        case Obj("instance", (owner, *_)) | Obj("super", (owner, *_)):
            return _instance_member(machine, owner, name, of(atom))
        case Obj(cls) if (constant := machine.dialect.pure.get(f"{cls}@{name}")) is not None:
            return lift(constant.function, [of(atom)], partial=constant.partial)
        case ClassAtom():
            if name == "new":
                return of(atom)
            return _instance_member(machine, of(atom), name, of(atom))
    if atom == UNKNOWN and name in machine.fields and name not in machine.dialect.loose:
        return join([machine.fields[name], of(Bound(ANY, name))])
    return of(Bound(Value((atom,), origins), name))


def _instance_member(machine: Machine, owner: Value, name: str, this: Value) -> Value:
    """A method of a class of the snippet, else what was ever assigned to a field of that name."""
    held = method_of(owner, name, this)
    assigned = machine.fields.get(name)
    if held is None:
        return assigned if assigned is not None else of(Bound(this, name))
    return held if assigned is None else join([held, assigned])


def method_of(owner: Value, name: str, this: Value) -> Value | None:
    """A method of a class of the snippet, bound to ``this``; None where there is none."""
    for atom in owner.options:
        if isinstance(atom, ClassAtom) and (found := atom.scope.variables.get(name)) is not None:
            return Value(tuple(replace(item, bound=this) if isinstance(item, Closure) else item for item in found.options))
    return None


def knows(machine: Machine, key: str) -> bool:
    """True where a table has an entry of that name."""
    dialect = machine.dialect
    return key in dialect.sinks or key in dialect.pure or key in dialect.special


def environment(machine: Machine, name: str) -> Value:
    """An environment variable: its value where the world knows it."""
    if name in ("HOME", "USERPROFILE"):
        return of(machine.world.home)
    if name == "PWD":
        return of(machine.cwd)
    known = None if UNKNOWN in name else machine.world.variable(name)
    return Value((UNKNOWN if known is None else known,), frozenset((f"env:{name}",)))


def assignment(machine: Machine, node: ir.Assign) -> Value:
    """``target = value``."""
    value = machine.eval(node.value)
    if node.op:
        current = machine.eval(node.target)
        value = add([current, value]) if node.op in ("+", ".") else join([current, value])
        if machine.loops:
            value = join([current, value, ANY])
    assign(machine, node.target, value, declare=node.declare)
    return value


def assign(machine: Machine, target: ir.Node, value: Value, *, declare: bool) -> None:
    """Give a variable, a field or a pattern of them a value."""
    match target:
        case ir.Name(name):
            set_variable(machine, name, value, declare=declare)
        case ir.Items(parts):
            _unpack(machine, parts, value, declare=declare)
        case ir.Pairs(pairs):
            for key, part in pairs:
                item = value if key is None else join(attribute(machine, value, name) for name in texts(machine.eval(key)))
                assign(machine, part, item, declare=declare)
        case ir.Choice(options):  # a pattern with a default
            assign(machine, options[0], join([value, *(machine.eval(option) for option in options[1:])]), declare=declare)
        case ir.Spread(part):
            assign(machine, part, value, declare=declare)
        case ir.Attr(obj, name):
            machine.eval(obj)
            machine.fields[name] = join([machine.fields[name], value]) if name in machine.fields else value
        case ir.Index(obj, key):
            _set_item(machine, obj, machine.eval(key), value)
        case _:
            machine.eval(target)


def set_variable(machine: Machine, name: str, value: Value, *, declare: bool) -> None:
    """Give a variable a value; where the code may not run, it is another one that it may have."""
    shared = name.startswith(("@", "*"))  # fields and globals of Ruby, file handles of Perl
    scope = machine.root if shared else machine.scope if declare else machine.scope.find(name) or machine.scope
    if machine.weak and name in scope.variables:
        value = join([scope.variables[name], value])
    scope.variables[name] = value


def _unpack(machine: Machine, parts: tuple[ir.Node, ...], value: Value, *, declare: bool) -> None:
    atom = value.sole
    for at, part in enumerate(parts):
        if isinstance(part, ir.Spread):
            rest = Seq(atom.items[at:], atom.more or at + 1 < len(parts)) if isinstance(atom, Seq) else UNKNOWN
            assign(machine, part.value, Value((rest,), value.origins), declare=declare)
        elif isinstance(atom, Seq) and at < len(atom.items) and not atom.more:
            assign(machine, part, atom.items[at].with_origins(value.origins), declare=declare)
        else:
            assign(machine, part, element_of(value), declare=declare)


def _set_item(machine: Machine, obj: ir.Node, key: Value, value: Value) -> None:
    current = machine.eval(obj)
    atom = current.sole
    name = as_text(key.sole)
    if isinstance(atom, Map):
        changed: Atom = blurred(atom) if UNKNOWN in name else Map((*atom.pairs, (name, value)), atom.more)
    elif isinstance(atom, Seq) and isinstance(key.sole, int) and 0 <= key.sole < len(atom.items):
        items = list(atom.items)
        items[key.sole] = value
        changed = Seq(tuple(items), atom.more)
    elif isinstance(atom, Seq):
        changed = Seq((), more=True)
    elif isinstance(atom, (str, bytes)):
        changed = UNKNOWN
    else:
        return
    if isinstance(obj, (ir.Name, ir.Attr, ir.Index)):
        assign(machine, obj, Value((changed,), current.origins | value.origins), declare=False)


def class_of(atom: Atom) -> str:
    """The class under which the tables have an atom's methods."""
    match atom:
        case Obj(cls):
            return cls
        case bytes():
            return "bytes"
        case str() | Pattern() | Bound():
            return "str"
        case Seq():
            return "list"
        case Map():
            return "dict"
        case int():
            return "int"
        case _:
            return "any"
