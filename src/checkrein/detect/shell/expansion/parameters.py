"""What ``$name`` and ``${name<operator>argument}`` stand for."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.expansion.fields import BLANKS, origins_of
from checkrein.detect.shell.expansion.transform import transform
from checkrein.detect.shell.frame import CHARACTERS_A_UNIT
from checkrein.detect.shell.model import World
from checkrein.detect.shell.state import ELSEWHERE, State, elsewhere
from checkrein.detect.shell.syntax.nodes import Parameter, Part, Word
from checkrein.detect.shell.values import ANYTHING, Value, is_secret

VOLATILE = frozenset(
    ("_", "RANDOM", "SECONDS", "LINENO", "BASHPID", "SRANDOM", "EPOCHSECONDS", "EPOCHREALTIME", "OPTARG", "BASH_COMMAND")
)


class Parameters(ABC):
    """Expands the parameters of one shell. The expander reads the words in them. ``spend`` counts work (``Budget.spend``)."""

    def __init__(self, state: State, world: World, spend: Callable[[int], None]) -> None:
        self.state = state
        self.world = world
        self.spend = spend

    @abstractmethod
    def single(self, word: Word) -> Value:
        """The word as one field."""

    @abstractmethod
    def pattern(self, word: Word) -> Value:
        """The word as a pattern."""

    @abstractmethod
    def parts(self, parts: Iterable[Part]) -> str:
        """Expand parts for what they run; their text."""

    @abstractmethod
    def expand(self, text: str) -> None:
        """Text is expanded as in double quotes, for what that runs."""

    @abstractmethod
    def evaluate(self, text: str) -> None:
        """Text is read as arithmetic."""

    def parameter(self, part: Parameter) -> list[Value]:
        """The values of a parameter expansion: one for a scalar, any number for ``@``, ``*`` and arrays."""
        operator = part.operator.removeprefix("indirect")
        if part.operator.startswith("indirect"):
            if part.index in ("@", "*") and not operator:
                return self._indexes(part.name)
            if operator in ("@", "*") or part.name in ("@", "*"):
                return [ANYTHING]  # ${!prefix*}
        values = self.values(part)
        if operator.startswith("length"):
            return self._length(part, values)
        named = frozenset((f"env:{part.name}",)) if is_secret(part.name) else frozenset[str]()
        unset = Value(UNKNOWN, origins=self.state.sourced | named)
        if part.argument is None or not operator:
            return [unset] if values is None else values
        if operator == "unread":
            self.single(part.argument)
            return [ANYTHING]
        if operator == ":":
            self.evaluate(self.single(part.argument).text)
        if operator == ":" and (part.name in ("@", "*") or part.index in ("@", "*")):
            return self._slice(part, self.single(part.argument).text, values or [])
        kind = operator.removeprefix(":")
        if kind in ("-", "=", "?", "+") and operator != ":":
            if kind == "?":
                self.single(part.argument)
            return [ANYTHING] if values is None else values
        argument = self.pattern(part.argument) if operator[0] in "#%/^," else self.single(part.argument)
        if values is None:
            return [unset]
        if operator == "@" and argument.text == "P":
            return [self._prompt(value) for value in values]
        return [transform(value, operator, argument) for value in values]

    def _prompt(self, value: Value) -> Value:
        """``${name@P}`` runs the substitutions in the value."""
        self.spend(len(value.text) // CHARACTERS_A_UNIT)
        self.expand(value.text)
        return Value(UNKNOWN, origins=value.origins)

    def _length(self, part: Parameter, values: list[Value] | None) -> list[Value]:
        if values is None or not all(value.known for value in values):
            return [ANYTHING]
        if part.index in ("@", "*") or part.name in ("@", "*"):
            return [Value(str(len(values)))]
        return [Value(str(len(values[0].text)))] if values else [Value("0")]

    def _indexes(self, name: str) -> list[Value]:
        array = self.state.arrays.get(self.state.resolved(name), {})
        return [ANYTHING] if ELSEWHERE in array else [Value(str(index)) for index in sorted(array)]

    def _slice(self, part: Parameter, text: str, values: list[Value]) -> list[Value]:
        """``${@:2:1}`` and ``${array[@]:1}``."""
        match = re.fullmatch(r"\s*(-?\d{1,9})\s*(?::\s*(-?\d{1,9})\s*)?", text, re.ASCII)
        if match is None or (part.index and any(index != at for at, index in enumerate(sorted(self._array(part.name))))):
            return [Value(UNKNOWN, origins=origins_of(values))]
        items = values if part.index else [Value(self.state.name), *values]
        start = int(match[1])
        start = start + len(items) if start < 0 else start
        if start < 0:
            return []
        stop = len(items) if match[2] is None else start + int(match[2])
        return items[start:stop]

    def _array(self, name: str) -> dict[int, Value]:
        return self.state.arrays.get(self.state.resolved(name), {})

    def values(self, part: Parameter) -> list[Value] | None:
        """The values of the parameter itself, before its operator; None where it is not known to be set."""
        index = self.parts(part.subscript).strip() if part.subscript else part.index.strip()
        self.evaluate(index)
        if part.operator.startswith("indirect"):
            pointed = self._lookup(part.name, index)
            name = pointed[0].text if pointed and len(pointed) == 1 else UNKNOWN
            match = re.fullmatch(r"([A-Za-z_]\w*|\d{1,6}|[@*])(?:\[(.*)\])?", name, re.ASCII)
            return self._lookup(match[1], match[2] or "") if match else [Value(UNKNOWN, origins=origins_of(pointed or []))]
        return self._lookup(part.name, index)

    def _lookup(self, name: str, index: str) -> list[Value] | None:
        """None where a variable is not known to be set."""
        state = self.state
        name = state.resolved(name)
        if name in ("@", "*"):
            return list(state.positional)
        if name == "#":
            return [Value(str(len(state.positional)))]
        if name.isdecimal():
            number = int(name) if len(name) < 7 else len(state.positional) + 1
            if number == 0:
                return [Value(state.name)]
            return [state.positional[number - 1]] if number <= len(state.positional) else [Value("")]
        if name in state.arrays:
            return self._element(state.arrays[name], index)
        if index not in ("", "0", "@", "*"):
            return [Value("")] if index.isdecimal() and name in state.variables else [ANYTHING]
        if name in state.variables:
            values = state.variables[name]
            return [values[0] if len(values) == 1 else elsewhere(values)]
        fixed = {"PWD": state.cwd, "IFS": BLANKS, "HOME": self.world.home}
        if name in fixed:
            return [Value(fixed[name])]
        inherited = None if name in VOLATILE else self.world.variable(name)
        return None if inherited is None else [Value(inherited, origins=frozenset((f"env:{name}",)))]

    def _element(self, array: dict[int, Value], index: str) -> list[Value]:
        if ELSEWHERE in array:
            return [array[ELSEWHERE]]
        items = [array[at] for at in sorted(array)]
        if index in ("@", "*"):
            return items
        if not re.fullmatch(r"-?\d{1,6}|", index, re.ASCII):
            return [elsewhere(items)]
        number = int(index or "0")
        if number < 0:
            number += max(array, default=-1) + 1
        return [array.get(number, Value(""))]
