"""The shell's own commands: those that change the shell, and those that run code in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN, Effect, EffectKind
from checkrein.detect.shell.escapes import printf_text
from checkrein.detect.shell.expand import BLANKS, split_fields
from checkrein.detect.shell.interpreters import foreign_code
from checkrein.detect.shell.model import Invocation, ScriptFile, absolute
from checkrein.detect.shell.options import listed
from checkrein.detect.shell.state import State, elsewhere
from checkrein.detect.shell.values import ANYTHING, NUL, SILENT, Stream, Value, network_in

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame

MAX_LINES = 5_000
Builtin = Callable[["Execution", Sequence[Value], "Frame", Mapping[str, Value]], Stream | None]


def _cd(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    state = frame.state
    targets = [value.text for value in argv[1:] if value.text == "-" or not value.text.startswith("-")]
    home = _one(state.variables.get("HOME"), shell.world.home)
    target = targets[0] if targets else home
    before = state.cwd
    if target == "-":
        target = _one(state.variables.get("OLDPWD"), UNKNOWN)
    state.cwd = absolute(target, state.cwd)
    if UNKNOWN in target and not target.startswith((UNKNOWN, "/")):
        state.cwd = absolute(target, before)
    elif target.startswith(UNKNOWN):
        state.cwd = f"/{UNKNOWN}"
    state.set("OLDPWD", Value(before))
    return SILENT


def _one(values: Sequence[Value] | None, default: str) -> str:
    """The text of a variable that has one value, ``default`` where it is not set."""
    return default if not values else values[0].text if len(values) == 1 else UNKNOWN


def _pushd(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    frame.state.folders = (*frame.state.folders, frame.state.cwd)
    return _cd(shell, argv, frame, env)


def _popd(_: Execution, __: Sequence[Value], frame: Frame, ___: Mapping[str, Value]) -> Stream:
    if frame.state.folders:
        frame.state.cwd = frame.state.folders[-1]
        frame.state.folders = frame.state.folders[:-1]
    return SILENT


def _eval(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
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


def _source(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    if len(argv) < 2:
        return SILENT
    path = shell.path(argv[1], frame)
    invocation = Invocation(argv=tuple(value.text for value in argv), cwd=frame.state.cwd, world=shell.world)
    written = shell.written(path, frame)
    if written is not None:
        return run_text(shell, written, frame, "source")
    text = None if UNKNOWN in path else shell.world.script(path)
    origin = frozenset((f"sourced:{path}",))
    frame.state.sourced |= origin
    if text is not None:
        before = dict(frame.state.variables)
        output = shell.text(text, replace(frame, depth=frame.depth + 1))
        for name, values in frame.state.variables.items():
            if before.get(name) != values:  # its content is the file's, also where it is printed later
                frame.state.variables[name] = tuple(replace(value, origins=value.origins | origin) for value in values)
        return output
    return shell.outcomes((ScriptFile(path, "shell"),), invocation, replace(frame, depth=frame.depth + 1))


def _declare(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    state = frame.state
    options = "".join(value.text[1:] for value in argv[1:] if value.text.startswith("-"))
    exporting = argv[0].text == "export" or "x" in options
    for value in argv[1:]:
        left, equals, text = value.text.partition("=")
        name = left.removesuffix("+")
        if name.startswith(("-", "+")):
            continue
        if "A" in options and name not in state.arrays:
            state.set_element(name, UNKNOWN, Value(""))
        if "n" in options and equals and argv[0].text != "export":
            state.references[name] = text
        elif equals and set(options) & set("iul"):
            state.set(name, Value(UNKNOWN, origins=value.origins))  # what is assigned is changed on its way
        elif equals:
            _assign(state, name, Value(text, value.glob, value.origins), append=left.endswith("+"))
        if exporting:
            state.exported[name] = None
    return SILENT


def _assign(state: State, name: str, value: Value, *, append: bool) -> None:
    element = re.fullmatch(r"(\w+)\[(.*)\]", name)
    if append:
        state.set(name, Value(UNKNOWN, origins=value.origins)) if name not in state.variables else state.set(
            name, Value(_one(state.variables[name], "") + value.text, value.glob, value.origins)
        )
    elif element:
        state.set_element(element[1], element[2], value)
    else:
        state.set(name, value)


def _unset(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    options = "".join(value.text[1:] for value in argv[1:] if value.text.startswith("-"))
    for value in argv[1:]:
        if value.text.startswith("-"):
            continue
        name, bracket, _index = value.text.partition("[")
        if bracket:
            frame.state.set_element(name, UNKNOWN, Value(""))
        elif "f" in options or (name not in frame.state.variables and name not in frame.state.arrays and "v" not in options):
            frame.state.functions.pop(name, None)
        else:
            frame.state.forget(name)
    return SILENT


def _set(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    for at, value in enumerate(words):
        if value.text == "--":
            frame.state.positional = tuple(words[at + 1 :])
            return SILENT
        if not value.text.startswith(("-", "+")):
            frame.state.positional = tuple(words[at:])
            return SILENT
    return SILENT


def _shift(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    count = argv[1].text if len(argv) > 1 else "1"
    if count.isdecimal() and len(count) < 7:
        frame.state.positional = frame.state.positional[int(count) :]
    else:
        frame.state.positional = tuple(elsewhere(frame.state.positional) for _ in frame.state.positional)
    return SILENT


def _alias(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        name, equals, text = value.text.partition("=")
        if equals and name:
            frame.state.aliases[name] = (text,)
    return SILENT


def _unalias(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        frame.state.aliases.pop(value.text, None)
    return SILENT


def _read(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    names = _operands(argv, with_value="adinNptu")
    line = shell.next_line(frame)
    letters = {letter for value in argv[1:] if value.text.startswith("-") for letter in value.text[1:]}
    if _option(argv, "d") == "" and "d" in letters and line.known and frame.stdin is not None and frame.line is None:
        line = Value(frame.stdin.text.rstrip("\n"), origins=frame.stdin.origins)  # -d '': all there is
    elif letters & set("dnNu") or ("r" not in letters and "\\" in line.text):
        line = Value(UNKNOWN, origins=line.origins)
    separators = env["IFS"].text if "IFS" in env else _one(frame.state.variables.get("IFS"), BLANKS)
    array = _option(argv, "a")
    if not line.known or UNKNOWN in separators:
        for name in [array] if array else names or ["REPLY"]:
            unknown = line if len(names) == 1 and not array else Value(UNKNOWN, origins=line.origins)
            frame.state.set_array(name, (unknown,)) if array else frame.state.set(name, unknown)
        if array:
            frame.state.set_element(array, UNKNOWN, Value(UNKNOWN, origins=line.origins))
        return SILENT
    if array:
        words = _split_line(line.text, separators, len(line.text) + 1)
        frame.state.set_array(array, (Value(word, origins=line.origins) for word in words))
        return SILENT
    if not names:
        frame.state.set("REPLY", line)
        return SILENT
    words = _split_line(line.text, separators, len(names))
    for at, name in enumerate(names):
        frame.state.set(name, Value(words[at] if at < len(words) else "", origins=line.origins))
    return SILENT


def _split_line(text: str, separators: str, count: int) -> list[str]:
    """At most ``count`` fields; the last one takes the rest with its separators, but for blanks at the end."""
    blanks = "".join(char for char in separators if char in BLANKS)
    rest = text.strip(blanks) if blanks else text
    words: list[str] = []
    while rest and len(words) < count - 1:
        word, delimiter = next(split_fields(rest, separators))
        words.append(word)
        rest = rest[len(word) + len(delimiter) :]
        if not delimiter:
            return words
    if rest:
        last = list(split_fields(rest, separators))
        words.append(last[0][0] if len(last) == 2 and not last[1][0] else rest)
    return words


def _mapfile(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    names = _operands(argv, with_value="dnOsuCc")
    stream = frame.stdin or Stream()
    lines = stream.text.split("\n")
    if lines[-1] == "":
        lines.pop()
    name = names[0] if names else "MAPFILE"
    frame.state.set_array(name, (Value(line, origins=stream.origins) for line in lines))
    if not any(value.text.startswith("-") and "t" in value.text for value in argv[1:]):
        frame.state.set_array(name, (Value(f"{line}\n", origins=stream.origins) for line in lines))
    plain = all(value.text in ("-t", name) for value in argv[1:])
    if not plain or UNKNOWN in stream.text or len(lines) > MAX_LINES:
        frame.state.set_element(name, UNKNOWN, Value(UNKNOWN, origins=stream.origins))
    return SILENT


def _printf(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream | None:
    words = list(argv[1:])
    if not words or not words[0].text.startswith("-v"):
        return None
    name = words.pop(0).text[2:] or (words.pop(0).text if words else "")
    text = printf_text([value.text for value in words]).replace(NUL, "")
    _assign(frame.state, name, Value(text, origins=frozenset[str]().union(*(value.origins for value in argv))), append=False)
    return SILENT


def _trap(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    words = [value for value in argv[1:] if value.text not in ("-l", "-p", "--")]
    if len(words) > 1 and words[0].text not in ("-", ""):
        run_text(shell, Stream(words[0].text, words[0].origins), replace(frame, state=frame.state.fork()), "trap")
    return SILENT


def _exec(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        if words.pop(0).text == "-a" and words:
            words.pop(0)
    return shell.bare(words, frame, dict(env)) if words else SILENT


def _transparent(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    """``noglob``, ``nocorrect``: the rest is the command."""
    words = list(argv[1:])
    return shell.run(words, frame, dict(env)) if words else SILENT


def _command(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream | None:
    """``command`` and ``builtin``: no function has a say."""
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if argv[0].text == "command" and "v" in option.lower():
            return None  # only asks where the program is
    return shell.bare(words, frame, dict(env)) if words else SILENT


def _time(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    words = list(argv[1:])
    while words and words[0].text.startswith("-"):
        option = words.pop(0).text
        if option in ("-f", "-o", "--format", "--output") and words:
            words.pop(0)
    return shell.run(words, frame, dict(env)) if words else SILENT


def _let(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    for value in argv[1:]:
        if match := re.match(r"\W*([A-Za-z_]\w*)", value.text):
            frame.state.set(match[1], ANYTHING)
    return SILENT


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
    "builtin": _command,
    "cd": _cd,
    "chdir": _cd,
    "command": _command,
    "declare": _declare,
    "eval": _eval,
    "exec": _exec,
    "export": _declare,
    "let": _let,
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
    listed("[ test : true false exit return break continue shopt ulimit umask wait jobs getopts hash"),
    _quiet,
)
