"""Walks a syntax tree as a shell would run it, and collects the effects instead of causing them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.branches import Branches
from checkrein.detect.shell.expansion.assignments import assign, variables_of
from checkrein.detect.shell.expansion.braces import MAX_BRACES
from checkrein.detect.shell.expansion.expand import MAX_FIELDS
from checkrein.detect.shell.frame import (
    CHARACTERS_A_UNIT,
    MAX_DEPTH,
    MAX_SCENARIOS,
    Analysis,
    Budget,
    Cost,
    Frame,
    TooMuchError,
)
from checkrein.detect.shell.homes import DEFAULT_PLACES
from checkrein.detect.shell.links import Files, met
from checkrein.detect.shell.model import World, program_name
from checkrein.detect.shell.running.languages import interpreter_language
from checkrein.detect.shell.setups import set_up
from checkrein.detect.shell.state import State
from checkrein.detect.shell.syntax.cursor import BEYOND, UNREAD
from checkrein.detect.shell.syntax.nodes import (
    AndOr,
    Background,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Inverted,
    Literal,
    Pipeline,
    Script,
    Simple,
    Test,
    While,
)
from checkrein.detect.shell.syntax.parser import parse
from checkrein.detect.shell.values import ANYTHING, NUL, SILENT, Stream, Value

COPIED_A_UNIT = 2_000  # characters of output that are joined
ENTRIES_A_UNIT = 16  # variables and functions of a shell that is copied
ARITHMETIC_TESTS = frozenset(("-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v"))
NOT_FOUND = frozenset(("command_not_found_handle", "command_not_found_handler"))
"""Functions that bash and zsh call for programs that are not there, whichever these are."""
LOSING = frozenset((EffectKind.DELETE, EffectKind.MOVE))

__all__ = ["Analysis", "Interpreter", "analyse"]


class Interpreter(Branches):
    """One analysis. Not reusable. TooMuchError where it would go on for too long; what was found until then is recorded."""

    # -- texts and scripts

    def text(self, text: str, frame: Frame) -> Stream:
        """Run shell code."""
        if frame.depth > MAX_DEPTH:
            self.unresolved("code that runs code", f"is nested more than {MAX_DEPTH} deep", frame)
            return Stream()
        if frame.depth > 0:
            self.budget.spend(len(text) // CHARACTERS_A_UNIT)
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
            if "e" in frame.state.options and not frame.tested:
                frame.state.stayed = ()  # a folder that could not be entered was the end of the shell
            frame.state.settle()
            self.budget.spend((len(output.text) + len(produced.text)) // COPIED_A_UNIT)
            output = output + produced if len(output.text) < 1_000_000 else output
        return output

    def command(self, node: Command, frame: Frame) -> Stream:
        """Run one command of any kind."""
        self.budget.spend(Cost.STEP + frame.state.size // ENTRIES_A_UNIT)
        match node:
            case Simple():
                return self._simple(node, frame)
            case Pipeline(commands):
                return self._pipeline(commands, frame)
            case Inverted(command):
                output = self.command(command, replace(frame, tested=True))
                frame.state.invert()
                return output
            case AndOr():
                return self.and_or(node, frame)
            case Background(command, coprocess):
                stdin = Stream() if coprocess else frame.stdin
                inner = replace(frame, state=frame.state.fork(), parallel=True, background=True, stdin=stdin)
                self.later(lambda: self.command(command, inner), frame)
                with self.perhaps(frame):
                    return self.command(command, inner)
            case Group(body, subshell=False, redirects=redirects):
                return self.redirected(redirects, frame, body)
            case Group() | If() | For() | While() | Case():
                with self.perhaps(frame):
                    return self.compound(node, frame)
            case Function(name, body):
                frame.state.functions[name] = (body,)
                if name in NOT_FOUND:
                    with self.perhaps(frame):
                        self.run([Value(name), ANYTHING], replace(frame, state=frame.state.fork()))
                return SILENT
            case Test():
                self._test(node, frame)
                return SILENT

    def _test(self, node: Test, frame: Frame) -> None:
        expander = self.expander(frame)
        texts = [expander.single(word).text for word in node.words]
        for word in node.words:
            expander.calculate("".join(part.text for part in word.parts if isinstance(part, Literal)))
        for at, text in enumerate(texts):
            if node.arithmetic or ARITHMETIC_TESTS.intersection((*texts[max(at - 1, 0) : at], *texts[at + 1 : at + 2])):
                expander.evaluate(text)
        self.redirections(node.redirects, frame)

    def _pipeline(self, commands: Sequence[Command], frame: Frame) -> Stream:
        stream = frame.stdin
        for command in commands:
            stream = self.command(command, replace(frame, state=frame.state.fork(), stdin=stream, parallel=True))
        return stream or SILENT

    # -- simple commands

    def _simple(self, node: Simple, frame: Frame) -> Stream:
        """As it stands, and with the default places of variables that nobody set: either may be so."""
        state = frame.state
        places = {
            name: Value(f"{self.world.home}/{DEFAULT_PLACES[name]}")
            for name in variables_of(node)
            if name in DEFAULT_PLACES and name not in state.variables and self.world.variable(name) is None
        }
        if not places:
            return self._readings(node, frame)
        placed = state.fork()
        placed.variables.update((name, (value,)) for name, value in places.items())
        output = self._readings(node, replace(frame, state=placed))
        for name in places.keys() - {item.name for item in node.assignments}:
            placed.forget(name)
        output = output + self._readings(node, frame)
        self.merge(state, (state.fork(), placed))
        return output

    def _readings(self, node: Simple, frame: Frame) -> Stream:
        """Once for every combination of what its variables, and the folder, may be."""
        variables = frame.state.variables
        uncertain = [name for name in (*variables_of(node), "IFS") if len(variables.get(name, ())) > 1]
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
        self.merge(frame.state, states)
        return output

    def _simple_once(self, node: Simple, frame: Frame) -> Stream:
        setup = set_up(node, frame.state)
        if setup is not node and self._is_installed(setup.words[0].plain or "/", frame):
            node = setup  # what is printed is the installed program's own
        expander = self.expander(frame)
        argv = expander.fields(node.words)
        environment = assign(node.assignments, expander, lasting=not argv)
        if expander.overflows:
            self.unresolved(argv[0].text if argv else "an array", f"is given more than {MAX_FIELDS} words", frame)
        opens = [value.text for value in argv] == ["exec"]
        inner, sinks = self.redirections(node.redirects, frame, lasting=opens)
        if not argv:
            return self.sink(SILENT, sinks, frame)
        if interpreter_language(program_name(argv[0].text)) == "shell":
            self.connected(node.redirects, frame, argv[0].text)
        if opens and sinks:
            return self.sink(Stream(), sinks, frame)  # from here on everything is printed there
        before = len(self.analysis.effects)
        output = self.run(argv, replace(inner, stdin=inner.descriptor("0")), environment)
        if expander.cut_off and any(effect.kind in LOSING for effect in self.analysis.effects[before:]):
            self.unresolved(argv[0].text, f"is given more than {MAX_BRACES} words by braces", frame)
        return self.sink(output, sinks, frame)


def analyse(text: str, world: World, cwd: str, budget: Budget | None = None, *, background: bool = False) -> Analysis:
    """What the shell command ``text`` would do when run in the folder ``cwd``, or left to run there. Never raises for any text.

    NUL bytes are dropped, as bash drops them: inside the analysis they stand for unknown text. Where ``budget`` (by default
    one for this text alone) does not last to the end, what was found until then stands, with a word that there may be more.
    """
    interpreter = Interpreter(world, budget)
    frame = Frame(State(cwd=cwd, files=Files(interpreter.links)), background=background)
    try:
        with met(interpreter.links):
            printed = interpreter.text(text.replace(UNKNOWN, ""), frame)
            interpreter.finish()
        for origin in sorted(printed.origins):
            if origin.startswith("sourced:"):
                path = origin.removeprefix("sourced:")
                interpreter.emit(Effect(EffectKind.READ, path, "printing a variable", flags=Flag.CONTENT_OUT), frame)
    except TooMuchError:
        why = "is too much to judge: not all that it would do was looked at"
        interpreter.analysis.effects.append(Effect(EffectKind.UNRESOLVED, "this command", "", detail=why))
    return interpreter.analysis
