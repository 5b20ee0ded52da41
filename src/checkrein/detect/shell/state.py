"""The state that a shell keeps while it runs: variables, functions, folder, and what it wrote."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.links import Files
from checkrein.detect.shell.syntax.nodes import Command
from checkrein.detect.shell.values import ANYTHING, Stream, Value

MAX_ALTERNATIVES = 6
ELSEWHERE = -1
"""The index of an array whose elements' places are not known."""

Array = dict[int, Value]


@dataclass(slots=True)
class State:
    """One shell.

    ``variables``, ``functions`` and ``folders_too`` hold everything that may be so at this point (one value, where it is
    certain; None among a function's bodies: perhaps it is not defined). An array maps indexes to elements; at ``ELSEWHERE``
    stands what is anywhere in it. ``references`` are the names that stand for other names (``declare -n``), ``inputs``
    open descriptors to read.
    """

    cwd: str
    variables: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    exported: dict[str, None] = field(default_factory=dict)
    functions: dict[str, tuple[Command | None, ...]] = field(default_factory=dict)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    files: Files = field(default_factory=Files)
    inputs: dict[str, Stream] = field(default_factory=dict)
    positional: tuple[Value, ...] = ()
    name: str = "bash"
    folders: tuple[str, ...] = ()  # pushd
    sourced: frozenset[str] = frozenset()  # files whose variables nobody looked at: any unknown variable may come from them
    integers: frozenset[str] = frozenset()  # variables whose values are arithmetic (``declare -i``)
    folders_too: tuple[str, ...] = ()  # where the shell may be instead of in ``cwd``
    stayed: tuple[str, ...] = ()  # where it is if the command before this one, which was to enter a folder, failed
    options: frozenset[str] = frozenset()  # those of ``set`` that are on, by their letters

    @property
    def size(self) -> int:
        """How many entries there are to copy or merge."""
        several = itertools.chain(self.functions.values(), self.aliases.values())
        return len(self.variables) + len(self.arrays) + sum(map(len, several))

    def fork(self) -> State:
        """A subshell: it sees everything and changes nothing of this one, but for the files that it writes."""
        return replace(
            self,
            variables=dict(self.variables),
            arrays=dict(self.arrays),
            references=dict(self.references),
            exported=dict(self.exported),
            functions=dict(self.functions),
            aliases=dict(self.aliases),
            inputs=dict(self.inputs),
        )

    def merge(self, branches: Sequence[State]) -> None:
        """Become what any of ``branches`` may have left: each variable may have each branch's values."""
        for name in dict.fromkeys(name for branch in branches for name in branch.variables):
            values: dict[Value, None] = {}
            for branch in branches:
                values.update(dict.fromkeys(branch.variables.get(name, (ANYTHING,))))
            kept = tuple(values)
            self.variables[name] = kept if len(kept) <= MAX_ALTERNATIVES else (*kept[: MAX_ALTERNATIVES - 1], ANYTHING)
        for name in dict.fromkeys(name for branch in branches for name in branch.arrays):
            held = [branch.arrays.get(name) for branch in branches]
            same = held[0] is not None and all(array == held[0] for array in held)
            self.arrays[name] = held[0] if same and held[0] is not None else {ELSEWHERE: ANYTHING}
        for name in dict.fromkeys(name for branch in branches for name in branch.functions):
            self.functions[name] = _either(*(branch.functions.get(name, (None,)) for branch in branches))
        for name in dict.fromkeys(name for branch in branches for name in branch.aliases):
            self.aliases[name] = tuple(dict.fromkeys(text for branch in branches for text in branch.aliases.get(name, ())))
        for branch in branches:
            self.exported.update(branch.exported)
            self.sourced |= branch.sourced
            self.integers |= branch.integers
            self.references.update(branch.references)
            self.inputs.update(branch.inputs)
        self._be_in(place for branch in branches for place in (branch.cwd, *branch.folders_too))
        self.stayed = tuple(dict.fromkeys(place for branch in branches for place in branch.stayed))
        certain = frozenset.intersection(*(branch.options for branch in branches))
        self.options = frozenset().union(*(branch.options for branch in branches)) - (frozenset("e") - certain)

    def _be_in(self, places: Iterable[str]) -> None:
        self.cwd, *others = dict.fromkeys(places)
        self.folders_too = tuple(others) if len(others) <= MAX_ALTERNATIVES else (*others[:MAX_ALTERNATIVES], f"/{UNKNOWN}")

    def after(self, *, success: bool) -> State:
        """The shell where the last command succeeded, or where it failed."""
        state = self.fork()
        state.stayed = ()
        if self.stayed and not success:
            state._be_in(self.stayed)
        return state

    def settle(self) -> None:
        """What follows runs whether the last command succeeded or not."""
        if self.stayed:
            self._be_in((self.cwd, *self.folders_too, *self.stayed))
            self.stayed = ()

    def invert(self) -> None:
        """The last command succeeded where it failed."""
        if self.stayed:
            entered = (self.cwd, *self.folders_too)
            self._be_in(self.stayed)
            self.stayed = entered

    def resolved(self, name: str) -> str:
        """The name that ``name`` refers to."""
        return self.references.get(name, name)

    def set(self, name: str, value: Value) -> None:
        """Assign a scalar; that of an array is its first element."""
        name = self.resolved(name)
        if name in self.arrays:
            self.arrays[name] = {**self.arrays[name], 0: value}
        else:
            self.variables[name] = (value,)

    def set_element(self, name: str, index: str, value: Value) -> None:
        """Assign one element of an array; ``index`` is a number, or anything else for a place that is not known."""
        name = self.resolved(name)
        array = self.arrays.get(name)
        if array is None:
            array = {0: self.variables.pop(name)[0]} if name in self.variables else {}
        if index.isdecimal() and len(index) < 7 and ELSEWHERE not in array:
            self.arrays[name] = {**array, int(index): value}
        else:
            self.arrays[name] = {ELSEWHERE: elsewhere((*array.values(), value))}

    def set_array(self, name: str, values: Iterable[Value]) -> None:
        """Assign a whole array."""
        name = self.resolved(name)
        self.variables.pop(name, None)
        self.arrays[name] = dict(enumerate(values))

    def forget(self, name: str) -> None:
        """Unset a variable."""
        self.variables.pop(name, None)
        self.arrays.pop(name, None)
        self.references.pop(name, None)


def elsewhere(values: Iterable[Value]) -> Value:
    """Unknown text that came from where any of ``values`` came from."""
    return Value(UNKNOWN, origins=frozenset[str]().union(*(value.origins for value in values)))


def _either(*choices: tuple[Command | None, ...]) -> tuple[Command | None, ...]:
    return tuple({id(body): body for choice in choices for body in choice}.values())
