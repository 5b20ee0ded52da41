"""Redirections, the files behind them, and process substitutions."""

from __future__ import annotations

import contextlib
import itertools
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.expansion.expand import Expander
from checkrein.detect.shell.files.disks import is_device
from checkrein.detect.shell.frame import MAX_DEPTH, Budget, Cost, Frame, Recorder
from checkrein.detect.shell.links import Files
from checkrein.detect.shell.model import World, absolute
from checkrein.detect.shell.syntax.nodes import Redirect, Script, Simple, Word
from checkrein.detect.shell.values import ANYTHING, SILENT, Stream, Value, sources

STANDARD_INPUT = frozenset(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
DESCRIPTOR = re.compile(r"/dev/stdin|/(?:dev/fd|proc/self/fd)/(\d+)")
MAX_REDIRECTIONS = 200  # of one command
SILENT_DEVICES = frozenset(
    ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin", "/dev/zero", "/dev/random", "/dev/urandom")
)


class Redirections(Recorder, ABC):
    """What flows where: standard input and output, and what is known of files' content."""

    def __init__(self, world: World, budget: Budget | None = None) -> None:
        super().__init__(world, budget)
        self._descriptors = itertools.count(63)
        self._readers: dict[str, tuple[Script, Frame]] = {}  # >(...): what reads what is written there
        self._deferred: list[tuple[Callable[[], object], Files, dict[str, Stream]]] = []
        self._taken: dict[int, tuple[object, int]] = {}  # how many lines `read` took of a stream

    @abstractmethod
    def script(self, script: Script, frame: Frame) -> Stream:
        """Run commands one after the other; their outputs joined."""

    # -- redirections

    def redirections(
        self, redirects: Sequence[Redirect], frame: Frame, *, lasting: bool = False
    ) -> tuple[Frame, list[tuple[str, bool]]]:
        """The frame with what is open to read, and the files that standard output goes to (path, append).

        ``lasting`` ones (``exec 3<file``) stay open in the shell.
        """
        sinks: list[tuple[str, bool]] = []
        if len(redirects) > MAX_REDIRECTIONS:
            self.unresolved("a command", f"has more than {MAX_REDIRECTIONS} redirections", frame)
        for redirect in redirects[:MAX_REDIRECTIONS]:
            self.budget.spend(Cost.REDIRECTION)
            expander = self.expander(frame)
            number = redirect.fd or "0"
            if number.startswith("{"):  # the shell picks a number, and tells it in the variable
                variable, number = number.strip("{}"), str(next(self._descriptors))
                frame.state.set(variable, Value(number))
            if redirect.heredoc is not None:
                value = expander.single(redirect.heredoc.body)
                frame = _opened(frame, number, Stream(value.text, value.origins))
                continue
            value = expander.single(redirect.target)
            if redirect.operator == "<<<":
                frame = _opened(frame, number, Stream(value.text + "\n", value.origins))
            elif redirect.operator in ("<", "<>"):
                frame = _opened(frame, number, self._input(value, frame))
                if redirect.operator == "<>" and (path := self._output(value, frame)) and redirect.fd == "1":
                    sinks.append((path, True))
            elif redirect.operator in (">&", "<&") and (value.text.rstrip("-").isdecimal() or value.text in ("-", "")):
                copied = frame.descriptor(value.text.rstrip("-"))
                if copied is not None and (redirect.operator == "<&" or redirect.fd not in ("", "1", "2")):
                    frame = _opened(frame, number, copied)
            elif redirect.operator != "<&":
                path = self._output(value, frame)
                if path and redirect.fd in ("", "1"):
                    sinks.append((path, ">>" in redirect.operator))
                elif path:
                    self._put(path, Stream(), frame, append=">>" in redirect.operator)
        if lasting:
            frame.state.inputs.update(frame.opened)
        return frame, sinks

    def connected(self, redirects: Iterable[Redirect], frame: Frame, program: str) -> None:
        """A shell that talks to a connection instead of a terminal: ``bash -i >& /dev/tcp/HOST/PORT 0>&1``."""
        for redirect in redirects:
            path = "" if redirect.heredoc else self.path(self.expander(frame).single(redirect.target), frame)
            if path.startswith(("/dev/tcp/", "/dev/udp/")):
                host = path.split("/")[3]
                detail = "a shell for whoever is at the other end"
                self.emit(Effect(EffectKind.RUN_FETCHED, host, program, rule="network.reverse-shell", detail=detail), frame)

    def _input(self, value: Value, frame: Frame) -> Stream:
        path = self.path(value, frame)
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            host, port = path.split("/")[3], path.rpartition("/")[2]
            self.emit(Effect(EffectKind.FETCH, host, "a shell redirection", detail=port), frame)
            return Stream(origins=frozenset((f"network:{host}",)))
        if path in SILENT_DEVICES and path not in STANDARD_INPUT:
            return SILENT if path == "/dev/null" else Stream()
        if not path.startswith("/dev/fd/"):
            flags = Flag.CONTENT_OUT | (Flag.GLOB if value.glob else Flag.NONE)
            self.emit(Effect(EffectKind.READ, path, "a shell redirection", flags=flags), frame)
        known = self.content(path, frame)
        if known.text != UNKNOWN or UNKNOWN in path or path in frame.state.files:
            return known
        return Stream(
            self.world.read_text(path) or UNKNOWN, known.origins
        )  # a file that a person vouches for: read all the same

    def _output(self, value: Value, frame: Frame) -> str:
        """Record a redirection to a file; its path, "" where it is a device."""
        path = self.path(value, frame)
        if path in self._readers:
            return path
        if path in SILENT_DEVICES or path.startswith("/dev/fd/"):
            return ""
        return path

    def sink(self, output: Stream, sinks: Iterable[tuple[str, bool]], frame: Frame) -> Stream:
        """Let ``output`` flow into the files, if there are any; what is left for the pipe."""
        written = False
        for path, append in sinks:
            written = True
            if path in self._readers:
                self.read_by(path, output)
                continue
            self._put(path, output, frame, append=append)
        return SILENT if written else output

    def _put(self, path: str, content: Stream, frame: Frame, *, append: bool) -> None:
        """A redirection to ``path``."""
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            reads = sources(content.origins | (frame.stdin.origins if frame.stdin else frozenset()))
            host, port = path.split("/")[3], path.rpartition("/")[2]
            self.emit(Effect(EffectKind.SEND, host, "a shell redirection", detail=port, reads=reads), frame)
        elif is_device(path):
            self.emit(Effect(EffectKind.DEVICE, path, "a shell redirection"), frame)
        else:
            self.write(path, content, frame, append=append, program="a shell redirection")

    # -- content

    def write(self, path: str, content: Stream, frame: Frame, *, append: bool, program: str) -> None:
        """Record that ``content`` is put at ``path``, and remember it for what is run later."""
        text = None if UNKNOWN in content.text else content.text
        flags = Flag.APPEND if append else Flag.NONE
        effect = Effect(EffectKind.WRITE, path, program, flags=flags, reads=sources(content.origins), text=text)
        self.emit(effect, frame)
        held = frame.state.files.get(path) or self._on_disk(path)
        content = Stream(content.text, content.origins)
        if append:
            content = held.extended(content) if held else content
        elif held and "C" in frame.state.options:  # no file is replaced
            content = content.or_else(held)
        frame.state.files[path] = content

    def put(self, path: str, content: Stream, frame: Frame) -> None:
        """Remember what a program writes, unless it fails."""
        held = frame.state.files.get(path) or self._on_disk(path)
        frame.state.files[path] = content.or_else(held) if held else content

    def _on_disk(self, path: str) -> Stream | None:
        """The text of a file on disk that nobody vouches for."""
        text = None if UNKNOWN in path or path.startswith("/dev/") else self.world.script(path)
        return None if text is None else Stream(text, frozenset((f"file:{path}",)))

    @contextlib.contextmanager
    def perhaps(self, frame: Frame) -> Iterator[None]:
        """What runs in here may not run: files may still hold what they held before."""
        before = dict(frame.state.files)
        yield
        for path, content in frame.state.files.items():
            held = before.get(path)
            if content is not held and (held := held or self._on_disk(path)):
                frame.state.files[path] = content.or_else(held)

    def later(self, run: Callable[[], object], frame: Frame) -> None:
        """Something runs at a time that is not known: at the end it is run again, where files were written meanwhile."""
        self._deferred.append((run, frame.state.files, dict(frame.state.files)))

    def written(self, path: str, frame: Frame) -> Stream | None:
        """What this command wrote or fetched at a path, or feeds to it; None where it did nothing of that."""
        if path in frame.state.files:
            return frame.state.files[path]
        if self.has_arrived(path):
            return Stream(origins=frozenset((f"file:{path}",)))
        number = DESCRIPTOR.fullmatch(path)
        return frame.descriptor(number[1] or "0") if number else None

    def content(self, path: str, frame: Frame) -> Stream:
        """What is known of a file's content: what this command wrote there, else what is on disk."""
        if (known := self.written(path, frame)) is not None:
            return known.certain
        if path in STANDARD_INPUT:
            return Stream()
        origin = frozenset((f"file:{path}",))
        text = None if UNKNOWN in path else self.world.script(path)
        return Stream(UNKNOWN if text is None else text, origin)

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

    # -- process substitutions

    def finish(self) -> None:
        """Run what may run at the end, and the process substitutions that nothing was seen to write to."""
        deferred, self._deferred = self._deferred, []
        for run, files, before in deferred:
            if files != before:
                run()
        while self._readers:
            self.read_by(next(iter(self._readers)), Stream())

    def read_by(self, path: str, content: Stream) -> None:
        """Run what reads ``path``, a process substitution, on what was written there."""
        body, frame = self._readers.pop(path)
        self.script(body, replace(frame, stdin=content))

    # -- words

    def path(self, value: Value, frame: Frame) -> str:
        """A field as an absolute path."""
        return absolute(value.text, frame.state.cwd) if value.text else frame.state.cwd

    def expander(self, frame: Frame) -> Expander:
        """What expands the words of a frame, and runs the substitutions in them."""

        def substitute(body: Script) -> Value:
            inner = replace(frame, state=frame.state.fork(), depth=frame.depth + 1)
            if inner.depth > MAX_DEPTH:
                self.unresolved("a command substitution", f"is nested more than {MAX_DEPTH} deep", frame)
                return ANYTHING
            if (source := _file_read(body)) is not None:
                return self._input(self.expander(inner).single(source), inner).value()
            return self.script(body, inner).value()

        def process(body: Script, direction: str) -> str:
            path = f"/dev/fd/{next(self._descriptors)}"
            inner = replace(frame, state=frame.state.fork(), depth=frame.depth + 1)
            if direction == ">":
                self._readers[path] = (body, inner)
                return path
            frame.state.files[path] = self.script(body, inner) if inner.depth <= MAX_DEPTH else Stream()
            return path

        return Expander(frame.state, self.world, substitute, process, self.budget.spend)


def _file_read(body: Script) -> Word | None:
    """The file whose content ``$(<file)`` stands for; None where a substitution runs a command."""
    match body.commands:
        case (Simple(words=(), assignments=(), redirects=(Redirect(operator="<", fd="" | "0") as redirect,)),):
            return redirect.target
    return None


def _opened(frame: Frame, number: str, stream: Stream) -> Frame:
    """The frame with a descriptor open to read."""
    frame = replace(frame, opened={**frame.opened, number: stream})
    return replace(frame, stdin=stream, line=None) if number == "0" else frame
