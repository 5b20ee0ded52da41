"""Texts that get placeholders together: what they stand for goes into the store at once, before any of the texts leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from checkrein.core import VaultError
from checkrein.core.sensitive import Sensitive
from checkrein.vault import placeholder as form
from checkrein.vault.entry import Entry, Kind, kind_of, source_of
from checkrein.vault.key import Key
from checkrein.vault.pieces import pieces


@dataclass(frozen=True, slots=True, repr=False)
class Met:
    """A value that was met, and the sources of the texts in which it was."""

    kind: Kind
    label: str
    value: str
    sources: set[str] = field(default_factory=set)


class Gathering:
    """Names values, and keeps them when it is told to. Not for several threads at once."""

    def __init__(self, key: Callable[[], Key], keep: Callable[[Mapping[str, Met]], Sequence[Entry]]) -> None:
        """``key`` gives the one in use; ``keep`` stores values by placeholder, and gives the entries that it added."""
        self._key = key
        self._keep = keep
        self._met: dict[str, Met] = {}

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """``text`` with a placeholder in place of all that ``found`` covers; ``source`` says where the text is from.

        Placeholders that stand in ``text`` stay as they are. What this gives may not leave before ``keep`` has returned.
        """
        found_pieces = list(pieces(text, found))
        if not found_pieces:
            return text
        key, place = self._key(), source_of(source)
        parts, end = [], 0
        for piece in found_pieces:
            kind, value = kind_of(piece.rule), text[piece.start : piece.end]
            name = form.make(key.naming_of(kind), piece.label, value)
            met = self._met.setdefault(name, Met(kind, piece.label, value))
            if met.value != value:
                raise collision(name)
            if place:
                met.sources.add(place)
            parts += [text[end : piece.start], name]
            end = piece.end
        return "".join((*parts, text[end:]))

    def keep(self) -> Sequence[Entry]:
        """Once this returns, every value is in the store. The entries that were not there before.

        Where it raises, nothing was kept, and it can be called again.
        """
        added = self._keep(self._met) if self._met else ()
        self._met = {}
        return added


def collision(name: str) -> VaultError:
    """For two values that would have the same placeholder."""
    return VaultError(
        f"two values have the placeholder {name}",
        why="their keyed hashes agree in 60 bits",
        fix="run `checkrein vault rotate`: under a new key they differ",
    )
