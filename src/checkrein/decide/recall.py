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
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.known import Known, KnownValues
from checkrein.detect.secrets.unwrapped import Unwrapped
from checkrein.detect.sensitive import Detector
from checkrein.vault.entry import Entry, Kind, kind_of
from checkrein.vault.gathering import Gathering

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
        self._known = Learnt()

    @property
    def epoch(self) -> int:
        """As of the vault. What other processes added is known from here on; it changes nothing that was redacted before."""
        epoch = self._vault.epoch
        state = (epoch, *self._vault.extent())
        with self._lock:
            if state != self._state:
                if self._state is None or epoch != self._state[0] or not (self._has_all(state) or self._read_new(state)):
                    self._read_all()
                self._state = state
        return epoch

    def gathering(self) -> Gathered:
        """As ``Vault.gathering``. The values are known from here on, and to the gathering itself at once."""
        return Gathered(self, self._vault.gathering(), self._state)

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``Vault.redact``."""
        gathering = self.gathering()
        redacted = gathering.redact(text, found, source)
        gathering.keep()
        return redacted

    def learn(self, values: Searched, entries: Sequence[Entry], since: tuple[int, int, float] | None) -> None:
        """Know ``values``, and that the vault holds ``entries``, which were made at an epoch of the state ``since``."""
        with self._lock:
            self._known.learn(values)
            if entries and since is not None and self._state is not None and self._state[0] == since[0]:
                self._names.update(entry.placeholder for entry in entries)
                self._newest = max(self._newest, *(entry.first_seen for entry in entries))

    def knows(self, value: str) -> bool:
        """Whether ``value`` is looked for already."""
        return value in self._known

    def beside(self, search: Detector) -> Detector:
        """A search that finds what ``search`` does, and what the vault holds."""
        return _Both(search, self)

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values of the vault stand in ``text``. Whoever else finds the same names it."""
        return tuple(map(_recalled, self._known.scan(text)))

    def _read_all(self) -> None:
        """Learn what the vault holds, in place of all that was known: until then, that is what is found."""
        entries = self._vault.entries()
        known = Learnt()
        known.learn(self._values(entries))
        self._names, self._known, self._newest = set(), known, 0.0
        self._note(entries)

    def _has_all(self, state: tuple[int, int, float]) -> bool:
        """Whether what is known to be in the vault is all that is: then this process alone has added to it."""
        return state[1:] == (len(self._names), self._newest)

    def _read_new(self, state: tuple[int, int, float]) -> bool:
        """Learn what was made since it was asked last; whether it now has all: clocks of other machines may differ."""
        since = self._state[2] if self._state else 0.0
        entries = [entry for entry in self._vault.entries(since) if entry.placeholder not in self._names]
        self._known.learn(self._values(entries))
        self._note(entries)
        return len(self._names) == state[1]

    def _note(self, entries: Sequence[Entry]) -> None:
        self._names.update(entry.placeholder for entry in entries)
        self._newest = max((self._newest, *(entry.first_seen for entry in entries)))

    def _values(self, entries: Sequence[Entry]) -> Searched:
        """The values of the credentials among ``entries``, those used last at the end."""
        wanted = [entry for entry in entries if entry.kind is Kind.CREDENTIAL][:MAX_VALUES]
        values = self._vault.known_values(entry.placeholder for entry in wanted)
        return {values[entry.placeholder]: entry.label for entry in reversed(wanted) if entry.placeholder in values}


class Gathered:
    """A gathering of the vault's, whose values are looked for in the texts that follow. Not for several threads at once."""

    def __init__(self, recall: Recall, inner: Gathering, since: tuple[int, int, float] | None) -> None:
        self._recall, self._inner, self._since = recall, inner, since
        self._new: dict[str, str] = {}
        self._search: KnownValues | None = None

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values that were gathered before, and that nobody else looks for yet, stand in ``text``."""
        if not self._new:
            return ()
        if self._search is None:
            self._search = _search(self._new)
        return tuple(map(_recalled, self._search.scan(text)))

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``vault.Gathering.redact``."""
        redacted = self._inner.redact(text, found, source)
        for each in merged(found):
            value = text[each.start : each.end]
            if kind_of(each.rule) is Kind.CREDENTIAL and value not in self._new and not self._recall.knows(value):
                self._new[value], self._search = each.label, None
        return redacted

    def keep(self) -> None:
        """As ``vault.Gathering.keep``. From here on everybody looks for the values."""
        entries = self._inner.keep()
        self._recall.learn(self._new, entries, self._since)
        self._new, self._search = {}, None


class Learnt:
    """Values to be found, of which more are learnt all the time; the first are let go where they become too many.

    Preparing a search costs more than searching. So there are three of them: what was learnt last is in a small one, and goes
    over to a larger one when there is more of it. The larger ones are made aside, without anybody waiting for them.
    """

    def __init__(self, aside: Callable[[Callable[[], None]], None] = _aside) -> None:
        self._aside = aside
        self._lock = threading.Lock()
        self._parts: tuple[Searched, ...] = ({}, {}, {})
        self._searches: tuple[KnownValues, ...] = (_NOTHING, _NOTHING, _NOTHING)
        self._merging = False

    def __contains__(self, value: str) -> bool:
        return any(value in part for part in self._parts)

    def scan(self, text: str) -> Iterator[Sensitive]:
        """Where they stand in ``text``."""
        searches = [search for search in self._searches if search is not _NOTHING]
        if searches:
            encoded = Encoded(text)
            unwrapped = Unwrapped(encoded.data)
            for search in searches:
                yield from search.scan_unwrapped(encoded, unwrapped)

    def learn(self, values: Searched) -> None:
        """From here on these are found too."""
        with self._lock:
            new = {value: label for value, label in values.items() if len(value) <= LONGEST and value not in self}
            if not new:
                return
            last, before, rest = self._parts
            last = {**last, **new}
            if len(last) > _SIZES[1]:
                rest = _newest({**rest, **last})
                self._keep(({}, before, rest), (_NOTHING, self._searches[1], _search(rest)))
                return
            self._keep((last, before, rest), (_search(last), *self._searches[1:]))
            if len(last) > _SIZES[0] and not self._merging:
                self._merging = True
                self._aside(self._merge)

    def _merge(self) -> None:
        """Let what was learnt last go over to a larger search."""
        with self._lock:
            last, before, rest = self._parts
        moved = {**before, **last}
        larger = _newest({**rest, **moved}) if len(moved) > _SIZES[1] else moved
        search = _search(larger)
        with self._lock:
            self._merging = False
            learnt, *others = self._parts
            if others[1] is not rest:
                return
            left = {value: label for value, label in learnt.items() if value not in last}
            first = _search(left) if left else _NOTHING
            if larger is moved:
                self._keep((left, moved, rest), (first, search, self._searches[2]))
            else:
                self._keep((left, {}, larger), (first, _NOTHING, search))

    def _keep(self, parts: tuple[Searched, ...], searches: tuple[KnownValues, ...]) -> None:
        """``searches`` come first: what is taken for known is looked for already."""
        self._searches, self._parts = searches, parts


@dataclass(frozen=True, slots=True)
class _Both:
    search: Detector
    recall: Recall

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        found, again = self.search.scan(text), self.recall.scan(text)
        return merged((*found, *again)) if again else found


def _recalled(found: Sensitive) -> Sensitive:
    return Sensitive(RULE, found.label, found.start, found.end, Certainty.GENERIC)


def _search(values: Searched) -> KnownValues:
    known = (Known(label, value, _SOURCE) for value, label in values.items())
    return KnownValues(known, short_lived=len(values) <= _SIZES[1])


_NOTHING = _search({})


def _newest(values: Searched) -> Searched:
    """As many as are kept."""
    return dict(list(values.items())[-MAX_VALUES:])
