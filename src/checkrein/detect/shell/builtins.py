"""The shell's own commands: those that change the shell, and those that run code in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.model import Invocation, ScriptFile, absolute
from checkrein.detect.shell.values import ANYTHING, SILENT, Stream, Value, network_in

if TYPE_CHECKING:
    from checkrein.detect.shell.interpreter import Frame, Interpreter

Builtin = Callable[["Interpreter", Sequence[Value], "Frame", Mapping[str, Value]], Stream | None]


def _cd(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    state = frame.state
    targets = [value.text for value in argv[1:] if value.text == "-" or not value.text.startswith("-")]
    home = state.variables.get("HOME", (Value(interpreter.world.home),))[0].text
    target = targets[0] if targets else home
    before = state.cwd
    if target == "-":
        target = state.variables.get("OLDPWD", (Value(UNKNOWN),))[0].text
    state.cwd = absolute(target, state.cwd)
    if UNKNOWN in target and not target.startswith((UNKNOWN, "/")):
        state.cwd = absolute(target, before)
    elif target.startswith(UNKNOWN):
        state.cwd = f"/{UNKNOWN}"
    state.set("OLDPWD", Value(before))
    return SILENT


def _pushd(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    frame.state.folders = (*frame.state.folders, frame.state.cwd)
    return _cd(interpreter, argv, frame, env)


def _popd(_: Interpreter, __: Sequence[Value], frame: Frame, ___: Mapping[str, Value]) -> Stream:
    if frame.state.folders:
        frame.state.cwd = frame.state.folders[-1]
        frame.state.folders = frame.state.folders[:-1]
    return SILENT


def _eval(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    text = " ".join(value.text for value in argv[1:])
    origins = frozenset[str]().union(*(value.origins for value in argv))
    return run_text(interpreter, Stream(text, origins), frame, "eval")


def run_text(interpreter: Interpreter, code: Stream, frame: Frame, program: str) -> Stream:
    """Run shell code that may come from elsewhere: what is not known of it is recorded as such."""
    if UNKNOWN in code.text:
        if url := network_in(code.origins):
            interpreter.emit(Effect(EffectKind.RUN_FETCHED, url, program, detail="code that comes over the network"), frame)
        elif code.text.strip(UNKNOWN + " \n") == "" or code.text.lstrip().startswith(UNKNOWN):
            detail = "its text is not known before it runs"
            interpreter.emit(Effect(EffectKind.RUN_UNKNOWN, program, program, detail=detail), frame)
    if code.text.strip(UNKNOWN + " \n") == "":
        return Stream(origins=code.origins)
    return interpreter.text(code.text, frame)


def _source(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    if len(argv) < 2:
        return SILENT
    path = interpreter.path(argv[1], frame)
    invocation = Invocation(argv=tuple(value.text for value in argv), cwd=frame.state.cwd, world=interpreter.world)
    written = frame.state.files.get(path)
    if written is not None:
        return run_text(interpreter, written, frame, "source")
    text = None if UNKNOWN in path else interpreter.world.script(path)
    if text is not None:
        return interpreter.text(text, replace(frame, depth=frame.depth + 1))
    return interpreter.outcomes((ScriptFile(path, "shell"),), invocation, replace(frame, depth=frame.depth + 1))


def _declare(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    exporting = argv[0].text == "export"
    for value in argv[1:]:
        name, equals, text = value.text.partition("=")
        if name.startswith("-"):
            exporting = exporting or "x" in name
            continue
        if equals:
            frame.state.set(name.removesuffix("+"), Value(text, origins=value.origins))
        if exporting:
            frame.state.exported[name] = None
    return SILENT


def _unset(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        frame.state.variables.pop(value.text, None)
        frame.state.functions.pop(value.text, None)
    return SILENT


def _set(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    for at, value in enumerate(words):
        if value.text == "--":
            frame.state.positional = tuple(words[at + 1 :])
            return SILENT
        if not value.text.startswith(("-", "+")):
            frame.state.positional = tuple(words[at:])
            return SILENT
    return SILENT


def _shift(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    count = int(argv[1].text) if len(argv) > 1 and argv[1].text.isdigit() else 1
    frame.state.positional = frame.state.positional[count:]
    return SILENT


def _alias(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        name, equals, text = value.text.partition("=")
        if equals and name:
            frame.state.aliases[name] = text
    return SILENT


def _unalias(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        frame.state.aliases.pop(value.text, None)
    return SILENT


def _read(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    names = _operands(argv, with_value="adinNptu")
    if frame.line is not None:
        line = frame.line
    elif frame.stdin is not None:
        line = Value(frame.stdin.text.split("\n", 1)[0], origins=frame.stdin.origins)
    else:
        line = ANYTHING
    array = _option(argv, "a")
    if array:
        frame.state.arrays[array] = tuple(Value(word, origins=line.origins) for word in line.text.split())
    if len(names) <= 1:
        frame.state.set(names[0] if names else "REPLY", line)
        return SILENT
    words = line.text.split(None, len(names) - 1) if line.known else [UNKNOWN] * len(names)
    for at, name in enumerate(names):
        frame.state.set(name, Value(words[at] if at < len(words) else "", origins=line.origins))
    return SILENT


def _mapfile(_: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    names = _operands(argv, with_value="dnOsuCc")
    stream = frame.stdin or Stream()
    lines = stream.text.rstrip("\n").split("\n")
    frame.state.arrays[names[0] if names else "MAPFILE"] = tuple(Value(line, origins=stream.origins) for line in lines)
    return SILENT


def _printf(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream | None:
    from checkrein.detect.shell import outputs  # noqa: PLC0415 - the two modules know each other

    if len(argv) > 2 and argv[1].text == "-v":
        origins = frozenset[str]().union(*(value.origins for value in argv))
        text = outputs.printf_text([value.text for value in argv[3:]])
        frame.state.set(argv[2].text, Value(text, origins=origins))
        return SILENT
    return None


def _trap(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    words = [value for value in argv[1:] if value.text not in ("-l", "-p", "--")]
    if len(words) > 1 and words[0].text not in ("-", ""):
        run_text(interpreter, Stream(words[0].text, words[0].origins), replace(frame, state=frame.state.fork()), "trap")
    return SILENT


def _exec(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        if words.pop(0).text == "-a" and words:
            words.pop(0)
    return interpreter.run(words, frame, dict(env)) if words else SILENT


def _transparent(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    """``builtin``, ``coproc``, ``noglob``, ``nocorrect``: the rest is the command."""
    words = list(argv[1:])
    return interpreter.run(words, frame, dict(env)) if words else SILENT


def _command(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if "v" in option.lower():
            return None  # only asks where the program is
    bare = replace(frame, state=frame.state.fork())
    bare.state.functions, bare.state.aliases = {}, {}
    output = interpreter.run(words, bare, dict(env)) if words else SILENT
    frame.state.cwd = bare.state.cwd
    return output


def _time(interpreter: Interpreter, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-f", "-o", "--format", "--output") and words:
            words.pop(0)
    return interpreter.run(words, frame, dict(env)) if words else SILENT


def _quiet(*_: object) -> Stream:
    return SILENT


def _operands(argv: Sequence[Value], *, with_value: str) -> list[str]:
    names: list[str] = []
    skip = False
    for value in argv[1:]:
        text = value.text
        if skip:
            skip = False
        elif text.startswith("-") and len(text) > 1:
            skip = text[-1] in with_value and not text.startswith("--")
        else:
            names.append(text)
    return names


def _option(argv: Sequence[Value], letter: str) -> str:
    """The value of a single-letter option, "" where it is not given."""
    for at, value in enumerate(argv[:-1]):
        if value.text.startswith("-") and value.text.endswith(letter):
            return argv[at + 1].text
    return ""


TABLE: dict[str, Builtin] = {
    ".": _source,
    "alias": _alias,
    "builtin": _transparent,
    "cd": _cd,
    "chdir": _cd,
    "command": _command,
    "coproc": _transparent,
    "declare": _declare,
    "eval": _eval,
    "exec": _exec,
    "export": _declare,
    "local": _declare,
    "mapfile": _mapfile,
    "nocorrect": _transparent,
    "noglob": _transparent,
    "popd": _popd,
    "printf": _printf,
    "pushd": _pushd,
    "read": _read,
    "readarray": _mapfile,
    "readonly": _declare,
    "set": _set,
    "shift": _shift,
    "source": _source,
    "time": _time,
    "trap": _trap,
    "typeset": _declare,
    "unalias": _unalias,
    "unset": _unset,
} | dict.fromkeys(
    (
        "[",
        "test",
        ":",
        "true",
        "false",
        "exit",
        "return",
        "break",
        "continue",
        "let",
        "shopt",
        "ulimit",
        "umask",
        "wait",
        "jobs",
        "getopts",
        "hash",
    ),
    _quiet,
)
