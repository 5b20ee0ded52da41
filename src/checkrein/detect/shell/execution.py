"""What running a program does: functions, builtins and handlers, and the code that they run in turn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell import builtins, outputs
from checkrein.detect.shell.editing import sed_outcomes
from checkrein.detect.shell.expand import GLOB
from checkrein.detect.shell.frame import MAX_DEPTH, MAX_RECURSION, Frame
from checkrein.detect.shell.languages import executed_language
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute
from checkrein.detect.shell.nodes import Command
from checkrein.detect.shell.overlay import Overlay
from checkrein.detect.shell.redirections import Redirections
from checkrein.detect.shell.registry import handler_for, is_described
from checkrein.detect.shell.runners import recipes
from checkrein.detect.shell.sql import looks_like_sql, sql_outcomes
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import ANYTHING, SILENT, Stream, Value, files_in, network_in

PRELOADS = frozenset(("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"))
MAX_SOURCE = {"perl": 6_000}
"""Characters of a snippet that are looked into, by language; the perl grammar takes more than linear time on crafted text."""
USUAL_SOURCE = 24_000
PRINTS_VARIABLES = frozenset(("env", "printenv"))
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"))


class Execution(Redirections):
    """Runs programs. The interpreter runs shell code."""

    @abstractmethod
    def text(self, text: str, frame: Frame) -> Stream:
        """Run shell code."""

    @abstractmethod
    def command(self, node: Command, frame: Frame) -> Stream:
        """Run one command of any kind."""

    # -- command words

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
            world=Overlay(self.world, frame.state.files) if frame.state.files else self.world,
            path=written,
            stdin=stdin.text if stdin else None,
            origins=origins | (stdin.origins if stdin else frozenset()),
            env=exported | {key: value.text for key, value in environment.items()},
            globs=frozenset(at for at, value in enumerate(argv) if value.glob),
            flags=frame.flags,
        )
        self.analysis.programs.append(texts)
        self.analysis.environments.append(invocation.env)
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

    # -- what programs do

    def outcomes(self, items: Iterable[Outcome], invocation: Invocation, frame: Frame) -> Stream:
        """Record effects and run nested code; the output of nested code, or what the effects tell of the output."""
        nested: Stream | None = None
        origins: set[str] = set()
        produced: Stream | None
        for item in items:
            match item:
                case Effect():
                    effect = self._completed(item, invocation)
                    if effect.kind is EffectKind.WRITE and effect.target in self._readers:
                        self.read_by(effect.target, Stream(invocation.stdin or UNKNOWN, invocation.origins))
                        continue
                    self.emit(effect, frame)
                    origins.update(_origin_of(effect))
                    self._remember(effect, frame)
                case ShellText():
                    produced = self.shell_text(item, frame)
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

    # -- nested code

    def shell_text(self, item: ShellText, frame: Frame) -> Stream:
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
        from checkrein.detect.shell.snippets import analyse_snippet  # noqa: PLC0415 - grammars load on first use

        inner = replace(frame, depth=frame.depth + 1)
        if language == "sql":
            return self.outcomes(sql_outcomes(source), invocation, inner)
        if language == "sed":
            return self.outcomes(sed_outcomes(source, frame.state.cwd), invocation, inner)
        if language == "make":
            return self.outcomes(recipes(source, frame.state.cwd, {}), invocation, inner)
        if len(source) > MAX_SOURCE.get(language, USUAL_SOURCE):
            self.unresolved(f"{language} code", f"has {len(source)} characters, more than are looked into", frame)
            return Stream()
        stdin = invocation.stdin
        items = analyse_snippet(language, source, cwd=frame.state.cwd, world=self.world, args=args, stdin=stdin)
        if _is_reverse_shell(items):
            self.emit(Effect(EffectKind.RUN_FETCHED, "another machine", language, rule="network.reverse-shell"), frame)
        return self.outcomes(items, invocation, inner)

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
        language = item.language or executed_language(text)
        detail = "judged by its content" if language else ""
        self.emit(Effect(EffectKind.EXECUTE, path, invocation.name, detail=detail), frame)
        return self.code(text, language, item.args, invocation, inner, source=path)

    def code(
        self, text: str, language: str, args: tuple[str, ...], invocation: Invocation, frame: Frame, *, source: str
    ) -> Stream:
        """Run text in whatever language it is; text that is partly unknown is also recorded as such."""
        if text.strip() == UNKNOWN:
            detail = f"{source} is not known before it runs"
            self.emit(Effect(EffectKind.RUN_UNKNOWN, source, invocation.name, detail=detail), frame)
            return Stream()
        if language == "shell":
            return self.shell_text(ShellText(text, (source, *args)), frame)
        if language:
            return self.snippet(language, text, args, invocation, frame)
        detail = f"{source} is written in a language that is not looked into"
        self.emit(Effect(EffectKind.RUN_UNKNOWN, source, invocation.name, detail=detail), frame)
        return Stream()


def program_name(written: str) -> str:
    """The bare name of a program given by path, on Windows too: ``C:\\Git\\git.EXE`` is git."""
    name = written.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    return name[:-4].lower() if name[-4:].lower() == ".exe" else name


def quote(text: str) -> str:
    """``text`` as one shell word."""
    return "'" + text.replace("'", "'\\''") + "'"


def _is_reverse_shell(items: Iterable[Outcome]) -> bool:
    """True for code that connects to another machine and starts a bare shell."""
    connects = any(isinstance(item, Effect) and item.detail == "connects" for item in items)
    shells = any(
        isinstance(item, Argv) and item.argv and program_name(item.argv[0]) in SHELLS and len(item.argv) < 3 for item in items
    )
    texts = any(isinstance(item, ShellText) and program_name(item.text.split(" ")[0]) in SHELLS for item in items)
    return connects and (shells or texts)


def _origin_of(effect: Effect) -> Iterator[str]:
    if effect.kind is EffectKind.READ and effect.flags & Flag.CONTENT_OUT:
        yield f"file:{effect.target}"
    elif effect.kind in (EffectKind.FETCH, EffectKind.SEND):
        yield f"network:{effect.target}"


def _kept(word: str, invocation: Invocation) -> frozenset[str]:
    """The origins of a word that a wrapper passes on: unknown text keeps where it came from."""
    return invocation.origins if UNKNOWN in word else frozenset()
