"""The team's own names in text: customers, hosts, projects, in the forms in which people and programs write them.

``Acme Corp`` is also found as ``acme-corp``, ``ACME_CORP``, ``AcmeCorp``, ``acme.corp.internal``, ``Acme Corp's`` and over
the end of a line; accents and ligatures may be written or not. A name that is all capitals, such as ``IBM``, is found only
in capitals.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from checkrein.core.sensitive import Certainty, Sensitive, merged
from checkrein.detect.literals import Literals
from checkrein.detect.offsets import Encoded
from checkrein.detect.words import is_unspaced

RULE = "dictionary.term"

_SEPARATORS = b" \t\r\n-_."
"""What may stand between two words of a name, or not."""

_LOWER = bytes(range(256)).lower()

_GAP = re.compile(r"[-_.‐-―]?|[^\S\n]{1,4}|[^\S\n]*\n[^\S\n]*")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORDS = re.compile(r"[\s\-_.‐-―]+|(?<=[^\W\d_A-Z])(?=[A-Z])")
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
"""Letters that Unicode does not take apart, as they are written where they are not at hand."""

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "Ø": "Oe", "å": "aa", "Å": "Aa"}
)
_LONGEST_ACRONYM = 6
_SHORTEST = 2  # letters and digits that a name must have
_BLOCK = 2_048  # characters that are folded, or whose folded lengths are summed up, at a time
_DROPPED = frozenset(("Mn", "Me", "Cf", "Zs", "Zl", "Zp", "Pd"))
"""Of what is not ASCII: accents, characters without width, spaces and dashes."""


@dataclass(frozen=True, slots=True)
class _Term:
    """``joints``: after how many folded bytes a new word of the name begins."""

    label: str
    folded: bytes
    joints: frozenset[int]


class Dictionary:
    """Scans texts for names. Any number of threads may use one at once."""

    def __init__(self, terms: Iterable[tuple[str, str]]) -> None:
        """``terms``: each with its label. Of two that are written alike, the first counts.

        ValueError where a term has fewer than two letters or digits: it would be found everywhere.
        """
        folded: dict[bytes, _Term] = {}
        exact: dict[bytes, _Term] = {}
        for text, label in terms:
            words = [word for word in _WORDS.split(text.strip()) if word]
            if sum(map(str.isalnum, text)) < _SHORTEST:
                raise ValueError(f"a name labelled {label} has fewer than {_SHORTEST} letters or digits")
            if len(words) == 1 and len(words[0]) <= _LONGEST_ACRONYM and words[0].isupper():
                exact.setdefault(words[0].encode(), _Term(label, words[0].encode(), frozenset()))
                continue
            for form in _forms(words):
                term = _term(form, label)
                folded.setdefault(term.folded, term)
        self._folded = _Search(folded.values())
        self._exact = _Search(exact.values())

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found in ``text``, without overlaps, in its order."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """What is found in a text whose UTF-8 others use too."""
        return merged((*self._spelled(encoded), *self._capitals(encoded)))

    def _spelled(self, encoded: Encoded) -> Iterator[Sensitive]:
        """Names in whatever case, with whatever stands between their words."""
        text = encoded.text
        folded = encoded.data.translate(_LOWER, _SEPARATORS) if text.isascii() else _folded(text)
        hits = self._folded.hits(folded)
        if not hits:
            return
        places = _Places(text)
        for term, at in hits:
            start, end = places.of(at), places.of(at + len(term.folded) - 1) + 1
            if places.is_start(at) and _is_word(text, start, end) and _fits(text, start, end, term):
                yield Sensitive(RULE, term.label, start, _with_ending(text, end), Certainty.KNOWN)

    def _capitals(self, encoded: Encoded) -> Iterator[Sensitive]:
        """Names that are found only as they stand in the dictionary."""
        text, data = encoded.text, encoded.data
        for term, at in self._exact.hits(data):
            start = at if len(data) == len(text) else len(data[:at].decode("utf-8", "surrogatepass"))
            end = start + len(term.folded.decode())
            if _is_word(text, start, end):
                yield Sensitive(RULE, term.label, start, _with_ending(text, end), Certainty.KNOWN)


class _Search:
    """All terms at once."""

    def __init__(self, terms: Iterable[_Term]) -> None:
        self._terms = list(terms)
        self._found = Literals([term.folded for term in self._terms])

    def hits(self, data: bytes) -> list[tuple[_Term, int]]:
        """Each occurrence in ``data``, with the byte at which it begins, in no order; they may overlap."""
        return [(self._terms[number], start) for number, start, _ in self._found.find(data)]


class _Places:
    """From bytes of the folded text back to characters of the text: what is folded apart is the same folded together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks = list(accumulate((len(_folded(text[at : at + _BLOCK])) for at in range(0, len(text), _BLOCK)), initial=0))
        self._last: tuple[int, list[int]] = (-1, [])

    def of(self, offset: int) -> int:
        """The character that the folded byte ``offset`` comes from."""
        block = bisect_right(self._blocks, offset) - 1
        return block * _BLOCK + bisect_right(self._within(block), offset - self._blocks[block]) - 1

    def is_start(self, offset: int) -> bool:
        """Whether a character's folded form begins there, as not every one of ``ss`` for ``ß`` does."""
        block = bisect_right(self._blocks, offset) - 1
        return offset - self._blocks[block] in self._within(block)

    def _within(self, block: int) -> list[int]:
        """Where the folded form of each character of a block begins, in the block's bytes."""
        if self._last[0] != block:
            characters = self._text[block * _BLOCK : (block + 1) * _BLOCK]
            self._last = (block, list(accumulate((_folded_length(each) for each in characters), initial=0))[:-1])
        return self._last[1]


def _forms(words: list[str]) -> Iterator[list[str]]:
    """``words``, with umlauts as two letters, and with the plural of the last one where it changes more than its end."""
    yield words
    if any(word != word.translate(_UMLAUTS) for word in words):
        yield [word.translate(_UMLAUTS) for word in words]
    if words[-1][-1:].lower() == "y" and len(words[-1]) > _SHORTEST:
        yield [*words[:-1], words[-1][:-1] + "ies"]


def _term(words: list[str], label: str) -> _Term:
    lengths = [len(_folded(word)) for word in words]
    return _Term(label, b"".join(map(_folded, words)), frozenset(accumulate(lengths[:-1])))


def _folded(text: str) -> bytes:
    """``text`` without what may be left out of a name, in one case: UTF-8. That of two texts is that of both together."""
    if not text.isascii():
        blocks = (text[at : at + _BLOCK] for at in range(0, len(text), _BLOCK))
        text = "".join(block if block.isascii() else _BEYOND_ASCII.sub(_plain_match, block) for block in blocks)
    return text.encode("utf-8", "surrogatepass").translate(_LOWER, _SEPARATORS)


def _plain_match(found: re.Match[str]) -> str:
    return _plain(found[0])


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    """Letters without accents and ligatures, in one case, by the compatibility forms of Unicode."""
    once = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_STROKES)
    return "".join(each for each in once if unicodedata.category(each) not in _DROPPED)


@lru_cache(maxsize=4_096)
def _folded_length(character: str) -> int:
    return len(_folded(character))


def _is_word(text: str, start: int, end: int) -> bool:
    """Whether no letter of the same word stands beside it, where ``camelCase`` and digits begin new words."""
    return _begins(text, start) and (_ends(text, end) or _ends(text, _with_ending(text, end)))


def _begins(text: str, start: int) -> bool:
    before, first = text[max(start - 1, 0) : start], text[start]
    if is_unspaced(before) or is_unspaced(first):
        return True
    if not before.isalpha() or not first.isalpha():
        return not (before.isdigit() and first.isdigit())
    if not first.isupper():
        return False
    return before.islower() or text[start + 1 : start + 2].islower()


def _ends(text: str, end: int) -> bool:
    last, after = text[end - 1], text[end : end + 1]
    if is_unspaced(last) or is_unspaced(after):
        return True
    if not after.isalpha() or not last.isalpha():
        return not (after.isdigit() and last.isdigit())
    if not after.isupper():
        return False
    return last.islower() or text[end + 1 : end + 2].islower()


def _with_ending(text: str, end: int) -> int:
    """The end of the word where accents follow, or the ``s`` or ``es`` of a plural."""
    while end < len(text) and unicodedata.category(text[end]) == "Mn":
        end += 1
    for ending in ("s", "es"):
        if text[end : end + len(ending)].lower() == ending and _ends(text, end + len(ending)):
            return end + len(ending)
    return end


def _fits(text: str, start: int, end: int, term: _Term) -> bool:
    """Whether what was left out of ``text[start:end]`` stood between words of the name, or has no width."""
    at, folded = start, 0
    while at < end:
        length = _folded_length(text[at])
        if length:
            folded += length
            at += 1
            continue
        stop = at
        while not _folded_length(text[stop]):
            stop += 1
        gap = "".join(each for each in text[at:stop] if unicodedata.category(each) not in ("Mn", "Me", "Cf"))
        if gap and (folded not in term.joints or not _GAP.fullmatch(gap)):
            return False
        at = stop
    return True
