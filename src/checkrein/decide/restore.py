"""Placeholders in a tool's input, and the same call with their values: what the tool is to get, and what controls judge.

The ledger, messages and the session's memory only ever hold the placeholders: ``Restoration`` takes the values out again of
what was said about the restored call.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from checkrein.controls import Placeholders
from checkrein.core import Effect, EffectKind, Event, Finding, Flag
from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.interpreter import Analysis
from checkrein.detect.shell.syntax.replacement import replaced
from checkrein.detect.tools import QUIET, SHELLS
from checkrein.vault import Entry, Kind
from checkrein.vault import placeholder as form
from checkrein.vault.alone import Alone, word_around
from checkrein.vault.altered import altered, mentions, remains

MAX_IN_COMMAND = 32
"""Placeholders of one command line that are restored; each costs reading it several times."""
FRAGMENT = 8
"""Characters in a row of a value that give too much of it away."""
WITHHELD = "(not shown: it holds a part of a redacted value)"


class Values(Protocol):
    """The vault, as far as restoring needs it. All raise VaultError."""

    def values(self, placeholders: Iterable[str]) -> Mapping[str, str]:
        """The values of those that are known."""

    def known(self, placeholders: Collection[str]) -> Mapping[str, Entry]:
        """What is known of them."""

    def entries(self) -> Iterable[Entry]:
        """All there are."""


@dataclass(frozen=True)
class Restoration:
    """``event`` is the call with values, ``placeholders`` what stood in it."""

    event: Event
    placeholders: Placeholders

    def hidden(self, finding: Finding) -> Finding:
        """The finding with placeholders in place of values."""
        return replace(
            finding,
            what=self._without(finding.what),
            why=self._without(finding.why),
            instead=self._without(finding.instead),
            subject=self._without(finding.subject),
            paths=tuple(map(self._without, finding.paths)),
            without=tuple(map(self._without, finding.without)),
        )

    def remembered(self, analysis: Analysis) -> Analysis:
        """What may be remembered of the call: a path with a value in it is one that is not known whole.

        A file that gets a value is made of it from now on, as of a variable that is named like the placeholder.
        """
        made = {self._open(path): {self._without(source) for source in sources} for path, sources in analysis.made.items()}
        for effect in analysis.effects:
            if effect.kind is EffectKind.WRITE and (held := self._held_by(effect)):
                made.setdefault(self._open(effect.target), set()).update(held)
        return replace(
            analysis,
            effects=[self._remembered_effect(effect) for effect in analysis.effects],
            made=made,
            running={self._open(path): interpreter for path, interpreter in analysis.running.items()},
        )

    def _held_by(self, effect: Effect) -> set[str]:
        """The secrets that a file gets, or may get, where its text is not known."""
        entries, text = self.placeholders.entries, effect.text or ""
        unseen = effect.text is None and bool(effect.flags & Flag.IN_PLACE)
        return {
            f"env:{name}"
            for name, value in self.placeholders.values.items()
            if entries[name].kind is Kind.CREDENTIAL and (unseen or value in text)
        }

    def _remembered_effect(self, effect: Effect) -> Effect:
        return replace(
            effect,
            target=self._open(effect.target),
            to=self._open(effect.to),
            detail=self._without(effect.detail),
            reads=tuple(map(self._without, effect.reads)),
        )

    def _open(self, path: str) -> str:
        for value in self.placeholders.values.values():
            path = path.replace(value, UNKNOWN)
        return path if self._without(path) == path else UNKNOWN

    def _without(self, text: str) -> str:
        """``text`` with placeholders for values; what still holds a part of one is not shown at all."""
        values = sorted(self.placeholders.values.items(), key=lambda item: -len(item[1]))
        for name, value in values:
            text = text.replace(value, name)
        rest = text
        for name, _ in values:
            rest = rest.replace(name, UNKNOWN)
        return WITHHELD if any(part in rest for _, value in values for part in _fragments(value)) else text


def restored(event: Event, vault: Values) -> Restoration | None:
    """The call with its values, None where no placeholder stands in what its tool is given. VaultError."""
    given = _looked_at(event)
    texts = list(_speaking(given))
    if not texts:
        return None
    named = {place.text for text in texts for place in form.find(text)}
    entries = vault.known(named)
    values = {name: value for name, value in vault.values(entries).items() if name in entries}
    unknown = sorted(named - set(values))
    kept = cache(lambda: tuple(entry.placeholder for entry in vault.entries()))
    broken = dict.fromkeys(part for text in texts for part in (*altered(text), *remains(text, kept)))
    misplaced: list[str] = []
    put = _command_restorer(values, misplaced) if event.tool in SHELLS else _restorer(values)
    changed = {**event.input, **_mapped(given, put)}
    joined = {word: name for text in texts for word, name in _joined(text, values)}
    placeholders = Placeholders(values, entries, (*unknown, *broken), tuple(dict.fromkeys(misplaced)), joined)
    return Restoration(replace(event, input=changed), placeholders) if named or broken else None


def mentions_placeholder(event: Event) -> bool:
    """Whether something that looks like the beginning of a placeholder stands in what the event's tool is given."""
    return next(_speaking(_looked_at(event)), None) is not None


def _speaking(given: Mapping[str, Any]) -> Iterator[str]:
    return filter(mentions, _texts(given))


def _looked_at(event: Event) -> Mapping[str, Any]:
    """The part of a tool's input that is written, run or sent. What only goes to a model keeps its placeholders."""
    if event.tool in QUIET:
        return {}
    if event.tool in SHELLS:
        return {key: value for key, value in event.input.items() if key == "command"}
    if event.tool == "WebFetch":
        return {key: value for key, value in event.input.items() if key == "url"}
    return event.input


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for key, item in value.items():
                yield from _texts(key)
                yield from _texts(item)
        case list() | tuple():
            for item in value:
                yield from _texts(item)


def _mapped(value: Any, put: Callable[[str], str]) -> Any:
    match value:
        case str():
            return put(value) if form.PREFIX in value else value
        case Mapping():
            return {_mapped(key, put): _mapped(item, put) for key, item in value.items()}
        case list():
            return [_mapped(item, put) for item in value]
        case _:
            return value


def _joined(text: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The words of ``text`` in which a value would not be known again, as they would be, and its placeholder."""
    for place in form.find(text):
        value = values.get(place.text)
        if isinstance(value, Alone) and any(around := word_around(text, place.start, place.end)):
            yield value.join(around), place.text


def _restorer(values: Mapping[str, str]) -> Callable[[str], str]:
    def put(text: str) -> str:
        for place in reversed(list(form.find(text))):
            text = text[: place.start] + values.get(place.text, place.text) + text[place.end :]
        return text

    return put


def _command_restorer(values: Mapping[str, str], misplaced: list[str]) -> Callable[[str], str]:
    """Puts values into a command line so that the shell reads them as text; notes those that cannot stand where they are."""

    def put(text: str) -> str:
        known = [place for place in form.find(text) if place.text in values]
        for number, place in enumerate(reversed(known)):
            changed = None if number >= MAX_IN_COMMAND else replaced(text, place.start, place.end, values[place.text])
            if changed is None:
                misplaced.append(place.text)
            else:
                text = changed
        return text

    return put


def _fragments(value: str) -> Iterator[str]:
    return (value[at : at + FRAGMENT] for at in range(len(value) - FRAGMENT + 1))
