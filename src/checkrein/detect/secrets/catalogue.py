"""The catalogue of credential kinds: what each looks like, who issues it, and where it is taken back.

The entries stand in ``rules/secrets/*.yaml``, one file for each family of providers. ``load`` reads them strictly: a data file
that is not as it has to be is an error, never an entry fewer.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from checkrein.detect.secrets import assigned
from checkrein.detect.secrets.checks import CHECKS
from checkrein.rules import data_files
from checkrein.rules.entries import ID, LABEL, Entry, check_unique, listed

PREFIX = "secret."
"""Before a kind's id it makes the id of the rule that a finding names."""

SEVERAL = "several"
"""The provider of a form that more than one of them uses."""

WIDEST = 20_000
"""Bytes that one match may span. What is found is looked for in windows of a kind's own width, so each must have one."""

_TEXTS = ("id", "label", "title", "provider", "rotate", "pattern")
_LISTS = ("keywords", "bad", "good")
_OPTIONAL_LISTS = ("after", "near", "checks")
_FIELDS = {*_TEXTS, *_LISTS, *_OPTIONAL_LISTS, "entropy"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of credential.

    ``pattern`` is matched against UTF-8, as both Python's ``re`` and Hyperscan read it; the value is its first group that
    took part, else the whole match. ``keywords`` are in lower case: every match holds one of them, in whatever case.
    Where the value has no form of its own the entry gives ``after``, words of the names that it is assigned to, in place of
    keywords, and the value alone as its pattern: both are made of that by ``assigned``. ``near``: one of these words stands
    before the value on its line, or within 80 characters of it. ``entropy`` is the least number of bits for each character of
    the value. ``checks`` are names in ``checks.CHECKS``. ``bad`` and ``good`` are templates (``examples.expand``) of texts in
    which it must and must not be found. ``width`` is the longest match in bytes.
    """

    id: str
    label: str
    title: str
    provider: str
    rotate: str
    pattern: str
    keywords: tuple[str, ...]
    after: tuple[str, ...]
    near: tuple[str, ...]
    entropy: float
    checks: tuple[str, ...]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    width: int

    @property
    def rule(self) -> str:
        """The id of the rule that a finding of this kind names."""
        return PREFIX + self.id

    @classmethod
    def of(cls, given: object, file: str) -> Kind:
        """The kind that an entry of a data file describes. ValueError, naming ``file``, what is wrong and how to mend it."""
        entry = Entry(given, file, _FIELDS)
        _check_fields(entry)
        texts = {name: entry.text(name) for name in _TEXTS}
        lists = {name: entry.texts(name) for name in (*_LISTS, *_OPTIONAL_LISTS)}
        if unknown := set(lists["checks"]) - set(CHECKS):
            raise ValueError(f"{entry.where}: no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
        pattern, keywords = texts["pattern"], lists["keywords"]
        if words := lists["after"]:
            pattern, keywords = assigned.pattern(words, pattern), assigned.keywords(words)
        return cls(
            id=texts["id"],
            label=texts["label"],
            title=texts["title"],
            provider=texts["provider"],
            rotate=texts["rotate"],
            pattern=pattern,
            keywords=tuple(word.lower() for word in keywords),
            after=lists["after"],
            near=tuple(word.lower() for word in lists["near"]),
            entropy=_entropy(entry),
            checks=lists["checks"],
            bad=lists["bad"],
            good=lists["good"],
            width=_width(pattern, entry.where),
        )


@cache
def families() -> Mapping[str, tuple[Kind, ...]]:
    """The kinds of each data file, by its name without the ending. ValueError where one is not as it has to be."""
    kinds = {name: tuple(read(text, f"secrets/{name}.yaml")) for name, text in data_files("secrets").items()}
    check_unique(kind.id for family in kinds.values() for kind in family)
    return kinds


@cache
def load() -> tuple[Kind, ...]:
    """Every kind. ValueError where a data file is not as it has to be.

    Where several match the same characters, the first in this order gives the name: a kind of one provider before what several
    share, a value's own form before a name that it is assigned to, then by file and entry.
    """
    kinds = (kind for family in families().values() for kind in family)
    return tuple(sorted(kinds, key=lambda kind: (kind.provider == SEVERAL, bool(kind.after))))


def read(text: str, where: str) -> Iterator[Kind]:
    """The kinds of one data file's text. ValueError as in ``Kind.of``."""
    return (Kind.of(entry, where) for entry in listed(text, where))


def _check_fields(entry: Entry) -> None:
    replaced, by = ("keywords", "after") if "after" in entry else ("after", "keywords")
    if replaced in entry:
        raise ValueError(f"{entry.where}: {by} makes the keywords; take {replaced} away")
    entry.check_fields({*_TEXTS, *_LISTS, by} - {replaced})
    entry.text("id", ID)
    entry.text("label", LABEL)
    if not entry.text("rotate").startswith("https://"):
        raise ValueError(f"{entry.where}: rotate is not an https address")
    if not entry.text("pattern").isascii():
        raise ValueError(f"{entry.where}: the pattern is not ASCII")


def _entropy(entry: Entry) -> float:
    entropy = entry.value("entropy", 0.0)
    if isinstance(entropy, bool) or not isinstance(entropy, int | float) or not 0 <= entropy <= 6:
        raise ValueError(f"{entry.where}: entropy is not a number of bits from 0 to 6")
    return float(entropy)


def _width(pattern: str, where: str) -> int:
    """The longest match of ``pattern`` in bytes.

    Python's own parser of patterns tells it; it is private, but has kept this shape from 3.11 to 3.14, and a test holds it.
    """
    try:
        parsed = importlib.import_module("re._parser").parse(pattern.encode())
    except re.error as error:
        raise ValueError(f"{where}: the pattern is none: {error}") from error
    least, most = parsed.getwidth()
    if least == 0:
        raise ValueError(f"{where}: the pattern matches the empty text")
    if most > WIDEST:
        raise ValueError(f"{where}: a match may be longer than {WIDEST} bytes; write {{20,200}} in place of {{20,}}, * or +")
    return int(most)
