"""What was redacted once is redacted wherever it stands.

Many secrets are known as such only by the words around them (``password = ...``). A person who sees the model's answer with its
values restored sends them back with the next turn, and there they stand alone; so does a value that a command prints by itself.
So every value of the vault is looked for as it is, and in the forms in which programs pass it on.

Only credentials are looked for. Personal data is found by its own shape wherever it stands, names by the dictionary of the
project, and a policy that stops looking for them is obeyed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.sensitive import Detector
from checkrein.vault.entry import Entry, Kind, kind_of

RULE = "vault.known"
MAX_VALUES = 4096  # the values used last
LONGEST = 4096  # characters
_SIZES = (16, 256)  # values in the search of those learnt last, and in that of those learnt before them; a third has the rest
_SOURCE = "the vault"

Searched = Mapping[str, str]
"""Values, each with its label."""


def _aside(task: Callable[[], None]) -> None:
    threading.Thread(target=task, name="recall", daemon=True).start()


class Holder(Protocol):
    """The vault, as far as it is needed here. All may raise VaultError."""

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """The text with placeholders."""

    def known_values(self, placeholders: Iterable[str]) -> Mapping[str, str]:
        """The values of placeholders. This does not count as use of them."""

    def entries(self, since: float = 0.0) -> list[Entry]:
        """The entries made at that time (seconds since the epoch) or later, the last used first."""

    def extent(self) -> tuple[int, float]:
        """How many entries there are, and when the newest was made: cheap to ask."""

    @property
    def epoch(self) -> int:
        """Changes when something was forgotten."""


class Recall:
    """Stands before the vault: redacts with it, and remembers its values. Safe to use from several threads."""

    def __init__(self, vault: Holder) -> None:
        self._vault = vault
        self._lock = threading.Lock()
        self._state: tuple[int, int, float] | None = None
        self._names: set[str] = set()
        self._known = Learnt()

    @property
    def epoch(self) -> int:
        """As of the vault. What other processes added is known from here on; it changes nothing that was redacted before."""
        epoch = self._vault.epoch
        state = (epoch, *self._vault.extent())
        with self._lock:
            if state != self._state:
                if self._state is None or epoch != self._state[0] or not self._read_new(self._state[2], state[1]):
                    self._read_all()
                self._state = state
        return epoch

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``Vault.redact``. The values are known from here on."""
        redacted = self._vault.redact(text, found, source)
        credentials = (each for each in merged(found) if kind_of(each.rule) is Kind.CREDENTIAL)
        with self._lock:
            self._known.learn({text[each.start : each.end]: each.label for each in credentials})
        return redacted

    def beside(self, search: Detector) -> Detector:
        """A search that finds what ``search`` does, and what the vault holds."""
        return _Both(search, self)

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values of the vault stand in ``text``. Whoever else finds the same names it."""
        return tuple(Sensitive(RULE, each.label, each.start, each.end, Certainty.GENERIC) for each in self._known.scan(text))

    def _read_all(self) -> None:
        """Learn what the vault holds, in place of all that was known: until then, that is what is found."""
        entries = self._vault.entries()
        known = Learnt()
        known.learn(self._values(entries))
        self._names, self._known = {entry.placeholder for entry in entries}, known

    def _read_new(self, since: float, count: int) -> bool:
        """Learn what was made since then; whether these are now all ``count`` entries: clocks of other machines may differ."""
        entries = [entry for entry in self._vault.entries(since) if entry.placeholder not in self._names]
        self._known.learn(self._values(entries))
        self._names.update(entry.placeholder for entry in entries)
        return len(self._names) == count

    def _values(self, entries: Sequence[Entry]) -> Searched:
        """The values of the credentials among ``entries``, those used last at the end."""
        wanted = [entry for entry in entries if entry.kind is Kind.CREDENTIAL][:MAX_VALUES]
        values = self._vault.known_values(entry.placeholder for entry in wanted)
        return {values[entry.placeholder]: entry.label for entry in reversed(wanted) if entry.placeholder in values}


class Learnt:
    """Values to be found, of which more are learnt all the time; the first are let go where they become too many.

    Preparing a search costs more than searching. So there are three of them: what was learnt last is in a small one, and goes
    over to the next larger one when there is more of it. The largest is made anew aside, without anybody waiting for it.
    """

    def __init__(self, aside: Callable[[Callable[[], None]], None] = _aside) -> None:
        self._aside = aside
        self._lock = threading.Lock()
        self._parts: tuple[Searched, ...] = ({}, {}, {})
        self._searches: tuple[KnownValues, ...] = tuple(map(_search, self._parts))
        self._merging = False

    def scan(self, text: str) -> Iterator[Sensitive]:
        """Where they stand in ``text``."""
        for search in self._searches:
            yield from search.scan(text)

    def learn(self, values: Searched) -> None:
        """From here on these are found too."""
        with self._lock:
            last, before, rest = self._parts
            new = {
                value: label
                for value, label in values.items()
                if len(value) <= LONGEST and not any(value in part for part in (last, before, rest))
            }
            if not new:
                return
            last = {**last, **new}
            if len(last) > _SIZES[1]:
                rest, last = {**rest, **last}, {}
            elif len(last) > _SIZES[0]:
                before, last = {**before, **last}, {}
            self._keep(last, before, rest)
            if len(before) > _SIZES[1] and not self._merging:
                self._merging = True
                self._aside(self._merge)

    def _merge(self) -> None:
        """Let what is in the middle go over to the rest."""
        with self._lock:
            _, moved, rest = self._parts
        everything = dict(list({**rest, **moved}.items())[-MAX_VALUES:])
        search = _search(everything)
        with self._lock:
            self._merging = False
            last, before, now = self._parts
            if now is rest:
                self._searches = (*self._searches[:2], search)
                self._parts = (last, before, everything)
                self._keep(last, {value: label for value, label in before.items() if value not in moved}, everything)

    def _keep(self, *parts: Searched) -> None:
        self._searches = tuple(
            search if part is old or part == old else _search(part)
            for search, old, part in zip(self._searches, self._parts, parts, strict=True)
        )
        self._parts = parts


@dataclass(frozen=True, slots=True)
class _Both:
    search: Detector
    recall: Recall

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        return merged((*self.search.scan(text), *self.recall.scan(text)))


def _search(values: Searched) -> KnownValues:
    known = (Known(label, value, _SOURCE) for value, label in values.items())
    return KnownValues(known, short_lived=len(values) <= _SIZES[1])
