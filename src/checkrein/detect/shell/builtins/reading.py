"""Builtins that set variables to what they read or compute: read, mapfile, printf -v, let."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.builtins.code import callback
from checkrein.detect.shell.builtins.variables import assign
from checkrein.detect.shell.builtins.words import one, operands, option
from checkrein.detect.shell.expansion.fields import BLANKS, split_fields
from checkrein.detect.shell.syntax.escapes import printf_text
from checkrein.detect.shell.values import ANYTHING, NUL, SILENT, Stream, Value

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame

MAX_LINES = 5_000


def read(shell: Execution, argv: Sequence[Value], frame: Frame, env: Mapping[str, Value]) -> Stream:
    """``read NAME...``: the next line, split as IFS says."""
    names = operands(argv, with_value="adinNptu")
    for name in names:
        shell.expander(frame).evaluate(name)
    if number := option(argv, "u"):
        frame = replace(frame, stdin=frame.descriptor(number), line=None)
    line = shell.next_line(frame)
    letters = {letter for value in argv[1:] if value.text.startswith("-") for letter in value.text[1:]} - {"u"}
    if option(argv, "d") == "" and "d" in letters and line.known and frame.stdin is not None and frame.line is None:
        line = Value(frame.stdin.text.rstrip("\n"), origins=frame.stdin.origins)  # -d '': all there is
    elif letters & set("dnN") or ("r" not in letters and "\\" in line.text):
        line = Value(UNKNOWN, origins=line.origins)
    separators = env["IFS"].text if "IFS" in env else one(frame.state.variables.get("IFS"), BLANKS)
    array = option(argv, "a")
    if not line.known or UNKNOWN in separators:
        for name in [array] if array else names or ["REPLY"]:
            unknown = line if len(names) == 1 and not array else Value(UNKNOWN, origins=line.origins)
            frame.state.set_array(name, (unknown,)) if array else frame.state.set(name, unknown)
        if array:
            frame.state.set_element(array, UNKNOWN, Value(UNKNOWN, origins=line.origins))
        return SILENT
    if array:
        words = split_line(line.text, separators, len(line.text) + 1)
        frame.state.set_array(array, (Value(word, origins=line.origins) for word in words))
        return SILENT
    if not names:
        frame.state.set("REPLY", line)
        return SILENT
    words = split_line(line.text, separators, len(names))
    for at, name in enumerate(names):
        frame.state.set(name, Value(words[at] if at < len(words) else "", origins=line.origins))
    return SILENT


def split_line(text: str, separators: str, count: int) -> list[str]:
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


def mapfile(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``mapfile`` and ``readarray``: lines into an array."""
    names = operands(argv, with_value="dnOsuCc")
    callback(shell, argv, frame)
    stream = frame.descriptor(option(argv, "u") or "0") or Stream()
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


def printf(shell: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream | None:
    """``printf -v NAME``; None where it prints, which ``outputs`` knows."""
    words = list(argv[1:])
    if not words or not words[0].text.startswith("-v"):
        return None
    name = words.pop(0).text[2:] or (words.pop(0).text if words else "")
    shell.expander(frame).evaluate(name)
    text = printf_text([value.text for value in words]).replace(NUL, "")
    assign(frame.state, name, Value(text, origins=frozenset[str]().union(*(value.origins for value in argv))), append=False)
    return SILENT


def let(shell: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``let EXPRESSION...``."""
    for value in argv[1:]:
        shell.expander(frame).evaluate(value.text)
        if match := re.match(r"\W*([A-Za-z_]\w*)", value.text):
            frame.state.set(match[1], ANYTHING)
    return SILENT
