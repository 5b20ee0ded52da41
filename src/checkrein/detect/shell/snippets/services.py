"""Calls of libraries that no table knows, judged by their names: what they delete in a service or a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.names import class_of, knows
from checkrein.detect.shell.snippets.values import Atom, Bound, Map, Obj, Sym, Value
from checkrein.detect.shell.table.sdk import sdk_call

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine


def judge_call(machine: Machine, node: ir.Node, func: Value, args: list[Value], named: Mapping[str, Value]) -> None:
    """Record what a call deletes, where the callee is nothing that the snippet or a table defines. ``node`` is the callee."""
    given = [atom for value in args for atom in value.options if isinstance(atom, Map)]
    pairs = [*named.items(), *(pair for table in given for pair in table.pairs)]
    options = [name for name, value in pairs if True in value.options]
    unconditional = not named and (not args or any(not table.pairs and not table.more for table in given))
    for name in dict.fromkeys(_foreign_name(machine, atom, node) for atom in func.options):
        if effect := sdk_call(name, unconditional=unconditional, options=options):
            machine.emit(replace(effect, program=machine.label(name)))


def _foreign_name(machine: Machine, atom: Atom, node: ir.Node) -> str:
    """The dotted name of a function that nobody knows, "" for any other."""
    match atom:
        case Sym(name):
            return "" if knows(machine, machine.dialect.canonical(name)) else name.replace("::", ".")
        case Bound(receiver, name):
            classes = [class_of(one) for one in receiver.options]
            known = "instance" in classes or any(knows(machine, f"{cls}.{name}") for cls in classes)
            return "" if known else spelled(node)
        case str() if atom == UNKNOWN:
            return spelled(node)
        case Obj():
            return ""
    return ""


def spelled(node: ir.Node) -> str:
    """A callee as it is written, with dots, calls in it without their arguments; "" where it begins with a literal."""
    match node:
        case ir.Name(name):
            return name.lstrip(ir.GLOBAL + "$@[%")
        case ir.Attr(obj, name) | ir.Index(obj, ir.Const(str(name))):
            head = spelled(obj)
            return f"{head}.{name}" if head else ""
        case ir.Call(func) | ir.Index(func):
            return spelled(func)
    return ""
