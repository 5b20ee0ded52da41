"""Walks a syntax tree as a shell would run it, and collects the effects instead of causing them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.execution import Execution, program_name
from checkrein.detect.shell.expand import Expander, bounded
from checkrein.detect.shell.frame import MAX_DEPTH, MAX_ITERATIONS, MAX_SCENARIOS, MAX_STEPS, MAX_TEXT, Analysis, Frame
from checkrein.detect.shell.languages import interpreter_language
from checkrein.detect.shell.lexer import BEYOND, UNREAD
from checkrein.detect.shell.model import World
from checkrein.detect.shell.nodes import (
    AndOr,
    Arithmetic,
    Assignment,
    Background,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Parameter,
    Part,
    Pipeline,
    Process,
    Redirect,
    Script,
    Simple,
    Substitution,
    Test,
    While,
    Word,
)
from checkrein.detect.shell.parser import parse
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import ANYTHING, NUL, SILENT, Stream, Value

__all__ = ["Analysis", "Interpreter", "analyse"]


class Interpreter(Execution):
    """One analysis. Not reusable."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._steps = 0
        self._characters = 0

    # -- texts and scripts

    def text(self, text: str, frame: Frame) -> Stream:
        """Run shell code."""
        if frame.depth > MAX_DEPTH:
            self.unresolved("code that runs code", f"is nested more than {MAX_DEPTH} deep", frame)
            return Stream()
        self._characters += len(text)
        if self._characters > MAX_TEXT and frame.depth > 0:
            self.unresolved("code that runs code", f"has more than {MAX_TEXT} characters in all", frame)
            return Stream()
        script = parse(text.replace(NUL, ""))
        for problem in script.problems:
            self.analysis.problems.append(problem)
            if problem.startswith((BEYOND, UNREAD)):
                self.unresolved("part of this command", problem, frame)
        return self.script(script, replace(frame, depth=frame.depth + 1))

    def script(self, script: Script, frame: Frame) -> Stream:
        """Run commands one after the other; their outputs joined."""
        output = SILENT
        for command in script.commands:
            produced = self.command(command, frame)
            output = output + produced if len(output.text) < 1_000_000 else output
        return output

    def command(self, node: Command, frame: Frame) -> Stream:
        """Run one command of any kind."""
        match node:
            case Simple():
                return self._simple(node, frame)
            case Pipeline(commands):
                return self._pipeline(commands, frame)
            case AndOr():
                return self._and_or(node, frame)
            case Background(command):
                return self.command(command, replace(frame, state=frame.state.fork(), parallel=True))
            case Group(body, subshell, redirects):
                state = frame.state.fork() if subshell else frame.state
                return self._redirected(redirects, replace(frame, state=state), body)
            case If():
                return self._if(node, frame)
            case For():
                return self._for(node, frame)
            case While():
                return self._while(node, frame)
            case Case():
                return self._case(node, frame)
            case Function(name, body):
                frame.state.functions[name] = (body,)
                return SILENT
            case Test(words, redirects):
                expander = self.expander(frame)
                expander.fields(words)
                for word in words:
                    expander.calculate("".join(part.text for part in word.parts if isinstance(part, Literal)))
                self.redirections(redirects, frame)
                return SILENT

    def _redirected(self, redirects: Sequence[Redirect], frame: Frame, body: Script) -> Stream:
        stdin, sinks = self.redirections(redirects, frame)
        output = self.script(body, replace(frame, stdin=stdin or frame.stdin))
        return self.sink(output, sinks, frame)

    def _pipeline(self, commands: Sequence[Command], frame: Frame) -> Stream:
        stream = frame.stdin
        for command in commands:
            stream = self.command(command, replace(frame, state=frame.state.fork(), stdin=stream, parallel=True))
        return stream or SILENT

    def _and_or(self, node: AndOr, frame: Frame) -> Stream:
        """Every command of a chain may run or not; the first one does."""
        chain: list[Command] = []
        first: Command = node
        while isinstance(first, AndOr):
            chain.append(first.right)
            first = first.left
        output = self.command(first, frame)
        for right in reversed(chain):
            taken = frame.state.fork()
            output = output + self.command(right, replace(frame, state=taken))
            frame.state.merge((frame.state.fork(), taken))
        return output

    def _if(self, node: If, frame: Frame) -> Stream:
        stdin, sinks = self.redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
        output = SILENT
        branches = [] if not node.branches[-1][0].commands else [frame.state.fork()]  # with an else, one branch runs
        for condition, body in node.branches:
            self.script(condition, inner)
            branch = frame.state.fork()
            output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        frame.state.merge(branches)
        return self.sink(output, sinks, frame)

    def _case(self, node: Case, frame: Frame) -> Stream:
        stdin, sinks = self.redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
        self.expander(frame).single(node.subject)
        output = SILENT
        branches = [frame.state.fork()]
        for patterns, body in node.items:
            self.expander(frame).fields(patterns)
            branch = frame.state.fork()
            output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        frame.state.merge(branches)
        return self.sink(output, sinks, frame)

    def _for(self, node: For, frame: Frame) -> Stream:
        stdin, sinks = self.redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
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
        if self._steps > MAX_STEPS:  # named where it was reached; loops in loops would go on counting for nothing
            return Stream()
        before = dict(frame.state.variables)
        output = self.script(body, frame)
        return output + self.script(body, frame) if frame.state.variables != before else output

    def _choices(self, words: tuple[Word, ...], frame: Frame) -> list[Value]:
        """The fields of words under all that their variables may be."""
        names = [name for name in _names(Simple(words)) if len(frame.state.variables.get(name, ())) > 1]
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
        stdin, sinks = self.redirections(node.redirects, frame)
        stream = stdin or frame.stdin
        lines: list[Value] = [ANYTHING]
        if stream is not None:
            texts = dict.fromkeys(stream.text.rstrip("\n").split("\n"))
            lines = [Value(text, origins=stream.origins) for text in texts]
            if len(lines) > MAX_ITERATIONS:
                self.unresolved("a loop", f"runs over more than {MAX_ITERATIONS} lines", frame)
        output = SILENT
        for line in lines[:MAX_ITERATIONS]:
            inner = replace(frame, stdin=stream, line=line)
            self.script(node.condition, inner)
            output = output + self._round(node.body, inner)
        return self.sink(output, sinks, frame)

    # -- simple commands

    def _simple(self, node: Simple, frame: Frame) -> Stream:
        """Once for every combination of what its variables, and the folder, may be."""
        variables = frame.state.variables
        uncertain = [name for name in (*_names(node), "IFS") if len(variables.get(name, ())) > 1]
        places = (frame.state.cwd, *frame.state.folders_too)
        if not uncertain and len(places) == 1:
            return self._simple_once(node, frame)
        output = SILENT
        choices = itertools.product(places, itertools.product(*(variables[name] for name in uncertain)))
        states: list[State] = []
        for place, values in itertools.islice(choices, MAX_SCENARIOS):
            state = frame.state.fork()
            state.cwd, state.folders_too = place, ()
            for name, value in zip(uncertain, values, strict=True):
                state.set(name, value)
            output = output + self._simple_once(node, replace(frame, state=state))
            states.append(state)
        if next(choices, None) is not None:
            self.unresolved("a command", f"has more than {MAX_SCENARIOS} possible readings", frame)
        frame.state.merge(states)
        return output

    def _simple_once(self, node: Simple, frame: Frame) -> Stream:
        self._steps += 1
        if self._steps > MAX_STEPS:
            if self._steps == MAX_STEPS + 1:
                self.unresolved("this command", f"runs more than {MAX_STEPS} commands", frame)
            return Stream()
        expander = self.expander(frame)
        argv = expander.fields(node.words)
        environment = self._assign(node.assignments, expander, frame, lasting=not argv)
        opens = [value.text for value in argv] == ["exec"]
        stdin, sinks = self.redirections(node.redirects, frame, lasting=opens)
        if not argv:
            return self.sink(SILENT, sinks, frame)
        if interpreter_language(program_name(argv[0].text)) == "shell":
            self.connected(node.redirects, frame, argv[0].text)
        inner = replace(frame, stdin=stdin or frame.stdin or frame.state.inputs.get("0"))
        output = self.run(argv, inner, environment)
        return self.sink(output, sinks, frame)

    def _assign(
        self, assignments: Iterable[Assignment], expander: Expander, frame: Frame, *, lasting: bool
    ) -> dict[str, Value]:
        """Evaluate assignments; lasting ones change the shell, others are the environment of one command."""
        environment: dict[str, Value] = {}
        for item in assignments:
            index = expander.parts(item.subscript).strip() if item.subscript else ""
            if item.items is not None:
                self._assign_array(item, expander, frame.state)
                continue
            value = expander.single(item.value)
            if item.append:
                before = expander.parameter(Parameter(item.name, index=item.index, subscript=item.subscript))
                known = before[0] if item.name in frame.state.variables or item.name in frame.state.arrays else Value("")
                value = bounded(Value(known.text + value.text, origins=known.origins | value.origins))
            if item.index:
                frame.state.set_element(item.name, index, value)
            elif lasting:
                frame.state.set(item.name, value)
            else:
                environment[item.name] = value
        return environment

    def _assign_array(self, item: Assignment, expander: Expander, state: State) -> None:
        values = expander.fields(item.items or ())
        held = state.arrays.get(state.resolved(item.name), {}) if item.append else {}
        if not item.append:
            state.set_array(item.name, ())
        at = max(held, default=-1) + 1
        for value in values:
            keyed = re.fullmatch(r"\[(.*?)\]=(.*)", value.text, re.DOTALL)
            if keyed:
                state.set_element(item.name, keyed[1], Value(keyed[2], value.glob, value.origins))
                at = int(keyed[1][:6]) + 1 if keyed[1].isdecimal() else at
                continue
            state.set_element(item.name, str(at), value)
            at += 1


def _names(node: Simple) -> list[str]:
    """The variables that a simple command's words refer to."""
    names: dict[str, None] = {}
    pending: list[Part] = [part for word in node.words for part in word.parts]
    pending += [part for item in node.assignments for part in item.value.parts]
    pending += [part for item in node.assignments for word in item.items or () for part in word.parts]
    pending += [part for redirect in node.redirects for part in redirect.target.parts]
    pending += [part for redirect in node.redirects if redirect.heredoc for part in redirect.heredoc.body.parts]
    while pending:
        part = pending.pop()
        if isinstance(part, Parameter):
            names[part.name] = None
            if part.argument is not None:
                pending.extend(part.argument.parts)
        elif isinstance(part, Arithmetic):
            pending.extend(part.parts)
        elif isinstance(part, (Substitution, Process)):
            continue
    return list(names)


def analyse(text: str, world: World, cwd: str) -> Analysis:
    """What the shell command ``text`` would do when run in the folder ``cwd``. Never raises for any text.

    NUL bytes are dropped, as bash drops them: inside the analysis they stand for unknown text.
    """
    interpreter = Interpreter(world)
    frame = Frame(State(cwd=cwd))
    printed = interpreter.text(text.replace(UNKNOWN, ""), frame)
    interpreter.finish()
    for origin in sorted(printed.origins):
        if origin.startswith("sourced:"):
            path = origin.removeprefix("sourced:")
            interpreter.emit(Effect(EffectKind.READ, path, "printing a variable", flags=Flag.CONTENT_OUT), frame)
    return interpreter.analysis
