"""What was redacted once is redacted wherever it stands.

Many secrets are known as such only by the words around them (``password = ...``). A person who sees the model's answer with its
values restored sends them back with the next turn, and there they stand alone; so does a value that a command prints by itself.
So the values of the vault are looked for as they are, and in the forms in which programs pass them on.

Credentials are looked for in every project; personal data and names only where the policy of the project still calls them
sensitive (``Wanted``): one that stops looking for them is obeyed. Of each kind those ``learnt.MAX_VALUES`` that were used last
are looked for, of up to ``learnt.LONGEST`` characters.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from checkrein.core.placeholder import KEPT
from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.decide.learnt import MAX_VALUES, Learnt, Searched, search_for
from checkrein.detect.decode import Part, parts
from checkrein.detect.decode.part import whole
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.known import KnownValues
from checkrein.detect.secrets.unwrapped import Unwrapped
from checkrein.detect.sensitive import Detector, Scanner
from checkrein.vault.entry import Entry, Kind, kind_of
from checkrein.vault.gathering import Gathering

RULE = "vault.known"
RULES = {Kind.CREDENTIAL: RULE, Kind.PERSONAL: "pii.known", Kind.NAME: "dictionary.known"}
"""What a finding of each kind names: a value keeps its kind, and with it its placeholder."""
_ESCAPE = "\\"

Wanted = Callable[[Kind, str, str], bool]
"""Whether a project looks for a value that is no credential, by its kind, its label and itself."""


def _nothing_else(_kind: Kind, _label: str, _value: str) -> bool:
    return False


class Holder(Protocol):
    """The vault, as far as it is needed here. All may raise VaultError."""

    def gathering(self) -> Gathering:
        """For texts whose values go into the vault together."""

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
        self._newest = 0.0  # when the newest entry of those named below was made
        self._names: set[str] = set()
        self._known = _learnt({})

    @property
    def epoch(self) -> int:
        """As of the vault. What others add leaves it as it is: that changes nothing which was redacted before."""
        return self._vault.epoch

    def refresh(self) -> tuple[int, int, float]:
        """Know all that the vault holds now, whoever put it there. Until this was called, nothing of it is looked for.

        What this gives is another value whenever the vault holds something else than before. The vault is asked under the
        lock: an answer from before another thread learnt something would look as if something was forgotten.
        """
        with self._lock:
            epoch = self._vault.epoch
            state = (epoch, *self._vault.extent())
            if state != self._state:
                if self._state is None or epoch != self._state[0] or not (self._has_all(state) or self._read_new(state)):
                    self._read_all()
                self._state = state
            return state

    def gathering(self) -> Gathered:
        """As ``Vault.gathering``. The values are known from here on, and to the gathering itself at once."""
        return Gathered(self, self._vault.gathering(), self._state)

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``Vault.redact``."""
        gathering = self.gathering()
        redacted = gathering.redact(text, found, source)
        gathering.keep()
        return redacted

    def learn(self, values: Mapping[Kind, Searched], entries: Sequence[Entry], since: tuple[int, int, float] | None) -> None:
        """Know ``values``, and that the vault holds ``entries``, which were made at an epoch of the state ``since``."""
        with self._lock:
            self._add(values)
            if entries and since is not None and self._state is not None and self._state[0] == since[0]:
                self._names.update(entry.placeholder for entry in entries)
                self._newest = max(self._newest, *(entry.first_seen for entry in entries))

    def knows(self, kind: Kind, value: str) -> bool:
        """Whether ``value`` is looked for already."""
        return value in self._known[kind]

    def beside(self, search: Scanner, wanted: Wanted) -> Detector:
        """A search that finds what ``search`` does, and what the vault holds of credentials and of what is ``wanted``.

        Whoever else finds the same names it.
        """
        values = _Values(self, wanted)
        return _Both(search.beside(values), values)

    def scan(self, text: str, wanted: Wanted = _nothing_else) -> tuple[Sensitive, ...]:
        """Where credentials of the vault, and what else is ``wanted`` of it, stand in ``text``, in whatever form."""
        return merged(part.original(each) for part in _readings(text) for each in self.scan_encoded(part.encoded, wanted))

    def scan_encoded(self, encoded: Encoded, wanted: Wanted = _nothing_else) -> tuple[Sensitive, ...]:
        """The same in one reading of a text."""
        unwrapped: Unwrapped | None = None
        found: list[Sensitive] = []
        for kind, learnt in self._known.items():
            if learnt.searches:
                unwrapped = unwrapped or Unwrapped(encoded.data)
                of_kind = None if kind is Kind.CREDENTIAL else partial(wanted, kind)
                found += [_recalled(kind, each) for each in learnt.scan(encoded, unwrapped, of_kind)]
        return tuple(found)

    def _read_all(self) -> None:
        """Learn what the vault holds, in place of all that was known: until then, that is what is found."""
        entries = self._vault.entries()
        self._names, self._known, self._newest = set(), _learnt(self._values(entries)), 0.0
        self._note(entries)

    def _has_all(self, state: tuple[int, int, float]) -> bool:
        """Whether what is known to be in the vault is all that is: then this process alone has added to it."""
        return state[1:] == (len(self._names), self._newest)

    def _read_new(self, state: tuple[int, int, float]) -> bool:
        """Learn what was made since it was asked last; whether it now has all: clocks of other machines may differ."""
        since = self._state[2] if self._state else 0.0
        entries = [entry for entry in self._vault.entries(since) if entry.placeholder not in self._names]
        self._add(self._values(entries))
        self._note(entries)
        return len(self._names) == state[1]

    def _note(self, entries: Sequence[Entry]) -> None:
        self._names.update(entry.placeholder for entry in entries)
        self._newest = max((self._newest, *(entry.first_seen for entry in entries)))

    def _add(self, values: Mapping[Kind, Searched]) -> None:
        for kind, of_kind in values.items():
            self._known[kind].learn(of_kind)

    def _values(self, entries: Sequence[Entry]) -> Mapping[Kind, Searched]:
        """The values of ``entries`` by their kinds, those used last at the end."""
        wanted = {kind: [each for each in entries if each.kind is kind and each.label != KEPT][:MAX_VALUES] for kind in Kind}
        values = self._vault.known_values(entry.placeholder for of_kind in wanted.values() for entry in of_kind)
        return {
            kind: {values[each.placeholder]: each.label for each in reversed(of_kind) if each.placeholder in values}
            for kind, of_kind in wanted.items()
        }


class Gathered:
    """A gathering of the vault's, whose values are looked for in the texts that follow. Not for several threads at once."""

    def __init__(self, recall: Recall, inner: Gathering, since: tuple[int, int, float] | None) -> None:
        self._recall, self._inner, self._since = recall, inner, since
        self._new: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
        self._searches: dict[Kind, KnownValues] = {}

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values that were gathered before, and that nobody else looks for yet, stand in ``text``, in whatever form."""
        if not any(self._new.values()):
            return ()
        for kind, new in self._new.items():
            if new and kind not in self._searches:
                self._searches[kind] = search_for(new)
        found: list[Sensitive] = []
        for part in _readings(text):
            unwrapped = Unwrapped(part.encoded.data)
            for kind, search in self._searches.items():
                here = search.scan_unwrapped(part.encoded, unwrapped)
                found += [part.original(_recalled(kind, each)) for each in here]
        return merged(found)

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``vault.Gathering.redact``."""
        redacted = self._inner.redact(text, found, source)
        for each in merged(found):
            value, kind = text[each.start : each.end], kind_of(each.rule)
            if value not in self._new[kind] and not self._recall.knows(kind, value):
                self._new[kind][value] = each.label
                self._searches.pop(kind, None)
        return redacted

    def keep(self) -> None:
        """As ``vault.Gathering.keep``. From here on everybody looks for the values."""
        entries = self._inner.keep()
        self._recall.learn(self._new, entries, self._since)
        self._new, self._searches = {kind: {} for kind in Kind}, {}


@dataclass(frozen=True, slots=True)
class _Values:
    recall: Recall
    wanted: Wanted

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        return self.recall.scan_encoded(encoded, self.wanted)


@dataclass(frozen=True, slots=True)
class _Both:
    """``search`` looks for ``values`` too, in every reading of a text."""

    search: Detector
    values: _Values

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        found = self.search.scan(text)
        if _ESCAPE not in text:
            return found  # see ``_readings``
        again = self.values.scan_encoded(Encoded(text))
        return merged((*found, *again)) if again else found


def _readings(text: str) -> Iterator[Part]:
    """``text`` in every form. A value is kept as it stood, escapes and all: so JSON as it stands, too."""
    yield from parts(text)
    if _ESCAPE in text:
        yield whole(Encoded(text))


def _recalled(kind: Kind, found: Sensitive) -> Sensitive:
    return Sensitive(RULES[kind], found.label, found.start, found.end, Certainty.GENERIC)


def _learnt(values: Mapping[Kind, Searched]) -> dict[Kind, Learnt]:
    """What is learnt of each kind, with ``values`` for a beginning."""
    learnt = {kind: Learnt() for kind in Kind}
    for kind, of_kind in values.items():
        learnt[kind].learn(of_kind)
    return learnt
