"""Commands of which it is not certain what in them runs: chains, conditions, loops and subshells."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from checkrein.core.effect import EffectKind, Flag
from checkrein.detect.shell.conditions import missing_where
from checkrein.detect.shell.execution import Execution
from checkrein.detect.shell.expansion.assignments import variables_of
from checkrein.detect.shell.frame import MAX_ITERATIONS, MAX_SCENARIOS, Frame
from checkrein.detect.shell.state import State
from checkrein.detect.shell.syntax.nodes import (
    AndOr,
    Case,
    Command,
    For,
    Group,
    If,
    Literal,
    Redirect,
    Script,
    Simple,
    While,
    Word,
)
from checkrein.detect.shell.values import ANYTHING, SILENT, Stream, Value


class Branches(Execution):
    """Runs every branch, and keeps apart what each may have left. The interpreter runs what stands in them."""

    def compound(self, node: Group | If | For | While | Case, frame: Frame) -> Stream:
        """Run a command of which it is not certain what in it runs."""
        match node:
            case Group(body, redirects=redirects):
                return self.redirected(redirects, replace(frame, state=frame.state.fork()), body)
            case If():
                return self._if(node, frame)
            case For():
                return self._for(node, frame)
            case While():
                return self._while(node, frame)
            case Case():
                return self._case(node, frame)

    def redirected(self, redirects: Sequence[Redirect], frame: Frame, body: Script) -> Stream:
        """Run commands with redirections of their own."""
        inner, sinks = self.redirections(redirects, frame)
        output = self.script(body, inner)
        return self.sink(output, sinks, frame)

    def merge(self, state: State, branches: Sequence[State]) -> None:
        """``state`` becomes what any of ``branches`` may have left."""
        self.budget.spend(sum(branch.size for branch in branches))
        state.merge(branches)

    def and_or(self, node: AndOr, frame: Frame) -> Stream:
        """Every command of a chain may run or not; the first one does. What follows ``&&`` runs only where what stands before
        it ran and succeeded, what follows ``||`` only where the last one that ran failed."""
        chain: list[AndOr] = []
        first: Command = node
        while isinstance(first, AndOr):
            chain.append(first)
            first = first.left
        before = frame.state.fork() if _enters(first) else frame.state
        output = self.command(first, replace(frame, tested=True))
        known = not frame.state.stayed
        passed, failed = frame.state.after(success=True), frame.state.after(success=False)
        with contextlib.ExitStack() as doubts:
            doubts.enter_context(self.perhaps(frame))
            for link in reversed(chain):
                taken, others = (passed.fork(), failed) if link.operator == "&&" else (failed.fork(), passed)
                if link.operator == "||":  # what runs now runs where a command before it did not
                    doubts.close()
                    doubts.enter_context(self.perhaps(frame))
                outside = known and link.operator == "||" and link.left is first and _enters(first)
                if outside:  # the folder could not be entered
                    taken.cwd, taken.folders_too = before.cwd, before.folders_too
                with self._without(missing_where(link.left, passed=link.operator == "&&"), frame):
                    tested = frame.tested or link is not node
                    output = output + self.command(link.right, replace(frame, state=taken, tested=tested))
                if link.operator == "||":
                    doubts.close()
                    doubts.enter_context(self.perhaps(frame))
                if outside and taken.cwd == before.cwd:  # what runs later is meant for the folder
                    taken.cwd, taken.folders_too = failed.cwd, failed.folders_too
                if _exits(link.right, frame.state.functions):
                    passed, failed = others, others.fork()
                    continue
                succeeding, failing = taken.after(success=True), taken.after(success=False)
                either = others.fork()
                self.merge(either, (others, failing if link.operator == "&&" else succeeding))
                passed, failed = (succeeding, either) if link.operator == "&&" else (either, failing)
        self.merge(frame.state, (failed, passed))
        return output

    def _if(self, node: If, frame: Frame) -> Stream:
        inner, sinks = self.redirections(node.redirects, frame)
        output = SILENT
        branches = [] if not node.branches[-1][0].commands else [frame.state.fork()]  # with an else, one branch runs
        for condition, body in node.branches:
            self.script(condition, replace(inner, tested=True))
            branch = frame.state.fork()
            with self._without(missing_where(condition, passed=True), inner):
                output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        self.merge(frame.state, branches)
        return self.sink(output, sinks, frame)

    @contextlib.contextmanager
    def _without(self, missing: Word | None, frame: Frame) -> Iterator[None]:
        """What runs in here runs only where there is no file ``missing``, so that writing it replaces nothing."""
        path = self.path(self.expander(frame).single(missing), frame) if missing else ""
        start = len(self.analysis.effects)
        yield
        for at, effect in enumerate(self.analysis.effects[start:] if path else (), start):
            if effect.kind is EffectKind.WRITE and effect.target == path:
                self.analysis.effects[at] = replace(effect, flags=effect.flags | Flag.CREATE)

    def _case(self, node: Case, frame: Frame) -> Stream:
        inner, sinks = self.redirections(node.redirects, frame)
        self.expander(frame).single(node.subject)
        output = SILENT
        branches = [frame.state.fork()]
        for patterns, body in node.items:
            self.expander(frame).fields(patterns)
            branch = frame.state.fork()
            output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        self.merge(frame.state, branches)
        return self.sink(output, sinks, frame)

    def _for(self, node: For, frame: Frame) -> Stream:
        inner, sinks = self.redirections(node.redirects, frame)
        expander = self.expander(frame)
        expander.parts(node.header)
        expander.calculate("".join(part.text for part in node.header if isinstance(part, Literal)))
        values: Sequence[Value] = [ANYTHING]
        if node.name:
            values = frame.state.positional if node.words is None else self._choices(node.words, frame)
        output = SILENT
        distinct = list(dict.fromkeys(values))
        if len(distinct) > MAX_ITERATIONS:
            self.unresolved("a loop", f"runs over more than {MAX_ITERATIONS} values", frame)
        for value in distinct[:MAX_ITERATIONS]:
            if node.name:
                frame.state.set(node.name, value)
            output = output + self._round(node.body, inner)
        return self.sink(output, sinks, frame)

    def _round(self, body: Script, frame: Frame) -> Stream:
        """One round of a loop, and a second where the first left other variables for it."""
        before = dict(frame.state.variables)
        output = self.script(body, frame)
        return output + self.script(body, frame) if frame.state.variables != before else output

    def _choices(self, words: tuple[Word, ...], frame: Frame) -> list[Value]:
        """The fields of words under all that their variables may be."""
        names = [name for name in variables_of(Simple(words)) if len(frame.state.variables.get(name, ())) > 1]
        choices = list(itertools.islice(itertools.product(*(frame.state.variables[name] for name in names)), MAX_SCENARIOS + 1))
        if len(choices) > MAX_SCENARIOS:
            return [ANYTHING]
        fields: list[Value] = []
        for values in choices:
            state = frame.state.fork() if names else frame.state
            for name, value in zip(names, values, strict=True):
                state.set(name, value)
            fields += self.expander(replace(frame, state=state)).fields(words)
        return fields

    def _while(self, node: While, frame: Frame) -> Stream:
        opened, sinks = self.redirections(node.redirects, frame)
        stream = opened.stdin
        lines: list[Value] = [ANYTHING]
        if stream is not None:
            texts = dict.fromkeys(stream.text.rstrip("\n").split("\n"))
            lines = [Value(text, origins=stream.origins) for text in texts]
            if len(lines) > MAX_ITERATIONS:
                self.unresolved("a loop", f"runs over more than {MAX_ITERATIONS} lines", frame)
        output = SILENT
        for line in lines[:MAX_ITERATIONS]:
            inner = replace(opened, line=line)
            self.script(node.condition, replace(inner, tested=True))
            output = output + self._round(node.body, inner)
        return self.sink(output, sinks, frame)


def _enters(node: Command) -> bool:
    return isinstance(node, Simple) and bool(node.words) and node.words[0].literal in ("cd", "pushd")


def _exits(node: Command | None, functions: Mapping[str, tuple[Command | None, ...]]) -> bool:
    """True where the shell ends with a command: ``exit``, or a group or a function that ends so."""
    if isinstance(node, Group) and not node.subshell and node.body.commands:
        return _exits(node.body.commands[-1], functions)
    if not isinstance(node, Simple) or not node.words:
        return False
    name = node.words[0].literal or ""
    bodies = functions.get(name, ())
    return _exits(bodies[0], {}) if len(bodies) == 1 else name == "exit" and not bodies
