"""Builtins that run code, or say what a name stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind, Flag
from checkrein.detect.shell.builtins.words import one, operands, option
from checkrein.detect.shell.model import Invocation, ScriptFile
from checkrein.detect.shell.running.interpreters import foreign_code
from checkrein.detect.shell.values import SILENT, Stream, Value, network_in

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame


def eval_(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``eval WORDS``."""
    text = " ".join(value.text for value in argv[1:])
    origins = frozenset[str]().union(*(value.origins for value in argv))
    return run_text(shell, Stream(text, origins), frame, "eval")


def run_text(shell: Execution, code: Stream, frame: Frame, program: str) -> Stream:
    """Run shell code that may come from elsewhere: what is not known of it is recorded as such."""
    if UNKNOWN in code.text:
        if url := network_in(code.origins):
            shell.emit(Effect(EffectKind.RUN_FETCHED, url, program, detail="code that comes over the network"), frame)
        elif (
            code.text.strip(UNKNOWN + " \n") == ""
            or code.text.lstrip().startswith(UNKNOWN)
            or foreign_code(code.text, code.origins, frame.state.cwd)
        ):
            detail = "its text is not known before it runs"
            shell.emit(Effect(EffectKind.RUN_UNKNOWN, program, program, detail=detail), frame)
    if code.text.strip(UNKNOWN + " \n") == "":
        return Stream(origins=code.origins)
    return shell.text(code.text, frame)


def source(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``source FILE``: its content where this session wrote it, else a script that runs here."""
    if len(argv) < 2:
        return SILENT
    path = shell.path(argv[1], frame)
    invocation = Invocation(argv=tuple(value.text for value in argv), cwd=frame.state.cwd, world=shell.world)
    written = shell.written(path, frame)
    if written is not None:
        output = SILENT
        for version in written.versions:
            output = output + run_text(shell, version, frame, "source")
        return output
    text = None if UNKNOWN in path else shell.world.script(path)
    if one(frame.state.variables.get("-"), ""):  # each line is printed as it is read or run
        shell.emit(Effect(EffectKind.READ, path, "source", flags=Flag.CONTENT_OUT), frame)
    origin = frozenset((f"sourced:{path}",))
    frame.state.sourced |= origin
    if text is not None:
        before, caller = dict(frame.state.variables), frame.state.arrays.get("BASH_SOURCE", {})
        frame.state.set_array("BASH_SOURCE", (Value(path),))
        output = shell.text(text, replace(frame, depth=frame.depth + 1))
        frame.state.set_array("BASH_SOURCE", caller.values())
        for name, values in frame.state.variables.items():
            if before.get(name) != values:  # its content is the file's, also where it is printed later
                frame.state.variables[name] = tuple(replace(value, origins=value.origins | origin) for value in values)
        return output
    return shell.outcomes((ScriptFile(path, "shell"),), invocation, replace(frame, depth=frame.depth + 1))


def alias(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``alias NAME=TEXT``."""
    for value in argv[1:]:
        name, equals, text = value.text.partition("=")
        if equals and name:
            frame.state.aliases[name] = (text,)
    return SILENT


def unalias(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``unalias NAME``."""
    for value in argv[1:]:
        frame.state.aliases.pop(value.text, None)
    return SILENT


def trap(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``trap CODE SIGNAL``: the code may run at any time."""
    words = [value for value in argv[1:] if value.text not in ("-l", "-p", "--")]
    if len(words) > 1 and words[0].text not in ("-", ""):
        code, inner = Stream(words[0].text, words[0].origins), replace(frame, state=frame.state.fork())
        with shell.perhaps(frame):
            run_text(shell, code, inner, "trap")
        shell.later(lambda: run_text(shell, code, inner, "trap"), frame)
    return SILENT


def exec_(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    """``exec COMMAND``."""
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        if words.pop(0).text == "-a" and words:
            words.pop(0)
    return shell.bare(words, frame, dict(env)) if words else SILENT


def transparent(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    """``noglob``, ``nocorrect``: the rest is the command."""
    words = list(argv[1:])
    return shell.run(words, frame, dict(env)) if words else SILENT


def command(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    """``command`` and ``builtin``: no function has a say."""
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if argv[0].text == "command" and "v" in option.lower():
            return None  # only asks where the program is
    return shell.bare(words, frame, dict(env)) if words else SILENT


def time(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    """``time COMMAND``."""
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-f", "-o", "--format", "--output") and words:
            words.pop(0)
    return shell.run(words, frame, dict(env)) if words else SILENT


def callback(shell: Execution, argv: Sequence[Value], frame: Frame) -> None:
    """``-C CODE`` of mapfile, compgen and complete."""
    if code := option(argv, "C"):
        run_text(shell, Stream(code), replace(frame, state=frame.state.fork()), argv[0].text)


def complete(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``complete -C CODE``."""
    callback(shell, argv, frame)
    return SILENT


def compgen(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``-W WORDS`` is expanded, with what it runs."""
    if words := option(argv, "W"):
        shell.expander(frame).expand(words)
    callback(shell, argv, frame)
    return Stream()


def test(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``test`` and ``[``: ``-v NAME[INDEX]`` evaluates the index."""
    shell.expander(frame).evaluate(option(argv, "v"))
    return SILENT


def hash_(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``hash -p PROGRAM NAME``: the name stands for that program."""
    if program := option(argv, "p"):
        frame.state.aliases.update((name, (program,)) for name in operands(argv, with_value="p"))
    return SILENT


def enable(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``enable -f LIBRARY NAME`` loads a builtin into the shell."""
    if library := option(argv, "f"):
        detail = f"{library} is loaded into the shell"
        shell.emit(Effect(EffectKind.RUN_UNKNOWN, library, "enable", detail=detail), frame)
    return SILENT
