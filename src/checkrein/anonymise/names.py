"""Finds names and hosts that are given, in every spelling: the aim is that none is left, so parts of words count as well."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from checkrein.anonymise.words import folded
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.dictionary import Dictionary

NAME = "dictionary.term"
HOST = "anonymise.host"
_JOINTS = ("", "_", "-", " ", ".", "&", " & ", "+", " + ", "/", ", ")
_INSIDE = 6
"""Letters from which on a name is found within longer words, too (``acmecorpserver``)."""
_LISTED = 3
"""Letters from which on a name at the end of a longer word may be meant by it."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_WORDS = re.compile(r"[\W_]+|(?<=[^\W\d_A-Z])(?=[A-Z])")


def searchable(text: str) -> str:
    """``text``, character for character, without what stands for bytes that are no UTF-8: the search takes none."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, folded: ``("acme", "corp")`` for ``Acme Corp``, ``AcmeCorp`` and ``acme-corp``."""
    return tuple(filter(None, (folded(word) for word in _WORDS.split(name))))


def joined(names: Iterable[Sequence[str]]) -> re.Pattern[str] | None:
    """Finds words that begin or end with one of ``names`` where ``Names`` finds none, since it is too short: ``acmelib``."""
    short = sorted({"".join(name) for name in names if _LISTED <= sum(map(len, name)) < _INSIDE})
    if not short:
        return None
    either = "|".join(map(re.escape, short))
    return re.compile(rf"(?i)(?<![^\W_])(?:(?:{either})[^\W\d_]+|[^\W\d_]+(?:{either}))(?![^\W_])")


class Names:
    """Scans for names (by their words) and hosts. Any number of threads may use one at once."""

    def __init__(self, names: Iterable[Sequence[str]], hosts: Iterable[str]) -> None:
        names = [tuple(name) for name in names]
        self._dictionary = Dictionary((" ".join(name), "NAME") for name in names)
        forms = dict.fromkeys(joint.join(name) for name in names if sum(map(len, name)) >= _INSIDE for joint in _JOINTS)
        self._forms = _automaton(forms)
        self._hosts = _automaton(dict.fromkeys(host.lower() for host in hosts))

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """What is found, in no order; findings may overlap."""
        found = [Sensitive(NAME, each.label, each.start, each.end, Certainty.KNOWN) for each in self._dictionary.scan(text)]
        lower = text.lower()
        if len(lower) != len(text):  # a few letters change their length with their case
            lower = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
        found += [Sensitive(NAME, "NAME", start, end, Certainty.KNOWN) for start, end in _hits(self._forms, lower)]
        for start, end in _hits(self._hosts, lower):
            if not _is_label(text[start - 1 : start] if start else "") and not _is_label(text[end : end + 1]):
                found.append(Sensitive(HOST, "HOST", start, end, Certainty.KNOWN))
        return tuple(found)


def _automaton(forms: Iterable[str]) -> AhoCorasick | None:
    listed = list(forms)
    return AhoCorasick(listed, matchkind=MatchKind.LeftmostLongest) if listed else None


def _hits(automaton: AhoCorasick | None, text: str) -> Iterator[tuple[int, int]]:
    if automaton is not None:
        for _, start, end in automaton.find_matches_as_indexes(searchable(text)):
            yield start, end


def _is_label(letter: str) -> bool:
    return letter.isalnum() or letter in ("-", "_") if letter else False


def resolved(found: Iterable[Sensitive]) -> tuple[Sensitive, ...]:
    """Without overlaps, in the order of the text. Of those that overlap the longest gives the name, for all that they cover."""
    result: list[Sensitive] = []
    longest = 0
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        length = each.end - each.start
        if not result or each.start >= result[-1].end:
            result.append(each)
            longest = length
            continue
        last = result[-1]
        named = each if length > longest else last
        longest = max(longest, length)
        result[-1] = Sensitive(named.rule, named.label, last.start, max(last.end, each.end), named.certainty)
    return tuple(result)
