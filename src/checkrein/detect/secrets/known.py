"""Values that are known to be secret, found exactly: as they stand, and in the forms in which programs pass them on."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.literals import Found, Literals
from checkrein.detect.offsets import Encoded, characters
from checkrein.detect.secrets.forms import WAYS, Form, Spelled, form, windows
from checkrein.detect.secrets.unwrapped import Unwrapped
from checkrein.detect.words import joins

RULE = "secret.known"

SHORTEST = 6
"""Characters that a value must have: shorter ones stand in every text by chance."""

_DIGITS = 8  # a number with fewer of them could be any port, year or amount
_COMMON = frozenset(
    {
        *("admin", "administrator", "guest", "nobody", "username", "vagrant"),
        *("changeme", "default", "example", "foobar", "password", "passwd", "secret", "string", "testing", "unknown"),
        *("development", "production", "sandbox", "staging", "disabled", "enabled", "private", "public", "undefined"),
        *("docker", "master", "mongodb", "mysql", "postgres", "postgresql", "rabbitmq", "redis", "sqlite"),
        *("localhost", "127.0.0.1", "0.0.0.0", "255.255.255.255"),  # noqa: S104 - values, not addresses to bind
    }
)


Wanted = Callable[[str, str], bool]
"""Whether a value is looked for in this text, by its label and itself."""


@dataclass(frozen=True, slots=True)
class Known:
    """A secret of this machine. ``label`` names its kind in placeholders, ``source`` says where it stands."""

    label: str
    value: str
    source: str

    def __repr__(self) -> str:
        """Without the value: it may come into a log."""
        return f"Known({self.label}, from {self.source})"


@dataclass(frozen=True, slots=True)
class Ignored:
    """A value that is not looked for, and why; the value itself is not kept."""

    label: str
    source: str
    reason: str


class KnownValues:
    """Finds ``values``; ``ignored`` says which are not looked for. Any number of threads may use it at once."""

    def __init__(self, values: Iterable[Known], *, short_lived: bool = False) -> None:
        """Prepare the search for ``values``; of one value that several sources give, the first gives the label.

        ``short_lived``: perhaps for few searches, and so prepared as quickly as can be.
        """
        ignored: list[Ignored] = []
        labels: dict[str, str] = {}
        for known in values:
            if reason := _too_common(known.value):
                ignored.append(Ignored(known.label, known.source, reason))
            else:
                labels.setdefault(known.value, known.label)
        self.ignored = tuple(ignored)
        self._values = tuple(labels.items())
        self._forms = array("I")  # the form of each window: the number of its value, times WAYS, and that of its way
        self._others: dict[int, list[int]] = {}  # further forms of a window
        numbers: dict[bytes, int] = {}
        for at, (value, _) in enumerate(self._values):
            for way, window in windows(value):
                number = numbers.setdefault(window, len(self._forms))
                if number == len(self._forms):
                    self._forms.append(at * WAYS + way)
                else:
                    self._others.setdefault(number, []).append(at * WAYS + way)
        self._literals = Literals(list(numbers), short_lived=short_lived)

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where the values stand in ``text``, without overlaps."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """Where they stand in a text whose UTF-8 others use too."""
        return self.scan_unwrapped(encoded, Unwrapped(encoded.data)) if self._values else ()

    def scan_unwrapped(self, encoded: Encoded, text: Unwrapped, wanted: Wanted | None = None) -> tuple[Sensitive, ...]:
        """The same, where the text is at hand in one piece. What is not ``wanted`` hides nothing that it overlaps."""
        occurrences = self._literals.find(text.lower) if self._values else None
        return merged(characters(encoded, self._found(sorted(occurrences), text, wanted))) if occurrences else ()

    def _found(self, occurrences: Iterable[Found], text: Unwrapped, wanted: Wanted | None) -> Iterator[Sensitive]:
        made: dict[int, Form | Spelled] = {}
        for number, start, _ in occurrences:
            for which in (self._forms[number], *self._others.get(number, ())):
                at, way = divmod(which, WAYS)
                value, label = self._values[at]
                if which not in made:
                    made[which] = form(value, way)
                place = _place(made[which], text, start)
                if place and (wanted is None or wanted(label, value)):
                    yield Sensitive(RULE, label, *place, Certainty.KNOWN)


def _place(form: Form | Spelled, text: Unwrapped, at: int) -> tuple[int, int] | None:
    """Where ``form`` stands in the data of ``text``, if its window stands ``at`` in the lower case of it."""
    span = form.span(text.lower, at)
    if span is None:
        return None
    place = start, end = text.original(*span)
    if isinstance(form, Spelled):
        return place if _is_whole(text.data, start, end) else None
    if (form.cased or form.exact) and text.text[slice(*span)] != form.text:
        return None
    if (form.exact and end - start > len(form.text)) or (form.whole and not _is_whole(text.data, start, end)):
        return None
    return text.original(max(span[0] - form.before, 0), min(span[1] + form.after, len(text.text)))


def _too_common(value: str) -> str:
    """Why ``value`` is not looked for, or ""."""
    if len("".join(value.splitlines())) < SHORTEST:
        return f"it has fewer than {SHORTEST} characters"
    if value.lower() in _COMMON:
        return "it is a common word"
    if value.isdigit() and len(value) < _DIGITS:
        return f"it is a number with fewer than {_DIGITS} digits"
    if len(set(value)) < 3:
        return "it is one or two characters, repeated"
    return ""


def _is_whole(data: bytes, start: int, end: int) -> bool:
    """Whether neither neighbour belongs to the same word."""
    before, first = _last(data[max(start - 4, 0) : start]), _first(data[start : start + 4])
    last, after = _last(data[max(end - 4, 0) : end]), _first(data[end : end + 4])
    return not joins(before, first) and not joins(after, last)


def _last(data: bytes) -> str:
    """The last character of up to four bytes, of which the first may be of the one before."""
    return chr(data[-1]) if data[-1:] < b"\x80" and data else _decoded(data)[-1:]


def _first(data: bytes) -> str:
    return chr(data[0]) if data[:1] < b"\x80" and data else _decoded(data)[:1]


def _decoded(data: bytes) -> str:
    """What is whole of it; a letter for half a surrogate pair."""
    return data.decode("utf-8", "ignore") or ("\u00e9" if data else "")
