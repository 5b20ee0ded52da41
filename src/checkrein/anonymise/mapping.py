"""``Mapping``: which stand-in stands for what, and a text with either in place of the other.

No stand-in stands anywhere in the originals, and no two originals have the same one: so the way back is exact, character for
character, for everything that was not changed in the copy, and for new text it knows names in spellings that it never saw.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick, MatchKind

from checkrein.anonymise import values
from checkrein.anonymise.contents import hidden, shown
from checkrein.anonymise.names import HOST, NAME, Names, searchable, words_of
from checkrein.anonymise.words import PLURALS, candidates, folded, restyled, styled
from checkrein.core import UsageError
from checkrein.core.sensitive import Sensitive
from checkrein.detect import encoded

EMAIL = ("pii.email", "pii.email-private")
"""The rules that find addresses of e-mail."""
_VERSION = 1
_LEAST_LINE = 16  # characters of a line that is brought back by itself
_MOST_TRIES = 64


@dataclass(slots=True)
class Mapping:
    """``pairs``: stand-in by original, as they stood. ``terms``: the words that stand for the words of a name."""

    key: bytes
    pairs: dict[str, str] = field(default_factory=dict, repr=False)
    terms: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def dumped(self) -> str:
        """As text, for the vault."""
        terms = [[list(old), list(new)] for old, new in self.terms.items()]
        return json.dumps({"version": _VERSION, "key": self.key.hex(), "pairs": self.pairs, "terms": terms})

    @classmethod
    def parse(cls, text: str) -> Mapping:
        """What was dumped. UsageError where it is none."""
        try:
            given = json.loads(text)
            if given["version"] != _VERSION:
                raise ValueError("its version is unknown")
            terms = {tuple(old): tuple(new) for old, new in given["terms"]}
            return cls(bytes.fromhex(given["key"]), dict(given["pairs"]), terms)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError("this is no map of stand-ins", why=type(error).__name__, fix="name one with --map") from None

    def back(self) -> Back:
        """The way back."""
        return Back(self)


class Maker:
    """Makes stand-ins and keeps them in a mapping. ``corpus`` is all text of the originals, in lower case.

    ``hosts``, in lower case, are replaced wherever they stand, so in addresses of e-mail too. ``inside`` gives a text that was
    encoded with stand-ins for what it holds.
    """

    def __init__(
        self,
        mapping: Mapping,
        corpus: str,
        names: Sequence[str],
        hosts: Sequence[str] = (),
        inside: Callable[[str], str] = str,
    ) -> None:
        self.mapping = mapping
        self._inside = inside
        self._hosts = sorted(hosts, key=len, reverse=True)
        self._corpus = corpus
        self._taken = set(mapping.pairs.values())
        self._used = {word for new in mapping.terms.values() for word in new}
        self._used |= {word for made in self._taken for word in words_of(made)}
        self._words = candidates(random.Random(mapping.key))  # noqa: S311 - which words are taken is no secret
        for words in sorted({words_of(name) for name in names} - set(mapping.terms)):
            mapping.terms[words] = tuple(self._word() for _ in words)

    def stand_in(self, rule: str, surface: str) -> str:
        """What stands for ``surface``, which ``rule`` found; the same for the same characters."""
        if rule == NAME and (ending := self._ending(surface)):
            return self.stand_in(rule, surface[: -len(ending)]) + ending  # else a word behind a name could look like a plural
        known = self.mapping.pairs.get(surface)
        if known is not None:
            return known
        is_latin = surface != (plain := shown(surface))
        for number in range(_MOST_TRIES):
            made = self._made(rule, plain, number)
            if made is not None and is_latin:
                made = hidden(made)
            if made is not None and made not in self._taken and made != surface and made.lower() not in self._corpus:
                break
        else:
            made = styled(surface, self._word())
        self._taken.add(made)
        self.mapping.pairs[surface] = made
        self._by_lines(surface, made)
        return made

    def _made(self, rule: str, surface: str, number: int) -> str | None:
        seed = hashlib.blake2b(f"{number}\0{surface}".encode("utf-8", "surrogatepass"), key=self.mapping.key).digest()
        rng = random.Random(seed)  # noqa: S311 - keyed, and nothing that is made is a secret
        if rule == NAME:
            return self._name(surface)
        if rule == HOST:
            return self._host(surface, number)
        if rule in EMAIL:
            return self._email(surface)
        if rule in ("pii.ip-public", "pii.ip-address"):
            return values.address(surface, rng)
        if rule.startswith("pii.") and any(map(str.isdigit, surface)):
            return values.number(rule, surface, rng)
        if rule.startswith("pii."):
            return " ".join(styled(word, self._word()) for word in surface.split()) or None
        inner = encoded.opened(surface)
        if inner is not None and (other := self._inside(inner.text)) != inner.text:
            return inner.sealed(other)
        return values.secret(surface, rng)

    def _ending(self, surface: str) -> str:
        """What a plural adds to a name."""
        letters = folded(surface)
        endings = (letters.removeprefix("".join(old)) for old in self.mapping.terms if letters.startswith("".join(old)))
        return next((surface[-len(each) :] for each in endings if each in PLURALS), "")

    def _name(self, surface: str) -> str | None:
        for old, new in self.mapping.terms.items():
            made = restyled(surface, old, new)
            if made is not None:
                return made
        return None

    def _host(self, surface: str, number: int) -> str:
        """``birch.example`` for ``acme.io``, ``BIRCH.EXAMPLE`` for ``ACME.IO``: under a domain that is nobody's (RFC 2606)."""
        lower = surface.lower()
        if lower != surface and not number:
            made = self.stand_in(HOST, lower)
            return made.upper() if surface.isupper() else made.capitalize()
        first = surface.split(".", maxsplit=1)[0]
        return f"{(self._name(first) or self._word()).lower()}.example"

    def _email(self, surface: str) -> str:
        """An address at the stand-in of its host. One of everybody's hosts stays, as it does elsewhere."""
        local, at, host = surface.rpartition("@")
        name = f"{self._word()}.{self._word()}"
        if not local:
            return f"{name}@example.com"
        end = next((each for each in self._hosts if f".{host.lower()}".endswith(f".{each}")), "")
        if end:
            return f"{name}@{host[: -len(end)]}{self.stand_in(HOST, host[-len(end) :])}"
        return f"{name}.example{at}{host}"

    def _word(self) -> str:
        """A word that stands nowhere in the originals, and for nothing else."""
        word = next(word for word in self._words if word not in self._used and word not in self._corpus)
        self._used.add(word)
        return word

    def _by_lines(self, surface: str, made: str) -> None:
        """In a patch each line of a value that has several stands by itself."""
        old, new = surface.split("\n"), made.split("\n")
        if len(old) == len(new) > 1:
            pairs = {was: now for was, now in zip(old, new, strict=True) if was != now and len(now) >= _LEAST_LINE}
            self.mapping.pairs |= {was: now for was, now in pairs.items() if was not in self.mapping.pairs}


def replaced(text: str, found: Sequence[Sensitive], stand_in: Callable[[str, str], str]) -> str:
    """``text`` with stand-ins for ``found``, which are in order and apart."""
    parts, at = [], 0
    for each in found:
        parts += [text[at : each.start], stand_in(each.rule, text[each.start : each.end])]
        at = each.end
    return "".join((*parts, text[at:]))


class Back:
    """Puts originals in the place of stand-ins."""

    def __init__(self, mapping: Mapping) -> None:
        self._originals = {made: original for original, made in mapping.pairs.items()}
        self._listed = list(self._originals)
        self._exact = (
            AhoCorasick(list(map(searchable, self._listed)), matchkind=MatchKind.LeftmostLongest) if self._listed else None
        )
        self._terms = {new: old for old, new in mapping.terms.items()}
        self._names = Names(self._terms, ())

    def text(self, text: str) -> str:
        """``text`` as it would stand in the original."""
        parts, at = [], 0
        for number, start, end in self._exact.find_matches_as_indexes(searchable(text)) if self._exact else ():
            parts += [self._spelled(text[at:start]), self._originals[self._listed[number]]]
            at = end
        return "".join((*parts, self._spelled(text[at:])))

    def standing(self, text: str) -> set[str]:
        """The stand-ins that stand in ``text``."""
        found = self._exact.find_matches_as_indexes(searchable(text)) if self._exact else ()
        return {self._listed[number] for number, _, _ in found}

    def _spelled(self, text: str) -> str:
        """Names in spellings that the originals do not have."""
        found = sorted(self._names.scan(text), key=lambda one: (one.start, -one.end))
        parts, at = [], 0
        for each in found:
            original = self._name(text[each.start : each.end]) if each.start >= at else None
            if original is not None:
                parts += [text[at : each.start], original]
                at = each.end
        return "".join((*parts, text[at:]))

    def _name(self, surface: str) -> str | None:
        return next((made for new, old in self._terms.items() if (made := restyled(surface, new, old)) is not None), None)
