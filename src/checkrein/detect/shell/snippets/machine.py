"""Evaluates lowered code far enough to know what reaches a sink: possible values, calls followed, both ways of every branch.

Work is bounded: every node is evaluated at least once; following calls and unrolling loops beyond that draws on a budget.
A call that is not followed any more is made up for by evaluating the function once with unknown arguments: no sink is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Outcome, World, absolute
from checkrein.detect.shell.snippets import ir
from checkrein.detect.shell.snippets.arithmetic import add, binary
from checkrein.detect.shell.snippets.dialect import Dialect, Site
from checkrein.detect.shell.snippets.perform import ACTIONS
from checkrein.detect.shell.snippets.values import (
    ANY,
    NOTHING,
    NOWHERE,
    Atom,
    Bound,
    ClassAtom,
    Closure,
    Map,
    Obj,
    Pattern,
    Scope,
    Seq,
    Sym,
    Value,
    as_text,
    concat,
    element_of,
    elements,
    is_unknown,
    join,
    lift,
    of,
    texts,
    unknown,
)

MAX_DEPTH = 100  # nodes within nodes; about four Python frames each
MAX_CALL_DEPTH = 60  # beyond it no call is followed
MAX_ROUNDS = 256  # of an unrolled loop
BUDGET = 20_000  # nodes evaluated beyond the first time


class Machine:
    """One snippet being judged. ``effects`` and other outcomes are collected in order, each once."""

    def __init__(self, dialect: Dialect, *, cwd: str, world: World, args: tuple[str, ...], stdin: str | None) -> None:
        self.dialect = dialect
        self.cwd = cwd
        self.world = world
        self.args = args
        self.stdin = stdin
        self.root = self.scope = Scope({})
        self.fields: dict[str, Value] = {}
        self.shown: set[str] = set()
        self.all_shown = False
        self.written: dict[str, list[str | None]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._depth = 0
        self._weak = 0
        self._loops = 0
        self._budget = BUDGET
        self._extra = 0
        self._returns: list[list[Value]] = []
        self._active: list[ir.Function] = []
        self._closures: list[Closure] = []
        self._done: set[int] = set()
        self._refused: dict[int, Closure] = {}

    # -- records

    def emit(self, outcome: Outcome) -> None:
        """Record an outcome once."""
        key = repr((outcome.argv, outcome.cwd, outcome.more)) if isinstance(outcome, Argv) else repr(outcome)
        self._outcomes.setdefault(key, outcome)

    def effect(
        self,
        kind: EffectKind,
        target: str,
        site: str,
        *,
        flags: Flag = Flag.NONE,
        to: str = "",
        detail: str = "",
        reads: tuple[str, ...] = (),
        text: str | None = None,
    ) -> None:
        """Record an effect of a call to ``site``."""
        self.emit(Effect(kind, target, self.label(site), flags=flags, to=to, detail=detail, reads=reads, text=text))

    def label(self, site: str) -> str:
        """A call as a person would name it."""
        return f"{self.dialect.program}: {site}" if site else self.dialect.program

    def unresolved(self, detail: str, what: str = "") -> None:
        """Record that something could not be followed."""
        self.emit(Effect(EffectKind.UNRESOLVED, what or UNKNOWN, self.dialect.program, detail=detail))

    def locate(self, path: str) -> str:
        """A path as the program would open it. One that begins with something unknown may be anywhere."""
        return absolute(path, "/" if path.startswith(UNKNOWN) else self.cwd)

    def show(self, values: Iterable[Value]) -> None:
        """Values are printed: what they were read from reaches the agent."""
        for value in values:
            self.shown.update(value.origins)
            if not value.origins and any(isinstance(atom, (Bound, Obj)) or UNKNOWN in as_text(atom) for atom in value.options):
                self.all_shown = True

    def outcomes(self) -> tuple[Outcome, ...]:
        """Everything found, once the program and all its functions have been evaluated."""
        return tuple(self._finished(item) for item in self._outcomes.values())

    def _finished(self, item: Outcome) -> Outcome:
        if not isinstance(item, Effect):
            return item
        if item.kind is EffectKind.READ and (self.all_shown or f"file:{item.target}" in self.shown):
            return replace(item, flags=item.flags | Flag.CONTENT_OUT)
        if item.kind is EffectKind.WRITE and item.text is None and (parts := self.written.get(item.target)):
            known = [part for part in parts if part is not None]
            return replace(item, text="".join(known)) if len(known) == len(parts) else item
        return item

    @property
    def certain(self) -> bool:
        """True where the code being evaluated runs exactly once."""
        return not self._weak and not self._loops

    # -- running

    def run(self, program: tuple[ir.Node, ...]) -> Value:
        """Evaluate a program, then every function that it made and did not call. The value is that of the last statement."""
        self._returns.append([])
        value = self.block(program)
        at = 0
        while at < len(self._closures):
            closure = self._closures[at]
            at += 1
            if id(closure.node) not in self._done:
                self._unknown_call(closure)
        for closure in list(self._refused.values()):
            self._unknown_call(closure)
        return value

    def _unknown_call(self, closure: Closure) -> None:
        self._done.add(id(closure.node))
        self._weak += 1
        self._enter(closure, [], {}, more=True)
        self._weak -= 1

    def block(self, nodes: tuple[ir.Node, ...]) -> Value:
        """Evaluate statements in order; the value of the last."""
        value = NOTHING
        for node in nodes:
            value = self.eval(node)
        return value

    def eval(self, node: ir.Node) -> Value:
        """The possible values of a node; its effects are recorded on the way."""
        if self._depth >= MAX_DEPTH:
            self.unresolved("the code is nested too deeply to be followed")
            return ANY
        self._depth += 1
        if self._extra:
            self._budget -= 1
        try:
            return EVALUATORS[type(node)](self, node)
        finally:
            self._depth -= 1

    def _const(self, node: ir.Const) -> Value:
        return Value((node.value,))

    def _name(self, node: ir.Name) -> Value:
        if node.name.startswith(ir.GLOBAL):
            return self.symbol(node.name[1:])
        scope = self.scope.find(node.name)
        return scope.variables[node.name] if scope else self.symbol(node.name)

    def symbol(self, name: str) -> Value:
        """A global by its dotted name."""
        if name.startswith(UNKNOWN) and self.dialect.called_by_name:
            return ANY
        constant = self.dialect.constants.get(self.dialect.canonical(name))
        if (
            constant is None and name.startswith(("$", "[", "%")) and self.dialect.called_by_name
        ):  # a variable that is not set here
            return ANY
        return constant(self) if constant else of(Sym(name))

    def _attr(self, node: ir.Attr) -> Value:
        obj = self.eval(node.obj)
        if obj.sole == Obj("environ") and not self.knows(f"environ.{node.name}"):
            return self.environment(node.name)
        return self.attribute(obj, node.name)

    def attribute(self, value: Value, name: str) -> Value:
        """``value.name``."""
        return join(self._member(atom, name, value.origins) for atom in value.options).with_origins(value.origins)

    def _member(self, atom: Atom, name: str, origins: frozenset[str]) -> Value:
        match atom:
            case Sym(base):
                return self.symbol(f"{base}.{name}")
            case Map(pairs) if (found := atom.get(name)) is not None and pairs:
                return found
            case Obj("instance", (owner, *_)) | Obj("super", (owner, *_)):
                return self._instance_member(owner, name, of(atom))
            case Obj(cls) if (constant := self.dialect.pure.get(f"{cls}@{name}")) is not None:
                return lift(constant.function, [of(atom)], partial=constant.partial)
            case ClassAtom():
                if name == "new":
                    return of(atom)
                return self._instance_member(of(atom), name, of(atom))
        if atom == UNKNOWN and name in self.fields and name not in self.dialect.loose:
            return join([self.fields[name], of(Bound(ANY, name))])
        return of(Bound(Value((atom,), origins), name))

    def _instance_member(self, owner: Value, name: str, this: Value) -> Value:
        """A method of a class of the snippet, else what was ever assigned to a field of that name."""
        held = self._method(owner, name, this)
        assigned = self.fields.get(name)
        if held is None:
            return assigned if assigned is not None else of(Bound(this, name))
        return held if assigned is None else join([held, assigned])

    def _method(self, owner: Value, name: str, this: Value) -> Value | None:
        for atom in owner.options:
            if isinstance(atom, ClassAtom) and (found := atom.scope.variables.get(name)) is not None:
                return Value(tuple(replace(item, bound=this) if isinstance(item, Closure) else item for item in found.options))
        return None

    def _index(self, node: ir.Index) -> Value:
        obj, key = self.eval(node.obj), self.eval(node.key)
        found = [self._item(atom, index) for atom in obj.options for index in key.options]
        return join(found) if obj.sole == Obj("environ") else join(found).with_origins(obj.origins)

    def _item(self, atom: Atom, key: Atom) -> Value:
        match atom, key:
            case Sym(base), _ if not isinstance(key, int):
                return self.symbol(f"{base}.{as_text(key)}")
            case Seq(items, more), int():
                if -len(items) <= key < len(items) and not (more and key < 0):
                    return items[key]
                return ANY
            case Map(_, more), _:
                found = atom.get(as_text(key))
                return (
                    found
                    if found is not None and not more
                    else element_of(of(atom))
                    if UNKNOWN in as_text(key)
                    else found or ANY
                )
            case ((str() | bytes()), int()) if UNKNOWN not in as_text(atom) and -len(atom) <= key < len(atom):
                return of(atom[key])
            case Obj("environ"), _:
                return self.environment(as_text(key))
            case _, str() if atom != UNKNOWN and key.isidentifier() and not isinstance(atom, (Seq, str, bytes)):
                return self._member(atom, key, NOWHERE)
        return element_of(of(atom)) if isinstance(atom, (Seq, Pattern)) else ANY

    def environment(self, name: str) -> Value:
        """An environment variable: its value where the world knows it."""
        if name in ("HOME", "USERPROFILE"):
            return of(self.world.home)
        if name == "PWD":
            return of(self.cwd)
        known = None if UNKNOWN in name else self.world.variable(name)
        return Value((UNKNOWN if known is None else known,), frozenset((f"env:{'*' if UNKNOWN in name else name}",)))

    def _slice(self, node: ir.Slice) -> Value:
        obj = self.eval(node.obj)
        bounds = [NOTHING if part is None else self.eval(part) for part in (node.start, node.stop, node.step)]

        def cut(atom: Atom, start: Atom, stop: Atom, step: Atom) -> Atom:
            if not isinstance(start, int | None) or not isinstance(stop, int | None) or not isinstance(step, int | None):
                return UNKNOWN
            where = slice(start, stop, step)
            if isinstance(atom, Seq):
                return Seq(atom.items[where], atom.more)
            return atom[where] if isinstance(atom, (str, bytes)) else UNKNOWN

        return lift(cut, [obj, *bounds], partial=False)

    # -- calls

    def _arguments(self, nodes: tuple[ir.Node, ...]) -> tuple[list[Value], bool]:
        args: list[Value] = []
        more = False
        for node in nodes:
            if not isinstance(node, ir.Spread):
                args.append(self.eval(node))
                continue
            value = self.eval(node.value)
            atom = value.sole
            if isinstance(atom, Seq):
                args += [item.with_origins(value.origins) for item in atom.items]
                more = more or atom.more
            else:
                args.append(element_of(value))
                more = True
        return args, more

    def _call(self, node: ir.Call) -> Value:
        func = self.eval(node.func)
        args, more = self._arguments(node.args)
        named = {key: self.eval(value) for key, value in node.named}
        if isinstance(node.func, ir.Attr) and node.func.name in self.dialect.mutators:
            self._mutate(node.func.obj, self.dialect.mutators[node.func.name], args)
        return self.call(func, args, named, more=more)

    def _mutate(self, target: ir.Node, how: str, args: list[Value]) -> None:
        if not isinstance(target, (ir.Name, ir.Attr)):
            return
        unset = isinstance(target, ir.Name) and self.scope.find(target.name) is None and how in ("append", "prepend")
        current = of(Seq(())) if unset and not isinstance(self.eval(target).sole, Seq) else self.eval(target)
        atom = current.sole
        if not isinstance(atom, Seq):
            return
        items = atom.items
        more = atom.more or self._loops > 0
        match how:
            case "append":
                changed = Seq((*items, *args), more)
            case "prepend":
                changed = Seq((*args, *items), more)
            case "drop":
                changed = Seq(items[1:], more)
            case "reverse":
                changed = Seq(items[::-1], more)
            case _:
                added = args[0].sole if args else UNKNOWN
                changed = Seq((*items, *added.items), more or added.more) if isinstance(added, Seq) else Seq(items, more=True)
        origins = current.origins.union(*(value.origins for value in args))
        self.assign(target, Value((changed,), origins), declare=False)

    def call(self, func: Value, args: list[Value], named: Mapping[str, Value] | None = None, *, more: bool = False) -> Value:
        """Call every atom that ``func`` may be."""
        named = named or {}
        results = [self._call_atom(atom, func.origins, args, named, more=more) for atom in func.options]
        return join(results)

    def _call_atom(
        self, atom: Atom, origins: frozenset[str], args: list[Value], named: Mapping[str, Value], *, more: bool
    ) -> Value:
        match atom:
            case Closure():
                bound = [atom.bound] if atom.bound is not None else []
                return self.invoke(
                    atom, [*bound, *args] if self.dialect.language in ("python", "perl") else args, named, more=more
                )
            case ClassAtom():
                return self._construct(atom, args, named, more=more)
            case Sym(name):
                return self._call_symbol(Site(name, tuple(args), named, more), self.dialect.canonical(name), origins)
            case Bound(receiver, name):
                return join(self._call_method(one, receiver, name, args, named, more=more) for one in receiver.options)
            case str() if self.dialect.called_by_name:
                if UNKNOWN in atom:
                    self.unresolved("calls a function whose name cannot be known")
                    return self._foreign(origins, args, named)
                return self._call_atom(Sym(atom), origins, args, named, more=more)
            case Obj("partial", (func, *first)):
                return self.call(func, [*first, *args], named, more=more)
        return self._foreign(origins, args, named)

    def _call_method(
        self, atom: Atom, receiver: Value, name: str, args: list[Value], named: Mapping[str, Value], *, more: bool
    ) -> Value:
        this = Value((atom,), receiver.origins)
        site = Site(f"{_class_of(atom)}.{name}", (this, *args), named, more)
        key = site.name
        if isinstance(atom, Closure) and name in ("call", "apply", "bind", "()", "__call__"):
            return self.call(
                this, args[1:] if name in ("call", "apply", "bind") and self.dialect.language == "javascript" else args, named
            )
        if not self.knows(key) and name in self.dialect.loose and (atom == UNKNOWN or isinstance(atom, (Bound, Obj))):
            key = self.dialect.loose[name]
            site = replace(site, name=name)
            if key.split(".", 1)[0] in self.dialect.roots:  # a module's function, called on the module
                site = replace(site, args=tuple(args))
        elif not self.knows(key):
            key = f"any.{name}"
        return self._call_symbol(site, key, receiver.origins)

    def knows(self, key: str) -> bool:
        """True where a table has an entry of that name."""
        dialect = self.dialect
        return key in dialect.sinks or key in dialect.pure or key in dialect.special

    def _call_symbol(self, site: Site, key: str, origins: frozenset[str]) -> Value:
        dialect = self.dialect
        if (sink := dialect.sinks.get(key)) is not None:
            return ACTIONS[sink.action](self, sink, site)
        if (special := dialect.special.get(key)) is not None:
            return special(self, site)
        if (pure := dialect.pure.get(key)) is not None and not site.named and not site.more:
            return lift(pure.function, list(site.args), partial=pure.partial).with_origins(origins)
        if UNKNOWN in key and (key.split(".", 1)[0] in dialect.roots or key.startswith(UNKNOWN)):
            self.unresolved(f"calls a member of {key.split('.', 1)[0]} that cannot be known".replace(UNKNOWN, "something"))
        return self._foreign(origins, list(site.args), site.named)

    def _foreign(self, origins: frozenset[str], args: list[Value], named: Mapping[str, Value]) -> Value:
        """A call to something that no table knows: it may call back what it is given, and hand on all that it gets."""
        everything = [*args, *named.values()]
        came = origins.union(*(value.origins for value in everything))
        for value in everything:
            self.call_back(value, came)
        return unknown(came)

    def call_back(self, value: Value, origins: frozenset[str]) -> Value:
        """Somebody calls the functions in a value, with arguments that are unknown but for their origins."""
        results = []
        for atom in value.options:
            if isinstance(atom, Closure):
                params = [unknown(origins) for _ in atom.node.params]
                self._weak += 1
                results.append(self.invoke(atom, params, {}, more=True))
                self._weak -= 1
            elif isinstance(atom, Map):
                for _, item in atom.pairs:
                    self.call_back(item, origins)
        return join(results) if results else ANY

    def _construct(self, atom: ClassAtom, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
        this = of(Obj("instance", (of(atom),)))
        for name in ("__init__", "constructor", "initialize", "__construct"):
            method = self._method(of(atom), name, this)
            if method is not None:
                self.call(method, args, named, more=more)
        return this

    def invoke(self, closure: Closure, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
        """Follow a call into a function of the snippet."""
        node = closure.node
        if node in self._active or self._budget <= 0 or self._depth > MAX_CALL_DEPTH:
            self._refused[id(node)] = closure
            return unknown(NOWHERE.union(*(value.origins for value in args)))
        self._done.add(id(node))
        self._extra += 1
        try:
            return self._enter(closure, args, named, more=more)
        finally:
            self._extra -= 1

    def _enter(self, closure: Closure, args: list[Value], named: Mapping[str, Value], *, more: bool) -> Value:
        node = closure.node
        around, self.scope = self.scope, Scope({}, closure.scope)
        weak, self._weak = self._weak, self._weak
        self._active.append(node)
        self._returns.append([])
        try:
            if closure.bound is not None:
                self.scope.variables["this" if self.dialect.language != "ruby" else "self"] = closure.bound
            if node.arguments:
                self.scope.variables[node.arguments] = of(Seq(tuple(args), more))
            self._bind(node.params, args, named, more=more)
            last = self.block(node.body)
            results = self._returns[-1]
            return join([*results, last] if node.value_last else results)
        finally:
            self._returns.pop()
            self._active.pop()
            self.scope = around
            self._weak = weak

    def _bind(self, params: tuple[ir.Param, ...], args: list[Value], named: Mapping[str, Value], *, more: bool) -> None:
        for at, param in enumerate(params):
            name = param.target.name if isinstance(param.target, ir.Name) else ""
            if param.rest:
                value = of(Seq(tuple(args[at:]), more))
            elif name in named:
                value = named[name]
            elif at < len(args):
                value = args[at]
            elif param.default is not None:
                value = self.eval(param.default)
                value = join([value, ANY]) if more else value
            else:
                value = ANY
            self.assign(param.target, value, declare=True)

    # -- text and collections

    def _concat(self, node: ir.Concat) -> Value:
        values = [self.eval(part) for part in node.parts]
        return add(values) if node.typed else concat(values)

    def _binary(self, node: ir.Binary) -> Value:
        return binary(node.op, self.eval(node.left), self.eval(node.right))

    def _items(self, node: ir.Items) -> Value:
        items, more = self._arguments(node.items)
        return Value((Seq(tuple(items), more or node.more),), NOWHERE.union(*(item.origins for item in items)))

    def _pairs(self, node: ir.Pairs) -> Value:
        pairs: list[tuple[str, Value]] = []
        origins = NOWHERE
        more = False
        for key, item in node.pairs:
            value = self.eval(item)
            origins |= value.origins
            if key is not None:
                names = texts(self.eval(key))
                pairs += [(name, value) for name in names]
            elif isinstance(value.sole, Map):
                pairs += value.sole.pairs
            else:
                more = True
        return Value((Map(tuple(pairs), more),), origins)

    def _choice(self, node: ir.Choice) -> Value:
        self._weak += 1
        value = join(self.eval(option) for option in node.options)
        self._weak -= 1
        return value

    def _collect(self, node: ir.Collect) -> Value:
        around, self.scope = self.scope, Scope({}, self.scope)
        found: list[Value] = []
        more = self._collect_rounds(node, 0, found)
        self.scope = around
        return Value((Seq(tuple(found), more),), NOWHERE.union(*(item.origins for item in found)))

    def _collect_rounds(self, node: ir.Collect, at: int, found: list[Value]) -> bool:
        if at == len(node.rounds):
            found.append(self.eval(node.element))
            return False
        target, items = node.rounds[at]
        if target is None:
            self.eval(items)
            return self._collect_rounds(node, at + 1, found) or True
        more = False
        for _ in self._rounds(target, self.eval(items), declare=True):
            more = self._collect_rounds(node, at + 1, found) or more
        return more

    # -- statements

    def _assign(self, node: ir.Assign) -> Value:
        value = self.eval(node.value)
        if node.op:
            current = self.eval(node.target)
            value = add([current, value]) if node.op in ("+", ".") else join([current, value])
            if self._loops:
                value = join([current, value, ANY])
        self.assign(node.target, value, declare=node.declare)
        return value

    def assign(self, target: ir.Node, value: Value, *, declare: bool) -> None:
        """Give a variable, a field or a pattern of them a value."""
        match target:
            case ir.Name(name):
                self._set(name, value, declare=declare)
            case ir.Items(parts):
                self._unpack(parts, value, declare=declare)
            case ir.Pairs(pairs):
                for key, part in pairs:
                    item = value if key is None else join(self.attribute(value, name) for name in texts(self.eval(key)))
                    self.assign(part, item, declare=declare)
            case ir.Choice(options):  # a pattern with a default
                self.assign(options[0], join([value, *(self.eval(option) for option in options[1:])]), declare=declare)
            case ir.Spread(part):
                self.assign(part, value, declare=declare)
            case ir.Attr(obj, name):
                self.eval(obj)
                self.fields[name] = join([self.fields[name], value]) if name in self.fields else value
            case ir.Index(obj, key):
                self._set_item(obj, self.eval(key), value)
            case _:
                self.eval(target)

    def _set(self, name: str, value: Value, *, declare: bool) -> None:
        shared = name.startswith(("@", "*"))  # fields and globals of Ruby, file handles of Perl
        scope = self.root if shared else self.scope if declare else self.scope.find(name) or self.scope
        if self._weak and name in scope.variables:
            value = join([scope.variables[name], value])
        scope.variables[name] = value

    def _unpack(self, parts: tuple[ir.Node, ...], value: Value, *, declare: bool) -> None:
        atom = value.sole
        for at, part in enumerate(parts):
            if isinstance(part, ir.Spread):
                rest = Seq(atom.items[at:], atom.more or at + 1 < len(parts)) if isinstance(atom, Seq) else UNKNOWN
                self.assign(part.value, Value((rest,), value.origins), declare=declare)
            elif isinstance(atom, Seq) and at < len(atom.items) and not atom.more:
                self.assign(part, atom.items[at].with_origins(value.origins), declare=declare)
            else:
                self.assign(part, element_of(value), declare=declare)

    def _set_item(self, obj: ir.Node, key: Value, value: Value) -> None:
        current = self.eval(obj)
        atom = current.sole
        name = as_text(key.sole)
        if isinstance(atom, Map):
            changed: Atom = Map((*atom.pairs, (name, value)), atom.more)
        elif isinstance(atom, Seq) and isinstance(key.sole, int) and 0 <= key.sole < len(atom.items):
            items = list(atom.items)
            items[key.sole] = value
            changed = Seq(tuple(items), atom.more)
        else:
            return
        if isinstance(obj, (ir.Name, ir.Attr)):
            self.assign(obj, Value((changed,), current.origins | value.origins), declare=False)

    def _block(self, node: ir.Block) -> Value:
        self._weak += node.maybe
        if node.loop:
            self._loops += 1
        value = self.block(node.body)
        if node.loop and self._budget > 0:  # what a later round sees of an earlier one
            self._extra += 1
            value = join([value, self.block(node.body)])
            self._extra -= 1
        if node.loop:
            self._loops -= 1
        self._weak -= node.maybe
        return value

    def _rounds(self, target: ir.Node, items: Value, *, declare: bool) -> Iterable[None]:
        """Set the target for every round of a loop: each known element, else all of them at once."""
        known = elements(items)
        listed = None if known is None or self._budget <= 0 else list(known)
        if listed is not None and len(listed) <= MAX_ROUNDS:
            self._extra += len(listed) > 1
            for item in listed:
                self.assign(target, item, declare=declare)
                yield
                if self._budget <= 0:
                    break
            else:
                self._extra -= len(listed) > 1
                return
            self._extra -= len(listed) > 1
        self.assign(target, element_of(items), declare=declare)
        self._weak += 1
        self._loops += 1
        yield
        self._loops -= 1
        self._weak -= 1

    def _for(self, node: ir.For) -> Value:
        items = self.eval(node.items)
        value = NOTHING
        for _ in self._rounds(node.target, items, declare=node.declare):
            value = self.block(node.body)
        if is_unknown(items) or items == of(Seq(())):
            self._block(ir.Block(node.body, maybe=True, loop=True))
        return value

    def _function(self, node: ir.Function) -> Value:
        closure = Closure(node, self.scope)
        self._closures.append(closure)
        value = of(closure)
        if node.name:
            self._set(node.name, value, declare=True)
        return value

    def _class(self, node: ir.Class) -> Value:
        for base in node.bases:
            self.eval(base)
        scope = Scope({}, self.scope)
        around, self.scope = self.scope, scope
        first = len(self._closures)
        self.block(node.body)
        self.scope = around
        atom = ClassAtom(node, scope)
        this = of(Obj("instance", (of(atom),)))
        self._closures[first:] = [replace(closure, bound=this) for closure in self._closures[first:]]
        self._set(node.name, of(atom), declare=True)
        return of(atom)

    def _return(self, node: ir.Return) -> Value:
        value = self.eval(node.value)
        self._returns[-1].append(value)
        return value

    def _opaque(self, node: ir.Opaque) -> Value:
        origins = NOWHERE
        for child in node.children:
            origins |= self.eval(child).origins
        return unknown(origins)

    def _spread(self, node: ir.Spread) -> Value:
        return element_of(self.eval(node.value))

    def _unreadable(self, node: ir.Unreadable) -> Value:
        self.unresolved(node.why)
        return ANY


def _class_of(atom: Atom) -> str:
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


EVALUATORS: dict[type, Callable[[Machine, Any], Value]] = {
    ir.Const: Machine._const,
    ir.Name: Machine._name,
    ir.Attr: Machine._attr,
    ir.Index: Machine._index,
    ir.Slice: Machine._slice,
    ir.Call: Machine._call,
    ir.Spread: Machine._spread,
    ir.Concat: Machine._concat,
    ir.Binary: Machine._binary,
    ir.Items: Machine._items,
    ir.Pairs: Machine._pairs,
    ir.Choice: Machine._choice,
    ir.Function: Machine._function,
    ir.Class: Machine._class,
    ir.Assign: Machine._assign,
    ir.Block: Machine._block,
    ir.For: Machine._for,
    ir.Collect: Machine._collect,
    ir.Return: Machine._return,
    ir.Opaque: Machine._opaque,
    ir.Unreadable: Machine._unreadable,
}
