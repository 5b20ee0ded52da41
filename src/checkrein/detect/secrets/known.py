"""Values that are known to be secret, found exactly: as they stand, and in the forms in which programs pass them on."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from ahocorasick_rs import BytesAhoCorasick, Implementation

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.offsets import Encoded, characters

RULE = "secret.known"

SHORTEST = 6
"""Characters that a value must have: shorter ones stand in every text by chance."""

_SHORT = 12  # below this length, or without a digit or sign, a value counts only as a whole word
_DIGITS = 8  # a number with fewer of them could be any port, year or amount
_ENCODED = 8  # characters of a base64 or hex form, at least
_COMMON = frozenset(
    {
        *("admin", "administrator", "guest", "nobody", "username", "vagrant"),
        *("changeme", "default", "example", "foobar", "password", "passwd", "secret", "string", "testing", "unknown"),
        *("development", "production", "sandbox", "staging", "disabled", "enabled", "private", "public", "undefined"),
        *("docker", "master", "mongodb", "mysql", "postgres", "postgresql", "rabbitmq", "redis", "sqlite"),
        *("localhost", "127.0.0.1", "0.0.0.0", "255.255.255.255"),  # noqa: S104 - values, not addresses to bind
    }
)


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


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in which a value may stand. ``before`` and ``after``: characters beside it that hold some of its bits."""

    text: bytes
    label: str
    whole_word: bool = False
    before: int = 0
    after: int = 0


class KnownValues:
    """Finds ``values``; ``ignored`` says which are not looked for. Any number of threads may use it at once."""

    def __init__(self, values: Iterable[Known], *, short_lived: bool = False) -> None:
        """Prepare the search for ``values``; of one value that several sources give, the first gives the label.

        ``short_lived``: for few searches, and so prepared several times faster and searched with somewhat slower.
        """
        ignored: list[Ignored] = []
        forms: dict[bytes, _Form] = {}
        for known in values:
            if reason := _too_common(known.value):
                ignored.append(Ignored(known.label, known.source, reason))
                continue
            for form in _forms(known):
                forms.setdefault(form.text, form)
        self.ignored = tuple(ignored)
        self._forms = tuple(forms.values())
        kind = Implementation.ContiguousNFA if short_lived else None
        self._automaton = BytesAhoCorasick([form.text for form in self._forms], implementation=kind) if forms else None

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where the values stand in ``text``, without overlaps."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """Where they stand in a text whose UTF-8 others use too."""
        if self._automaton is None or not encoded.text:
            return ()
        found = list(self._found(self._automaton, encoded.data))
        return merged(characters(encoded, found)) if found else ()

    def _found(self, automaton: BytesAhoCorasick, data: bytes) -> Iterator[Sensitive]:
        for number, start, end in automaton.find_matches_as_indexes(data, overlapping=True):
            form = self._forms[number]
            if not form.whole_word or _is_whole(data, start, end):
                span = max(start - form.before, 0), min(end + form.after, len(data))
                yield Sensitive(RULE, form.label, *span, Certainty.KNOWN)


def _too_common(value: str) -> str:
    """Why ``value`` is not looked for, or ""."""
    if len(value) < SHORTEST:
        return f"it has fewer than {SHORTEST} characters"
    if value.lower() in _COMMON:
        return "it is a common word"
    if value.isdigit() and len(value) < _DIGITS:
        return f"it is a number with fewer than {_DIGITS} digits"
    if len(set(value)) < 3:
        return "it is one or two characters, repeated"
    return ""


def _forms(known: Known) -> Iterator[_Form]:
    value, label = known.value, known.label
    data = value.encode("utf-8", "surrogatepass")
    whole_word = len(value) < _SHORT or value.isalpha()
    yield _Form(data, label, whole_word)
    for text in {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]} - {value}:
        yield _Form(text.encode("utf-8", "surrogatepass"), label, whole_word)
    for text in {quote(data, safe=""), quote(data), quote_plus(data)} - {value}:
        yield _Form(text.encode(), label, whole_word)
        yield _Form(_lower_escapes(text).encode(), label, whole_word)
    for text in (data.hex(), data.hex().upper()):
        yield _Form(text.encode(), label, whole_word=True)
    yield from _base64_forms(data, label)


def _base64_forms(data: bytes, label: str) -> Iterator[_Form]:
    """Base64 of a text that holds ``data`` at each of the three places in a group, less what its neighbours decide."""
    for shift, shared in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(shift) + data)
        own = encoded[shared : (shift + len(data)) * 8 // 6]
        if len(own) < _ENCODED:
            continue
        for text in dict.fromkeys((own, own.translate(bytes.maketrans(b"+/", b"-_")))):
            yield _Form(text, label, before=shift > 0, after=(shift + len(data)) % 3 > 0)


def _lower_escapes(text: str) -> str:
    """Percent-escapes with lower-case digits, as some programs write them."""
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _is_whole(data: bytes, start: int, end: int) -> bool:
    """Whether neither neighbour is a letter, digit or underscore (or part of a character beyond ASCII)."""
    return not (_is_word(data[start - 1 : start]) if start else False) and not _is_word(data[end : end + 1])


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_" or byte >= b"\x80"
