"""Calls: into functions of the snippet, to what the tables know, and to what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.dialect import Action, Site
from checkrein.detect.shell.snippets.items import arguments, mutate
from checkrein.detect.shell.snippets.names import assign, class_of, knows, method_of, set_variable
from checkrein.detect.shell.snippets.services import judge_call
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOWHERE,
    Atom,
    Bound,
    ClassAtom,
    Closure,
    Map,
    Obj,
    Scope,
    Seq,
    Sym,
    Value,
    element_of,
    join,
    lift,
    of,
    unknown,
)

if TYPE_CHECKING:
    from checkrein.detect.shell.snippets.machine import Machine

MAX_CALL_DEPTH = 60  # beyond it no call is followed
HANDED = "code:"
"""Begins the origin of what may hold a function that runs or deletes."""
MAX_HANDED = 8  # elements of one list that are looked through
ACTING = frozenset((Action.DELETE, Action.SHELL, Action.SPAWN, Action.PROGRAM, Action.CODE))


def called(machine: Machine, node: ir.Call) -> Value:
    """A call as it is written."""
    func = machine.eval(node.func)
    args, more = arguments(machine, node.args)
    named = {key: machine.eval(value) for key, value in node.named}
    if isinstance(node.func, ir.Attr) and node.func.name in machine.dialect.mutators:
        mutate(machine, node.func.obj, machine.dialect.mutators[node.func.name], args, named)
    if isinstance(func.sole, Sym) and node.args:
        how = machine.dialect.changes_first.get(machine.dialect.canonical(func.sole.name))
        if how is not None:
            first = node.args[0]
            mutate(machine, first.value if isinstance(first, ir.Spread) else first, how, args[1:], named)
    judge_call(machine, node.func, func, args, named)
    return call(machine, func, args, named, more=more)


def call(
    machine: Machine, func: Value, args: list[Value], named: Mapping[str, Value] | None = None, *, more: bool = False
) -> Value:
    """Call every atom that ``func`` may be."""
    named = named or {}
    results = [_call_atom(machine, atom, func.origins, args, named, more=more) for atom in func.options]
    return join(results)


def _call_atom(
    machine: Machine, atom: Atom, origins: frozenset[str], args: list[Value], named: Mapping[str, Value], *, more: bool
) -> Value:
    match atom:
        case Closure():
            bound = [atom.bound] if atom.bound is not None else []
            return invoke(
                machine, atom, [*bound, *args] if machine.dialect.language in ("python", "perl") else args, named, more=more
            )
        case ClassAtom():
            return _construct(machine, atom, args, named, more=more)
        case Sym(name):
            return _call_global(machine, Site(name, tuple(args), named, more), origins)
        case Bound(receiver, name):
            return join(_call_method(machine, one, receiver, name, args, named, more=more) for one in receiver.options)
        case str() if machine.dialect.called_by_name:
            if UNKNOWN in atom:
                machine.unresolved("calls a function whose name cannot be known")
                return foreign(machine, origins, args, named)
            return _call_atom(machine, Sym(atom), origins, args, named, more=more)
        case Obj("partial", (func, *first)):
            return call(machine, func, [*first, *args], named, more=more)
        case Obj(cls) if knows(machine, f"{cls}.()"):
            return _call_symbol(machine, Site(cls, (of(atom), *args), named, more), f"{cls}.()", origins)
    for origin in sorted(origins) if atom == UNKNOWN else ():
        if origin.startswith(HANDED):
            machine.unresolved(f"calls what may be {origin.removeprefix(HANDED)} or a member of it")
    return foreign(machine, origins, args, named)


def _call_global(machine: Machine, site: Site, origins: frozenset[str]) -> Value:
    """A global by its dotted name; a member of something that no table knows may have a telling name."""
    key = machine.dialect.canonical(site.name)
    owner, _, name = key.rpartition(".")
    called_on = site.name.rpartition(".")[0]
    if name in machine.dialect.callers and knows(machine, machine.dialect.canonical(called_on)):
        return _call_indirectly(machine, of(Sym(called_on)), name, list(site.args), site.named, more=site.more)
    if owner and not knows(machine, key) and name in machine.dialect.loose:
        return _call_telling(machine, replace(site, args=(of(Sym(owner)), *site.args)), name, origins)
    return _call_symbol(machine, site, key, origins)


def _call_indirectly(
    machine: Machine, func: Value, name: str, args: list[Value], named: Mapping[str, Value], *, more: bool
) -> Value:
    """``f.call(this, x)``, ``f.apply(this, [x])`` and ``f.bind(this, x)``."""
    rest = args[1:]
    if name == "bind":
        return of(Obj("partial", (func, *rest)))
    if name == "apply":
        listed = rest[0].sole if rest else Seq(())
        return call(
            machine, func, list(listed.items) if isinstance(listed, Seq) else [], named, more=not isinstance(listed, Seq)
        )
    return call(machine, func, rest, named, more=more)


def _call_telling(machine: Machine, site: Site, name: str, origins: frozenset[str]) -> Value:
    """A method whose name tells by itself, of a receiver of any kind: argument 0."""
    key = machine.dialect.loose[name]
    if key.split(".", 1)[0] in machine.dialect.roots:  # a module's function, called on the module
        site = replace(site, args=site.args[1:])
    return _call_symbol(machine, replace(site, name=name), key, origins)


def _call_method(
    machine: Machine, atom: Atom, receiver: Value, name: str, args: list[Value], named: Mapping[str, Value], *, more: bool
) -> Value:
    this = Value((atom,), receiver.origins)
    site = Site(f"{class_of(atom)}.{name}", (this, *args), named, more)
    key = site.name
    if isinstance(atom, Closure) and name in machine.dialect.callers:
        return _call_indirectly(machine, this, name, args, named, more=more)
    if isinstance(atom, (Closure, Obj)) and name in ("call", "()", "__call__") and not knows(machine, key):
        return call(machine, this, args, named)
    if not knows(machine, key) and name in machine.dialect.loose and _may_be_anything(atom):
        return _call_telling(machine, site, name, receiver.origins)
    if not knows(machine, key):
        key = f"any.{name}"
    return _call_symbol(machine, site, key, receiver.origins)


def _may_be_anything(atom: Atom) -> bool:
    return atom == UNKNOWN or isinstance(atom, (Bound, Obj)) or (isinstance(atom, Map) and atom.more)


def _call_symbol(machine: Machine, site: Site, key: str, origins: frozenset[str]) -> Value:
    dialect = machine.dialect
    if (sink := dialect.sinks.get(key)) is not None:
        return machine.perform(sink, site)
    if (special := dialect.special.get(key)) is not None:
        return special(machine, site)
    if (pure := dialect.pure.get(key)) is not None and not site.named and not site.more:
        handed = origins.union(*(_handed(machine, value) for value in site.args))
        return lift(pure.function, list(site.args), partial=pure.partial).with_origins(handed)
    if UNKNOWN in key and (key.split(".", 1)[0] in dialect.roots or key.startswith(UNKNOWN)):
        machine.unresolved(f"calls a member of {key.split('.', 1)[0]} that cannot be known".replace(UNKNOWN, "something"))
    return foreign(machine, origins, list(site.args), site.named)


def foreign(machine: Machine, origins: frozenset[str], args: list[Value], named: Mapping[str, Value]) -> Value:
    """A call to something that no table knows: it may call back what it is given, and hand on all that it gets."""
    everything = [*args, *named.values()]
    came = origins.union(*(value.origins for value in everything), *(_handed(machine, value) for value in everything))
    for value in everything:
        call_back(machine, value, came)
        others = [element_of(other) if isinstance(other.sole, Seq) else other for other in args if other is not value]
        for atom in value.options if others else ():
            if isinstance(atom, Sym) and _acts(machine, atom):
                call(machine, of(atom), others)
    return unknown(came)


def _handed(machine: Machine, value: Value, depth: int = 3) -> frozenset[str]:
    """Origins for the modules, and functions that run or delete, which a value hands to somebody who may hand them back."""
    found: set[str] = set()
    for atom in value.options if depth else ():
        match atom:
            case Sym(name) if name in machine.dialect.roots or _acts(machine, atom):
                found.add(HANDED + name)
            case Seq(items):
                found.update(*(_handed(machine, item, depth - 1) for item in items[:MAX_HANDED]))
            case Map(pairs):
                found.update(*(_handed(machine, item, depth - 1) for _, item in pairs[:MAX_HANDED]))
    return frozenset(found)


def _acts(machine: Machine, symbol: Sym) -> bool:
    """True for a function that runs or deletes: whoever is given it calls it."""
    sink = machine.dialect.sinks.get(machine.dialect.canonical(symbol.name))
    return sink is not None and sink.action in ACTING


def call_back(machine: Machine, value: Value, origins: frozenset[str]) -> Value:
    """Somebody calls the functions in a value, with arguments that are unknown but for their origins."""
    results = []
    for atom in value.options:
        if isinstance(atom, Closure):
            params = [unknown(origins) for _ in atom.node.params]
            machine.weak += 1
            results.append(invoke(machine, atom, params, {}, more=True))
            machine.weak -= 1
        elif isinstance(atom, Map):
            for _, item in atom.pairs:
                call_back(machine, item, origins)
    return join(results) if results else ANY


def _construct(machine: Machine, atom: ClassAtom, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
    this = of(Obj("instance", (of(atom),)))
    for name in ("__init__", "constructor", "initialize", "__construct"):
        method = method_of(of(atom), name, this)
        if method is not None:
            call(machine, method, args, named, more=more)
    return this


def invoke(machine: Machine, closure: Closure, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
    """Follow a call into a function of the snippet."""
    node = closure.node
    if node in machine.active or machine.budget <= 0 or machine.depth > MAX_CALL_DEPTH:
        machine.refused[id(node)] = closure
        return unknown(NOWHERE.union(*(value.origins for value in args)))
    machine.done.add(id(node))
    machine.extra += 1
    try:
        return enter(machine, closure, args, named, more=more)
    finally:
        machine.extra -= 1


def enter(machine: Machine, closure: Closure, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
    """Evaluate the body of a function with its parameters bound."""
    node = closure.node
    around, machine.scope = machine.scope, Scope({}, closure.scope)
    weak, machine.weak = machine.weak, machine.weak
    machine.active.append(node)
    machine.returns.append([])
    try:
        if closure.bound is not None:
            machine.scope.variables["this" if machine.dialect.language != "ruby" else "self"] = closure.bound
        if node.arguments:
            machine.scope.variables[node.arguments] = of(Seq(tuple(args), more))
        _bind(machine, node.params, args, named, more=more)
        last = machine.block(node.body)
        results = machine.returns[-1]
        return join([*results, last] if node.value_last else results)
    finally:
        machine.returns.pop()
        machine.active.pop()
        machine.scope = around
        machine.weak = weak


def _bind(machine: Machine, params: tuple[ir.Param, ...], args: list[Value], named: Mapping[str, Value], *, more: bool) -> None:
    for at, param in enumerate(params):
        name = param.target.name if isinstance(param.target, ir.Name) else ""
        if param.rest:
            value = of(Seq(tuple(args[at:]), more))
        elif name in named:
            value = named[name]
        elif at < len(args):
            value = args[at]
        elif param.default is not None:
            value = machine.eval(param.default)
            value = join([value, ANY]) if more else value
        else:
            value = ANY
        assign(machine, param.target, value, declare=True)


def function(machine: Machine, node: ir.Function) -> Value:
    """A function is made, and bound to its name."""
    closure = Closure(node, machine.scope)
    machine.closures.append(closure)
    value = of(closure)
    if node.name:
        set_variable(machine, node.name, value, declare=True)
    return value


def klass(machine: Machine, node: ir.Class) -> Value:
    """A class is made; its body is evaluated."""
    for base in node.bases:
        machine.eval(base)
    scope = Scope({}, machine.scope)
    around, machine.scope = machine.scope, scope
    first = len(machine.closures)
    machine.block(node.body)
    machine.scope = around
    atom = ClassAtom(node, scope)
    this = of(Obj("instance", (of(atom),)))
    machine.closures[first:] = [replace(closure, bound=this) for closure in machine.closures[first:]]
    set_variable(machine, node.name, of(atom), declare=True)
    return of(atom)


def returned(machine: Machine, node: ir.Return) -> Value:
    """``return``."""
    value = machine.eval(node.value)
    machine.returns[-1].append(value)
    return value
