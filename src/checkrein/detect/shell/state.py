"""The state that a shell keeps while it runs: variables, functions, folder, and what it wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from checkrein.detect.shell.nodes import Command
from checkrein.detect.shell.values import Stream, Value

MAX_ALTERNATIVES = 6


@dataclass(slots=True)
class State:
    """One shell. ``variables`` hold every value that a variable may have at this point (one, where it is certain)."""

    cwd: str
    variables: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    arrays: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    exported: dict[str, None] = field(default_factory=dict)
    functions: dict[str, Command] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    files: dict[str, Stream] = field(default_factory=dict)
    positional: tuple[Value, ...] = ()
    name: str = "bash"
    folders: tuple[str, ...] = ()  # pushd

    def fork(self) -> State:
        """A subshell: it sees everything and changes nothing of this one, but for the files that it writes."""
        return replace(
            self,
            variables=dict(self.variables),
            arrays=dict(self.arrays),
            exported=dict(self.exported),
            functions=dict(self.functions),
            aliases=dict(self.aliases),
        )

    def adopt(self, other: State) -> None:
        """Take over everything of ``other``, a fork that ran in this shell's place."""
        self.cwd, self.variables, self.arrays, self.folders = other.cwd, other.variables, other.arrays, other.folders
        self.exported, self.functions, self.aliases = other.exported, other.functions, other.aliases

    def merge(self, branches: Iterable[State]) -> None:
        """Become what any of ``branches`` may have left: each variable may have each branch's values."""
        branches = list(branches)
        names = {name for branch in branches for name in branch.variables}
        for name in names:
            values: dict[Value, None] = {}
            for branch in branches:
                values.update(dict.fromkeys(branch.variables.get(name, self.variables.get(name, ()))))
            self.variables[name] = tuple(values)[:MAX_ALTERNATIVES]
        for branch in branches:
            self.arrays.update(branch.arrays)
            self.functions.update(branch.functions)
            self.aliases.update(branch.aliases)
            self.exported.update(branch.exported)
            if branch.cwd != self.cwd:
                self.cwd = branch.cwd

    def set(self, name: str, value: Value) -> None:
        """Assign a scalar."""
        self.variables[name] = (value,)
        self.arrays.pop(name, None)
