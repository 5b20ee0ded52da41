"""What was met in a part of a request, added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from checkrein.enforce.gateway.cache import Chunk


@dataclass(slots=True)
class Facts:
    """``found`` counts values by rule and label, ``kinds`` parts of the request. ``files`` are paths as they stand there, with
    the form in which they may be recorded. ``made`` are the placeholders that were put in.
    """

    found: dict[tuple[str, str], int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def count(self, found: Iterable[tuple[tuple[str, str], int]]) -> None:
        """Add values that were found."""
        for what, count in found:
            self.found[what] = self.found.get(what, 0) + count

    def add(self, chunk: Chunk) -> None:
        """Add what an element holds. Most hold little, and a request has hundreds."""
        for kind, count in chunk.kinds:
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        if chunk.found:
            self.count(chunk.found)
        if chunk.made:
            self.made |= chunk.made
        if chunk.files:
            self.files.update(chunk.files)
        for folder in chunk.folders:
            self.folders[folder] = None

    def absorb(self, other: Facts) -> None:
        """Add what another part holds."""
        self.count(other.found.items())
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        self.files.update(other.files)
        self.folders.update(other.folders)
        self.made |= other.made

    def copy(self) -> Facts:
        """The same, to go on from."""
        return Facts(dict(self.found), dict(self.kinds), dict(self.files), dict(self.folders), set(self.made))
