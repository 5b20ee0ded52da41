"""What becomes of what a handler yields: effects are recorded, nested code is run."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.builds.formats import READERS
from checkrein.detect.shell.exchange.requests import OPEN, PIPED
from checkrein.detect.shell.expansion.expand import GLOB
from checkrein.detect.shell.frame import MAX_DEPTH, MAX_RECURSION, Frame
from checkrein.detect.shell.model import Argv, Invocation, Outcome, ScriptFile, ShellText, Snippet, absolute, program_name
from checkrein.detect.shell.redirections import Redirections
from checkrein.detect.shell.registry import is_described, unread_code
from checkrein.detect.shell.running.languages import executed_language
from checkrein.detect.shell.state import State
from checkrein.detect.shell.values import (
    ANYTHING,
    EVERY_VARIABLE,
    NOWHERE,
    SILENT,
    Stream,
    Value,
    files_in,
    network_in,
    sources,
)

MAX_SOURCE = {"perl": 6_000}
"""Characters of a snippet that are looked into, by language; the perl grammar takes more than linear time on crafted text."""
USUAL_SOURCE = 24_000
MAX_LIKE = 20
_PARTS = re.compile(rf"(/{UNKNOWN}/|/{UNKNOWN}$|{UNKNOWN}|[*?])")
_AS_PATTERN = {f"/{UNKNOWN}/": "/(?:.*/)?", f"/{UNKNOWN}": "(?:/.*)?", UNKNOWN: ".*", "*": "[^/]*", "?": "[^/]"}
ENDINGS = {"shell": (".sh", ".bash"), "python": ".py", "javascript": (".js", ".mjs", ".cjs"), "ruby": ".rb", "perl": ".pl"}
BINARIES = re.compile(r"/s?bin/[^/]+$")
"""Paths of programs."""
NOT_VALID = "not valid javascript"
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh", "cmd", "powershell", "pwsh"))


class Outcomes(Redirections):
    """Records effects and follows nested code. How a command word is run is said by ``Execution``."""

    @abstractmethod
    def text(self, text: str, frame: Frame) -> Stream:
        """Run shell code."""

    @abstractmethod
    def run(self, argv: Sequence[Value], frame: Frame, environment: dict[str, Value] | None = None) -> Stream:
        """Run one command word with its arguments."""

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
                    self._note_origin(effect, invocation, frame)
                case ShellText():
                    produced = self.shell_text(item, frame)
                    nested = produced if nested is None else nested + produced
                case Argv():
                    produced = self._argv(item, invocation, frame)
                    nested = produced if nested is None else nested + produced
                case Snippet():
                    inner = replace(frame, flags=frame.flags | item.flags)
                    nested = self.snippet(item.language, item.source, item.args, invocation, inner)
                case ScriptFile():
                    nested = self._script_file(item, invocation, frame)
        return Stream(nested.text, nested.origins | origins) if nested else Stream(origins=frozenset(origins))

    def _completed(self, effect: Effect, invocation: Invocation) -> Effect:
        """Say what flows out: a SEND that reads standard input, or words made from a file, sends that file."""
        if effect.kind is EffectKind.SIGNAL and not effect.known:
            processes = [origin for origin in sorted(invocation.origins) if origin.startswith("process:")]
            names = "|".join(origin.removeprefix("process:") for origin in processes)
            return replace(effect, target=names, program="pkill") if processes else effect
        if effect.kind is EffectKind.WRITE and effect.reads == ("-",):
            return replace(effect, reads=sources(invocation.origins))
        if effect.kind not in (EffectKind.SEND, EffectKind.FETCH):
            return effect
        named = {path for path in effect.reads if path not in ("-", "/dev/stdin", "@-")}
        flowing = set(files_in(invocation.origins)) | (invocation.origins & {EVERY_VARIABLE})
        if effect.detail in (OPEN, PIPED) or "-" in effect.reads:
            flowing |= set(sources(invocation.origins))
        if effect.kind is EffectKind.FETCH and not flowing:
            return effect
        return replace(effect, kind=EffectKind.SEND, reads=tuple(sorted(named | flowing)))

    def _remember(self, effect: Effect, frame: Frame) -> None:
        """What a program wrote is content for what runs later."""
        whole = effect.flags & Flag.CREATE and effect.flags & Flag.RECURSIVE
        fetched = effect.detail.startswith("network:") and not whole
        if effect.kind is not EffectKind.WRITE or frame.flags & Flag.REMOTE or (effect.flags & Flag.CREATE and not fetched):
            if effect.program == "mkfifo":
                frame.state.files[effect.target] = Stream()  # whoever writes there may come later
            return
        if effect.text is not None:
            self.put(effect.target, Stream(effect.text), frame)
        elif effect.reads:
            held = [self.content(path, frame) if path.startswith("/") else Stream() for path in effect.reads]
            if any(network_in(stream.origins) for stream in held) or any(path in frame.state.files for path in effect.reads):
                self.put(effect.target, held[0], frame)
        elif fetched:
            self.put(effect.target, Stream(origins=frozenset((effect.detail,))), frame)

    def _note_origin(self, effect: Effect, invocation: Invocation, frame: Frame) -> None:
        """What a new name stands for: a program of this machine, or a folder that came over the network."""
        if effect.kind not in (EffectKind.WRITE, EffectKind.LINK) or frame.flags & Flag.REMOTE:
            return
        source = effect.to if effect.kind is EffectKind.LINK else "".join(effect.reads[:1])
        name = program_name(source)
        if BINARIES.search(source) and is_described(name) and self.world.script(source) is None:
            self.copies[effect.target] = name
        elif source in self.copies:
            self.copies[effect.target] = self.copies[source]
        if effect.flags & Flag.RECURSIVE:
            paths = (absolute(word, invocation.cwd) for word in invocation.args)
            given = [frame.state.files[path].origins for path in paths if path in frame.state.files]
            if network_in(frozenset((effect.detail,)).union(invocation.origins, *given)):
                self.arrived.add(effect.target.partition(UNKNOWN)[0].rstrip("/"))

    def shell_text(self, item: ShellText, frame: Frame) -> Stream:
        """Run shell code in a shell of its own, which may end at any time."""
        with self.perhaps(frame):
            return self._shell_text(item, frame)

    def _shell_text(self, item: ShellText, frame: Frame) -> Stream:
        """Run shell code in a shell of its own; on another machine it knows nothing of this one."""
        state = frame.state.fork()
        state.positional = tuple(Value(word) for word in item.args[1:])
        state.name = item.args[0] if item.args else "bash"
        if "/" in state.name:
            state.set_array("BASH_SOURCE", (Value(state.name),))
        state.cwd = item.cwd or state.cwd
        if item.flags & Flag.REMOTE:
            state = State(cwd=item.cwd or f"/{UNKNOWN}")
        origins = frame.origins | item.origins
        return self.text(item.text, replace(frame, state=state, flags=frame.flags | item.flags, origins=origins))

    def _argv(self, item: Argv, invocation: Invocation, frame: Frame) -> Stream:
        if not item.argv:
            return Stream()
        came = invocation.origins | item.origins
        words = [Value(word, at in item.globs, came if UNKNOWN in word else NOWHERE) for at, word in enumerate(item.argv)]
        if item.more:
            words.append(ANYTHING)
        state = frame.state.fork()
        state.cwd = item.cwd or state.cwd
        state.functions = {}
        state.aliases = {}
        state.positional = ()
        environment = {key: Value(text) for key, text in {**invocation.env, **item.env}.items()}
        inner = replace(frame, state=state, flags=frame.flags | item.flags, sweep=item.sweep or frame.sweep)
        return self.run(words, inner, environment)

    def snippet(
        self, language: str, source: str, args: tuple[str, ...], invocation: Invocation, frame: Frame, *, folder: str = ""
    ) -> Stream:
        """Run code of another language; ``folder`` is that of the file which it is read from."""
        from checkrein.detect.shell.snippets import LANGUAGES, analyse_snippet  # noqa: PLC0415 - grammars load on first use

        inner = replace(frame, depth=frame.depth + 1)
        if reader := READERS.get(language):
            return self.outcomes(reader(source, frame.state.cwd), invocation, inner)
        if len(source) > MAX_SOURCE.get(language, USUAL_SOURCE):
            self.unresolved(f"{language} code", f"has {len(source)} characters, more than are looked into", frame)
            return Stream()
        stdin = invocation.stdin
        typed = language == "typescript"
        language = "javascript" if typed else language
        if language not in LANGUAGES:
            return self.outcomes(unread_code(source, invocation), invocation, inner)
        given = invocation.origins
        cwd = frame.state.cwd
        items = analyse_snippet(
            language, source, cwd=cwd, world=self.world, args=args, stdin=stdin, origins=given, folder=folder
        )
        if typed:  # the grammar reads around types
            items = tuple(item for item in items if not isinstance(item, Effect) or not item.detail.startswith(NOT_VALID))
        if _is_reverse_shell(items):
            self.emit(Effect(EffectKind.RUN_FETCHED, "another machine", language, rule="network.reverse-shell"), frame)
        return self.outcomes(items, invocation, inner)

    def _script_file(self, item: ScriptFile, invocation: Invocation, frame: Frame) -> Stream:
        frame = replace(frame, flags=frame.flags | item.flags)
        path = absolute(item.path, frame.state.cwd)
        if item.cwd:
            frame = replace(frame, state=frame.state.fork())
            frame.state.cwd = item.cwd
        if UNKNOWN in path or GLOB.intersection(path):
            for match in self._written_like(path, item.language, frame):
                self._script_file(replace(item, path=match), invocation, frame)
        name = program_name(item.path)
        if name != invocation.name and is_described(name):  # manage.py, artisan
            environment = {key: Value(text) for key, text in invocation.env.items()}
            self.run([Value(word) for word in (name, *item.args)], frame, environment)
        written = self.written(path, frame)
        if frame.flags & Flag.REMOTE and written is None:
            return Stream()
        if written is None or not written.others:
            return self._script_text(item, path, written, invocation, frame)
        output = SILENT
        for version in written.versions:
            output = output + self._script_text(item, path, version, invocation, frame)
        return output

    def _script_text(self, item: ScriptFile, path: str, written: Stream | None, invocation: Invocation, frame: Frame) -> Stream:
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

    def _written_like(self, path: str, language: str, frame: Frame) -> list[str]:
        """The files of this session that a path may be of which not all is known."""
        start = path[: min(at for sign in (UNKNOWN, *GLOB) if (at := path.find(sign)) >= 0)]
        base = start.rstrip("/").rpartition("/")[0]
        pattern = "".join(_AS_PATTERN.get(part, re.escape(part)) for part in _PARTS.split(path))
        written = dict.fromkeys((*self.world.written(base or "/"), *frame.state.files))
        found = [match for match in written if re.fullmatch(pattern, match) and not GLOB.intersection(match)]
        if not path.rpartition("/")[2].strip(UNKNOWN):  # nothing is said of the name: those in the interpreter's language
            found = [match for match in found if match.endswith(ENDINGS.get(language, "\0"))]
        return found[:MAX_LIKE]

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
            return self.snippet(language, text, args, invocation, frame, folder=source.rpartition("/")[0])
        detail = f"{source} is written in a language that is not looked into"
        self.emit(Effect(EffectKind.RUN_UNKNOWN, source, invocation.name, detail=detail), frame)
        return Stream()


def _is_reverse_shell(items: Iterable[Outcome]) -> bool:
    """True for code that connects to another machine and starts a bare shell."""
    connects = any(isinstance(item, Effect) and item.detail == "connects" for item in items)
    shells = any(
        isinstance(item, Argv) and item.argv and program_name(item.argv[0]) in SHELLS and len(item.argv) < 3 for item in items
    )
    texts = any(isinstance(item, ShellText) and program_name(item.text.split(" ")[0]) in SHELLS for item in items)
    return connects and (shells or texts)


def _origin_of(effect: Effect) -> Iterator[str]:
    if effect.rule == "read.environment":
        yield effect.detail
    elif effect.kind is EffectKind.READ and effect.flags & Flag.CONTENT_OUT:
        yield f"file:{effect.target}"
    elif effect.kind in (EffectKind.FETCH, EffectKind.SEND):
        yield f"network:{effect.target}"
