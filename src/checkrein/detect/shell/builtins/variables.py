"""Builtins that set variables from their words: declare, export, unset, set."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.builtins.words import one
from checkrein.detect.shell.state import State, elsewhere
from checkrein.detect.shell.values import EVERY_VARIABLE, SILENT, Stream, Value, environment_read

if TYPE_CHECKING:
    from checkrein.detect.shell.execution import Execution
    from checkrein.detect.shell.frame import Frame


def all_variables(shell: Execution, frame: Frame, program: str) -> Stream:
    """Print every variable, those of the environment among them."""
    shell.emit(environment_read(program), frame)
    return Stream(origins=frozenset((EVERY_VARIABLE,)) | frame.state.sourced)


def declare(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``declare``, ``export``, ``local``, ``readonly``: without operands they print every variable."""
    state = frame.state
    if all(value.text.startswith("-") and not set(value.text) & set("fFA") for value in argv[1:]) and argv[0].text != "local":
        return all_variables(shell, frame, " ".join(value.text for value in argv))
    options = "".join(value.text[1:] for value in argv[1:] if value.text.startswith("-"))
    exporting = argv[0].text == "export" or "x" in options
    for value in argv[1:]:
        left, equals, text = value.text.partition("=")
        name = left.removesuffix("+")
        if name.startswith(("-", "+")):
            continue
        shell.expander(frame).evaluate(name)
        if "i" in options:
            state.integers |= {name}
            shell.expander(frame).evaluate(text)
        if text.startswith("("):
            shell.expander(frame).expand(text)  # the elements of an array, read again
        if "A" in options and name not in state.arrays:
            state.set_element(name, UNKNOWN, Value(""))
        if "n" in options and equals and argv[0].text != "export":
            state.references[name] = text
        elif equals and set(options) & set("iul"):
            state.set(name, Value(UNKNOWN, origins=value.origins))  # what is assigned is changed on its way
        elif equals:
            assign(state, name, Value(text, value.glob, value.origins), append=left.endswith("+"))
        if exporting:
            state.exported[name] = None
    return SILENT


def assign(state: State, name: str, value: Value, *, append: bool) -> None:
    """Set a variable or an element (``name[index]``) as a builtin does."""
    element = re.fullmatch(r"(\w+)\[(.*)\]", name)
    if append:
        state.set(name, Value(UNKNOWN, origins=value.origins)) if name not in state.variables else state.set(
            name, Value(one(state.variables[name], "") + value.text, value.glob, value.origins)
        )
    elif element:
        state.set_element(element[1], element[2], value)
    else:
        state.set(name, value)


def unset(shell: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``unset [-f | -v] NAME``."""
    options = "".join(value.text[1:] for value in argv[1:] if value.text.startswith("-"))
    for value in argv[1:]:
        if value.text.startswith("-"):
            continue
        name, bracket, _index = value.text.partition("[")
        if bracket:
            shell.expander(frame).evaluate(value.text)
            frame.state.set_element(name, UNKNOWN, Value(""))
        elif "f" in options or (name not in frame.state.variables and name not in frame.state.arrays and "v" not in options):
            frame.state.functions.pop(name, None)
        else:
            frame.state.forget(name)
    return SILENT


OPTION_LETTERS = {"allexport": "a", "errexit": "e", "noclobber": "C", "physical": "P", "verbose": "v", "xtrace": "x"}


def set_(shell: Execution, argv: Sequence[Value], frame: Frame, _: Mapping[str, Value]) -> Stream:
    """``set``: positional parameters and tracing; alone it prints every variable."""
    words = list(argv[1:])
    if not words:
        return all_variables(shell, frame, "set")
    while words and words[0].text.startswith(("-", "+")):
        word = words.pop(0).text
        if word == "--":
            frame.state.positional = tuple(words)
            return SILENT
        letters = set(word[1:])
        if "o" in letters and words:
            letters.add(OPTION_LETTERS.get(words.pop(0).text, "o"))
        on = word.startswith("-")
        frame.state.options = frame.state.options | letters if on else frame.state.options - letters
        if letters & set("xv"):
            frame.state.set("-", Value("x" if on else ""))
    if words:
        frame.state.positional = tuple(words)
    return SILENT


def shift(_: Execution, argv: Sequence[Value], frame: Frame, __: Mapping[str, Value]) -> Stream:
    """``shift [COUNT]``."""
    count = argv[1].text if len(argv) > 1 else "1"
    if count.isdecimal() and len(count) < 7:
        frame.state.positional = frame.state.positional[int(count) :]
    else:
        frame.state.positional = tuple(elsewhere(frame.state.positional) for _ in frame.state.positional)
    return SILENT
