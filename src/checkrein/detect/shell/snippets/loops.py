"""Branches and loops: both ways of every branch, every known round of a loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.names import assign
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Scope,
    Seq,
    Value,
    element_of,
    elements,
    is_unknown,
    join,
    of,
    unknown,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine

MAX_ROUNDS = 256  # of an unrolled loop


def choice(machine: Machine, node: ir.Choice) -> Value:
    """Any of the options."""
    machine.weak += 1
    value = join(machine.eval(option) for option in node.options)
    machine.weak -= 1
    return value


def collected(machine: Machine, node: ir.Collect) -> Value:
    """A comprehension: its list."""
    around, machine.scope = machine.scope, Scope({}, machine.scope)
    found: list[Value] = []
    more = _collect_rounds(machine, node, 0, found)
    machine.scope = around
    return Value((Seq(tuple(found), more),), NOWHERE.union(*(item.origins for item in found)))


def _collect_rounds(machine: Machine, node: ir.Collect, at: int, found: list[Value]) -> bool:
    if at == len(node.rounds):
        found.append(machine.eval(node.element))
        return False
    target, items = node.rounds[at]
    if target is None:
        machine.eval(items)
        return _collect_rounds(machine, node, at + 1, found) or True
    more = False
    for _ in _rounds(machine, target, machine.eval(items), declare=True):
        more = _collect_rounds(machine, node, at + 1, found) or more
    return more


def block(machine: Machine, node: ir.Block) -> Value:
    """Statements, twice where they may run more than once: a later round sees what an earlier one did."""
    machine.weak += node.maybe
    if node.loop:
        machine.loops += 1
    value = machine.block(node.body)
    if node.loop and machine.budget > 0:  # what a later round sees of an earlier one
        machine.extra += 1
        value = join([value, machine.block(node.body)])
        machine.extra -= 1
    if node.loop:
        machine.loops -= 1
    machine.weak -= node.maybe
    return value


def _rounds(machine: Machine, target: ir.Node, items: Value, *, declare: bool) -> Iterable[None]:
    """Set the target for every round of a loop: each known element, else all of them at once."""
    known = elements(items)
    listed = None if known is None or machine.budget <= 0 else list(known)
    if listed is not None and len(listed) <= MAX_ROUNDS:
        machine.extra += len(listed) > 1
        for item in listed:
            assign(machine, target, item, declare=declare)
            yield
            if machine.budget <= 0:
                break
        else:
            machine.extra -= len(listed) > 1
            return
        machine.extra -= len(listed) > 1
    assign(machine, target, element_of(items), declare=declare)
    machine.weak += 1
    machine.loops += 1
    yield
    machine.loops -= 1
    machine.weak -= 1


def loop(machine: Machine, node: ir.For) -> Value:
    """A loop over elements: each known one, else all of them at once."""
    items = machine.eval(node.items)
    value = NOTHING
    for _ in _rounds(machine, node.target, items, declare=node.declare):
        value = machine.block(node.body)
    if is_unknown(items) or items == of(Seq(())):
        block(machine, ir.Block(node.body, maybe=True, loop=True))
    return value


def opaque(machine: Machine, node: ir.Opaque) -> Value:
    """An unknown value that comes from where its parts come from."""
    origins = NOWHERE
    for child in node.children:
        origins |= machine.eval(child).origins
    return unknown(origins)


def unreadable(machine: Machine, node: ir.Unreadable) -> Value:
    """A place that cannot be followed, said to a person."""
    machine.unresolved(node.why)
    return ANY
