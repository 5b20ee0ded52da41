"""What a command word runs: an alias, a function, a builtin or a program, with what its variables make it run."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import escape

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell import builtins, outputs
from checkrein.detect.shell.databases.sqltext import looks_like_sql
from checkrein.detect.shell.expansion.expand import GLOB
from checkrein.detect.shell.frame import MAX_DEPTH, MAX_RECURSION, Budget, Cost, Frame
from checkrein.detect.shell.model import Invocation, ScriptFile, Snippet, World, absolute, program_name
from checkrein.detect.shell.outcomes import BINARIES, Outcomes
from checkrein.detect.shell.overlay import Overlay
from checkrein.detect.shell.registry import handler_for, is_described
from checkrein.detect.shell.running.environment import TABLE as VARIABLES
from checkrein.detect.shell.running.environment import reading_of
from checkrein.detect.shell.setups import is_installed
from checkrein.detect.shell.syntax.escapes import quote
from checkrein.detect.shell.syntax.nodes import Command
from checkrein.detect.shell.values import EVERY_VARIABLE, SILENT, Stream, Value, network_in

PRINTS_VARIABLES = frozenset(("env", "printenv"))


class Execution(Outcomes):
    """Runs programs. The interpreter runs shell code."""

    def __init__(self, world: World, budget: Budget | None = None) -> None:
        super().__init__(world, budget)
        self._variables_judged: set[tuple[object, ...]] = set()  # what variables run, and in which circumstances

    @abstractmethod
    def command(self, node: Command, frame: Frame) -> Stream:
        """Run one command of any kind."""

    def run(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value] | None = None) -> Stream:
        """Run one command word with its arguments."""
        environment = environment or {}
        name = argv[0].text
        if frame.depth > MAX_DEPTH:
            self.unresolved(name, f"is nested more than {MAX_DEPTH} deep", frame)
            return Stream()
        state = frame.state
        output = SILENT
        if "x" in state.options and "PS4" in state.variables and "PS4" not in frame.calls:  # printed before every command
            inner = replace(frame, state=state.fork(), depth=frame.depth + 1, calls=(*frame.calls, "PS4"))
            for prompt in state.variables["PS4"]:
                self.expander(inner).expand(prompt.text)
        if name in state.aliases and name not in frame.calls:
            # whether aliases are expanded depends on the shell: both readings count
            for text in state.aliases[name]:
                words = " ".join([text, *(quote(value.text) for value in argv[1:])])
                output += self.text(words, replace(frame, state=state.fork(), calls=(*frame.calls, name)))
        for body in state.functions.get(name, (None,)):
            if body is None:
                output += self.bare(argv, frame, environment)
            else:
                output += self._call(name, body, argv, frame, environment)
        return output

    def bare(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value]) -> Stream:
        """Run a builtin or a program, whatever functions and aliases of its name there are."""
        name = argv[0].text
        if name in builtins.TABLE:
            output = builtins.TABLE[name](self, argv, frame, environment)
            if output is not None:
                return output
        if UNKNOWN in name:
            return self._unknown_program(argv, frame)
        if argv[0].glob and GLOB.intersection(name):
            return self._named_by_pattern(argv, frame, environment)
        return self._external(argv, frame, environment)

    def _named_by_pattern(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value]) -> Stream:
        """``/bin/r?``: the first file that matches is the program, the others are its arguments."""
        matches = self.world.glob(self.path(argv[0], frame))
        if not matches:
            self.unresolved(" ".join(value.text for value in argv), "the program's name is a pattern", frame)
            return Stream()
        return self._external([*(Value(path) for path in matches), *argv[1:]], frame, environment)

    def _call(self, name: str, body: Command, argv: Sequence[Value], frame: Frame, environment: dict[str, Value]) -> Stream:
        own = f"{name} {id(body)}"  # a function of the same name may be defined anew while it runs
        call = " ".join((own, *(quote(value.text) for value in argv[1:])))
        if own in frame.calls and frame.parallel:
            self.emit(Effect(EffectKind.DESTRUCTIVE, name, "a function that starts itself", rule="system.fork-bomb"), frame)
            return Stream()
        if call in frame.calls:
            return Stream()
        if frame.calls.count(own) >= MAX_RECURSION:
            self.unresolved(name, "is a function that calls itself with ever new arguments", frame)
            return Stream()
        state = frame.state
        before, held = state.positional, dict(state.variables)
        state.positional = tuple(argv[1:])
        for key, value in environment.items():
            state.set(key, value)
        with self.perhaps(frame):
            output = self.command(body, replace(frame, calls=(*frame.calls, own, call), depth=frame.depth + 1))
        state.positional = before
        for key in environment:
            state.variables.pop(key, None)
            if key in held:
                state.variables[key] = held[key]
        return output

    def _unknown_program(self, argv: Sequence[Value], frame: Frame) -> Stream:
        origins = argv[0].origins
        if url := network_in(origins):
            self.emit(
                Effect(EffectKind.RUN_FETCHED, url, "a command word", detail="the command itself comes over the network"), frame
            )
        else:
            words = " ".join(value.text for value in argv)
            self.unresolved(words, "the program's name is not known before it runs", frame)
        return Stream(origins=origins)

    def _external(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value]) -> Stream:
        self.budget.spend(Cost.PROGRAM + 2 * len(argv) + frame.state.size // 2)
        written = argv[0].text
        places = self._places(written, environment, frame)
        name = self._program_at(places) or program_name(written)
        texts = (name, *(value.text for value in argv[1:]))
        origins = frozenset[str]().union(*_word_origins(argv))
        origins |= frozenset().union(*(value.origins for value in environment.values()))
        if any(UNKNOWN in text for text in texts):
            origins |= frame.origins
        stdin = frame.stdin
        variables = frame.state.variables
        names = variables if "a" in frame.state.options else frame.state.exported
        exported = {key: variables[key][0].text for key in names if key in variables}
        invocation = Invocation(
            argv=texts,
            cwd=frame.state.cwd,
            world=self._overlaid(frame),
            path=written,
            stdin=stdin.text if stdin else None,
            origins=origins | (stdin.origins if stdin else frozenset()),
            env=exported | {key: value.text for key, value in environment.items()},
            globs=frozenset(at for at, value in enumerate(argv) if value.glob),
            flags=frame.flags,
            beside=self.analysis.programs,
            sourced=tuple(sorted(origin.removeprefix("sourced:") for origin in frame.state.sourced)),
        )
        self.analysis.programs.append(texts)
        self.analysis.environments.append(invocation.env)
        self.analysis.places.update(places)
        if frame.background and not frame.flags & Flag.REMOTE:
            self.analysis.running.update(dict.fromkeys(places, ""))
        inner = replace(frame, depth=frame.depth + 1)
        self._variables_run(invocation, inner)
        own = self._own_file(written, environment, frame)
        if own:
            if is_described(name):  # bin/rails, ./manage.py: whatever the file says, it is likely to do what its name does
                self.outcomes(handler_for(name)(invocation), invocation, inner)
            return self.outcomes((ScriptFile(own, args=texts[1:]),), invocation, inner)
        produced = self.outcomes(handler_for(name)(invocation), invocation, inner)
        if looks_like_sql(" ".join(texts)):
            produced = self.outcomes((Snippet("sql", " ".join(texts)),), invocation, inner)
        known = outputs.output_of(invocation, lambda path: self.content(path, frame))
        if known is not None:
            return Stream(known.text, known.origins | invocation.origins)
        # a program that is given a variable need not print it; one that prints them all does
        given = frozenset(origin for origin in invocation.origins if not origin.startswith("sourced:"))
        shown = frame.state.sourced if name in PRINTS_VARIABLES else frozenset()
        return Stream(produced.text, produced.origins | given | shown)

    def _overlaid(self, frame: Frame) -> World:
        """The machine as this command has made it so far."""
        touched = frame.state.files or self.arrived
        return Overlay(self.world, frame.state.files, self.has_arrived) if touched else self.world

    def _program_at(self, places: Sequence[str]) -> str:
        """The name of a program of this machine that stands at one of these places under a name that says nothing."""
        for path in places:
            if path in self.copies:
                return self.copies[path]
            source = self.world.stands_for(path)
            name = program_name(source)
            if source != path and BINARIES.search(source) and is_described(name) and not is_described(program_name(path)):
                return name
        return ""

    def _own_file(self, written: str, environment: dict[str, Value], frame: Frame) -> str:
        """The path of a program that this session wrote or nobody vouches for, given by path or found by way of PATH."""
        places = self._places(written, environment, frame)
        own = (path in frame.state.files or self.has_arrived(path) or self.world.script(path) is not None for path in places)
        return next(itertools.compress(places, own), "")

    def _places(self, written: str, environment: dict[str, Value], frame: Frame) -> list[str]:
        """Where a program is looked for, as far as the command line says: at its path, or in a PATH of its own."""
        if "/" in written:
            return [absolute(written, frame.state.cwd)]
        search = environment.get("PATH") or next(iter(frame.state.variables.get("PATH", ())), None)
        folders = search.text.split(":") if search else []
        return [absolute(f"{folder or '.'}/{written}", frame.state.cwd) for folder in folders if UNKNOWN not in folder]

    def _is_installed(self, written: str, frame: Frame) -> bool:
        """True for a program that is not a file of this session, nor one of the project that PATH was made to find."""
        found = next((path for path in self._places(written, {}, frame) if self.world.glob(escape(path))), "")
        return not self._own_file(written, {}, frame) and (
            not found or "/" in written or is_installed(found, frame.state.cwd, self.world)
        )

    def _variables_run(self, invocation: Invocation, frame: Frame) -> None:
        """What variables make the program run: those of its environment, and those of the shell, which may be exported ones."""
        variables = frame.state.variables
        given = {name: variables[name][0].text for name in variables.keys() & VARIABLES.keys()}
        for name, text in {**given, **invocation.env}.items():
            reading = reading_of(name)
            call = f"variable {name}={text}"
            if reading is None or not text or call in frame.calls:
                continue
            items = tuple(reading(text, invocation))
            case = (repr(items), frame.state.cwd, frame.flags, *frame.state.files.items())
            if case in self._variables_judged:
                continue
            self._variables_judged.add(case)
            inner = replace(frame, stdin=None, opened={}, calls=(*frame.calls, call))
            self.outcomes(items, replace(invocation, stdin=None), inner)


CREDENTIALS = frozenset(("-H", "--header", "-u", "--user", "--oauth2-bearer", "--bearer", "-a", "--auth", "-b", "--cookie"))
"""Options whose value tells the other side who is calling: a secret is at home there."""


def _word_origins(argv: Sequence[Value]) -> Iterator[frozenset[str]]:
    """Where each word came from, but for secrets of the environment that stand where a request has its credentials."""
    for before, value in itertools.pairwise((Value(""), *argv)):
        own = value.text.startswith(("-H", "-u", "--header=", "--user=", "Authorization:"))
        at_home = before.text in CREDENTIALS or own
        secrets = {origin for origin in value.origins if origin.startswith("env:") and origin != EVERY_VARIABLE}
        yield value.origins - secrets if at_home else value.origins
