"""Evaluates lowered code far enough to know what reaches a sink: possible values, calls followed, both ways of every branch.

Work is bounded: every node is evaluated at least once; following calls and unrolling loops beyond that draws on a budget.
A call that is not followed any more is made up for by evaluating the function once with unknown arguments: no sink is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.model import Argv, Outcome, World, absolute
from checkrein.detect.shell.snippets import calls, ir, items, loops, names
from checkrein.detect.shell.snippets.dialect import Dialect, Sink, Site
from checkrein.detect.shell.snippets.perform import ACTIONS
from checkrein.detect.shell.snippets.values import ANY, NOTHING, NOWHERE, Atom, Bound, Closure, Obj, Scope, Value, as_text
from checkrein.detect.shell.values import environment_read, sources

MAX_DEPTH = 100  # nodes within nodes; about four Python frames each
BUDGET = 20_000  # nodes evaluated beyond the first time


class Machine:
    """One snippet being judged. ``effects`` and other outcomes are collected in order, each once."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        cwd: str,
        world: World,
        args: tuple[str, ...],
        stdin: str | None,
        origins: frozenset[str] = NOWHERE,
    ) -> None:
        self.dialect = dialect
        self.cwd = cwd
        self.world = world
        self.args = args
        self.stdin = stdin
        self.origins = origins  # of standard input and the words
        self.search: list[str] = []  # folders that modules are looked for in, besides the working one
        self.root = self.scope = Scope({})
        self.fields: dict[str, Value] = {}
        self.shown: set[str] = set()
        self.all_shown = False
        self.written: dict[str, list[str | None]] = {}
        self._outcomes: dict[str, Outcome] = {}
        self.depth = 0
        self.weak = 0
        self.loops = 0
        self.budget = BUDGET
        self.extra = 0
        self.returns: list[list[Value]] = []
        self.active: list[ir.Function] = []
        self.closures: list[Closure] = []
        self.done: set[int] = set()
        self.refused: dict[int, Closure] = {}

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

    def given(self, atom: Atom) -> Value:
        """A value that is made of standard input, or of words behind the code."""
        return Value((atom,), self.origins)

    def locate(self, path: str) -> str:
        """A path as the program would open it. One that begins with something unknown may be anywhere."""
        return absolute(path, "/" if path.startswith(UNKNOWN) else self.cwd)

    def show(self, values: Iterable[Value]) -> None:
        """Values are printed: what they were read from reaches the agent."""
        for value in values:
            self.shown.update(value.origins)
            for origin in sources(value.origins):
                if origin.startswith("env:"):
                    self.emit(environment_read(self.dialect.program, origin))
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
        return not self.weak and not self.loops

    # -- running

    def run(self, program: tuple[ir.Node, ...]) -> Value:
        """Evaluate a program, then every function that it made and did not call. The value is that of the last statement."""
        self.returns.append([])
        value = self.block(program)
        at = 0
        while at < len(self.closures):
            closure = self.closures[at]
            at += 1
            if id(closure.node) not in self.done:
                self._unknown_call(closure)
        for closure in list(self.refused.values()):
            self._unknown_call(closure)
        return value

    def _unknown_call(self, closure: Closure) -> None:
        self.done.add(id(closure.node))
        self.weak += 1
        calls.enter(self, closure, [], {}, more=True)
        self.weak -= 1

    def perform(self, sink: Sink, site: Site) -> Value:
        """Do what a sink does."""
        return ACTIONS[sink.action](self, sink, site)

    def block(self, nodes: tuple[ir.Node, ...]) -> Value:
        """Evaluate statements in order; the value of the last."""
        value = NOTHING
        for node in nodes:
            value = self.eval(node)
        return value

    def eval(self, node: ir.Node) -> Value:
        """The possible values of a node; its effects are recorded on the way."""
        if self.depth >= MAX_DEPTH:
            self.unresolved("the code is nested too deeply to be followed")
            return ANY
        self.depth += 1
        if self.extra:
            self.budget -= 1
        try:
            return EVALUATORS[type(node)](self, node)
        finally:
            self.depth -= 1


EVALUATORS: dict[type, Callable[[Machine, Any], Value]] = {
    ir.Const: names.literal,
    ir.Name: names.variable,
    ir.Attr: names.member,
    ir.Index: items.index,
    ir.Slice: items.sliced,
    ir.Call: calls.called,
    ir.Spread: items.spread,
    ir.Concat: items.concatenated,
    ir.Binary: items.computed,
    ir.Items: items.listed,
    ir.Pairs: items.mapped,
    ir.Choice: loops.choice,
    ir.Function: calls.function,
    ir.Class: calls.klass,
    ir.Assign: names.assignment,
    ir.Block: loops.block,
    ir.For: loops.loop,
    ir.Collect: loops.collected,
    ir.Return: calls.returned,
    ir.Opaque: loops.opaque,
    ir.Unreadable: loops.unreadable,
}
