"""``Vault``: texts in, texts with placeholders out, and back.

A placeholder stands for the characters as they stood: the escaped form of a value in a JSON text has one of its own, so what is
restored is the same byte for byte. What is known again only where it stands alone is given as an ``Alone``. The caches of a
process are bounded; that another process forgot something or changed the key is seen within a second.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from checkrein.core import UsageError
from checkrein.core.sensitive import Sensitive
from checkrein.vault.alone import marked
from checkrein.vault.entry import Entry
from checkrein.vault.gathering import Gathering, Met, collision
from checkrein.vault.key import Key, KeyHolder, KeyRing
from checkrein.vault.store import Row, SecretRow, State, Store, secret_name

REMEMBERED = 8192  # values that one process keeps in memory
LONGEST_REMEMBERED = 4096  # characters of a value that is kept in memory
LOOK_SECONDS = 1.0
TOUCH_SECONDS = 3600.0  # how exactly ``last_seen`` is kept
_DAY = 86_400.0


@dataclass(slots=True)
class _Known:
    """What a process remembers of a placeholder. ``value`` is None where it is too long to be kept."""

    entry: Entry
    value: str | None


class Vault:
    """Safe to use from several threads and, over one store, from several processes. Every method may raise VaultError."""

    def __init__(self, store: Store, ring: KeyRing, *, clock: Callable[[], float] = time.time) -> None:
        self._store, self._ring, self._clock = store, ring, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.RLock()
        self._looked = 0.0
        self._begin()

    @classmethod
    def open(cls, folder: Path, url: str = "", *, holder: KeyHolder | None = None) -> Vault:
        """The vault of ``folder``, made where there is none; ``url`` is that of a shared store (see ``Store.open``)."""
        store = Store.open(folder, url)
        try:
            return cls(store, KeyRing(folder, holder))
        except BaseException:
            store.close()
            raise

    @staticmethod
    def reset(folder: Path, url: str = "", *, holder: KeyHolder | None = None) -> int:
        """Forget every entry and every registered secret, and begin with a new key; how many there were.

        Needs no key of before, so that a vault whose key is lost can be used again.
        """
        store = Store.open(folder, url)
        try:
            ring = KeyRing(folder, holder)
            return store.clear(ring.replace().id, ring.place)
        finally:
            store.close()

    def close(self) -> None:
        """Let go of the store, and of what is remembered."""
        with self._lock:
            self._known.clear()
        self._store.close()

    @property
    def key_place(self) -> str:
        """Where the key is, in words."""
        return self._ring.place

    def gathering(self) -> Gathering:
        """For texts whose values go into the store together."""
        return Gathering(self._key_now, self._remember)

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """As ``Gathering.redact``, of one text. Once this returns, every value is in the store."""
        gathering = self.gathering()
        redacted = gathering.redact(text, found, source)
        gathering.keep()
        return redacted

    def values(self, placeholders: Iterable[str]) -> dict[str, str]:
        """The values of those placeholders that are in the vault. For use inside this process alone."""
        found = self.known_values(placeholders)
        self._touch({name: frozenset() for name in found})
        return found

    def known_values(self, placeholders: Iterable[str]) -> dict[str, str]:
        """As ``values``; but it does not count as use, by which entries are kept from expiring."""
        self._refresh()
        wanted = set(placeholders)
        with self._lock:
            known = {name: self._known[name] for name in wanted if name in self._known}
            for name in known:
                self._known.move_to_end(name)
        found = {name: item.value for name, item in known.items() if item.value is not None}
        rows = self._store.rows([name for name in wanted if name not in found])
        for name, row in rows.items():
            found[name] = self._note(row.entry, self._ring.get(row.key).open(row.sealed, name))
        return found

    def lookup(self, placeholder: str) -> Entry | None:
        """What is known of a placeholder; None where it is not in this vault."""
        return self.known([placeholder]).get(placeholder)

    def known(self, placeholders: Collection[str]) -> Mapping[str, Entry]:
        """What is known of placeholders; those that are not in this vault are left out."""
        return {name: row.entry for name, row in self._store.rows(placeholders).items()}

    def entries(self, since: float = 0.0) -> list[Entry]:
        """The entries made at that time (seconds since the epoch) or later, the last used first."""
        return self._store.entries(since)

    def extent(self) -> tuple[int, float]:
        """How many entries there are, and when the newest was made, in seconds since the epoch (0 without any)."""
        return self._store.extent()

    def forget(self, placeholders: Iterable[str]) -> int:
        """Remove entries; how many there were. Their placeholders are unknown from then on, until a value is met again."""
        return self._changed(self._store.remove(set(placeholders)))

    def expire(self, days: float) -> int:
        """Remove what was not used for ``days``; how many those were."""
        return self._changed(self._store.remove_unused_since(self._clock() - days * _DAY))

    def rotate(self) -> int:
        """Take a new key: values get new placeholders from now on, and all that is kept is sealed anew. How many entries.

        Placeholders of before are restored as ever.
        """
        new = self._ring.rotate()
        self._store.reseal(new.id, lambda key, sealed, name: new.seal(self._ring.get(key).open(sealed, name), name))
        self._store.change_key(new.id, self._ring.place)
        self._changed(1)
        return len(self._store.entries())

    def add_secret(self, name: str, value: str) -> None:
        """Register a value, to be found wherever it stands. UsageError where it is empty."""
        if not value.strip():
            raise UsageError("A secret cannot be empty.", fix="Give its value.")
        self._refresh()
        key = self._key
        self._store.put_secret(SecretRow(name, key.id, key.seal(value, secret_name(name)), self._clock()))
        self._changed(1)

    def secrets(self) -> Mapping[str, float]:
        """The names of the registered secrets, with the time when each was added (seconds since the epoch)."""
        return {row.name: row.added for row in self._store.secrets()}

    def secret_values(self) -> Mapping[str, str]:
        """The registered secrets. For use inside this process alone."""
        return {row.name: self._ring.get(row.key).open(row.sealed, secret_name(row.name)) for row in self._store.secrets()}

    def remove_secret(self, name: str) -> bool:
        """Forget a registered secret; False where there is none of that name."""
        return bool(self._changed(self._store.remove_secret(name)))

    @property
    def epoch(self) -> int:
        """Changes when something was forgotten, registered or given a new key, in whatever process."""
        self._refresh()
        return self._state.epoch

    def _begin(self) -> None:
        """Take the key that the store was written with; in a new store, the first."""
        state = self._store.state()
        if not state.key:
            self._ring.begin()
            self._store.use_key(self._ring.newest.id, self._ring.place)
            state = self._store.state()
        self._take(state)

    def _refresh(self) -> None:
        """Notice, at most once a second, what other processes changed."""
        now = time.monotonic()
        if now - self._looked >= LOOK_SECONDS:
            state = self._store.state()
            if state != self._state:
                self._take(state)
            self._looked = now

    def _take(self, state: State) -> None:
        self._ring.load()  # a key that is gone is told now, not after a restart
        key = self._ring.get(state.key, state.place)
        with self._lock:
            self._known.clear()
            self._key, self._state = key, state

    def _changed(self, count: int) -> int:
        with self._lock:
            self._known.clear()
        self._looked = 0.0
        return count

    def _key_now(self) -> Key:
        self._refresh()
        return self._key

    def _remember(self, values: Mapping[str, Met]) -> Sequence[Entry]:
        """Keep the values that are not kept yet, and where they were met. The entries that were added."""
        used: dict[str, frozenset[str]] = {}
        new = []
        with self._lock:
            for name, met in values.items():
                known = self._known.get(name)
                if known is None:
                    new.append(name)
                else:
                    self._known.move_to_end(name)
                    used[name] = frozenset(met.sources) - known.entry.sources
        added, there = self._add({name: values[name] for name in new})
        for name, row in there.items():
            used[name] = frozenset(values[name].sources) - row.entry.sources
        again, _ = self._add({name: values[name] for name in self._touch(used)})
        return (*added, *again)

    def _add(self, values: Mapping[str, Met]) -> tuple[Sequence[Entry], Mapping[str, Row]]:
        """Add those that are not in the store: the entries of these, and the rows of those that are."""
        if not values:
            return (), {}
        now, key = self._clock(), self._key
        rows = [
            Row(Entry(name, met.label, frozenset(met.sources), now, now, met.kind), key.id, key.seal(met.value, name))
            for name, met in values.items()
        ]
        there = self._store.add(rows)
        added = [row.entry for row in rows if row.entry.placeholder not in there]
        for entry in added:
            self._note(entry, values[entry.placeholder].value)
        for name, row in there.items():
            kept = self._ring.get(row.key).open(row.sealed, name)
            if kept != values[name].value:
                raise collision(name)
            self._note(row.entry, kept)
        return added, there

    def _touch(self, used: Mapping[str, frozenset[str]]) -> frozenset[str]:
        """Note the use of what was not used for an hour, and new sources. Those that are not in the store any more."""
        now = self._clock()
        with self._lock:
            due = {
                name: sources
                for name, sources in used.items()
                if name in self._known and (sources or now - self._known[name].entry.last_seen > TOUCH_SECONDS)
            }
        if not due:
            return frozenset()
        there = self._store.touch(due, now)
        with self._lock:
            for name in there:
                known = self._known.get(name)
                if known is not None:
                    old = known.entry
                    known.entry = replace(old, sources=old.sources | due[name], last_seen=now)
        return frozenset(due) - there

    def _note(self, entry: Entry, value: str) -> str:
        """Remember a value; as it is given out."""
        value = marked(value, entry.kind)
        with self._lock:
            self._known[entry.placeholder] = _Known(entry, value if len(value) <= LONGEST_REMEMBERED else None)
            self._known.move_to_end(entry.placeholder)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return value
