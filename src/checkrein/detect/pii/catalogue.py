"""The catalogue of personal data: how each kind is written, what proves it, and which words announce it.

The entries stand in ``rules/pii/*.yaml``. ``load`` reads them strictly: a data file that is not as it has to be is an error,
never an entry fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from checkrein.detect.pii.patterns import MACROS
from checkrein.detect.pii.validators import is_validator
from checkrein.rules import data_files
from checkrein.rules.entries import ID, LABEL, Entry, check_unique, listed

PREFIX = "pii."
"""Before a kind's id it makes the id of the rule that a finding names."""

_TEXTS = ("id", "label", "title", "country")
_SHAPES = ("anywhere", "alone", "near")
_FIELDS = {*_TEXTS, *_SHAPES, "default", "apart", "trigger", "validator", "words", "not_after", "not_behind", "bad", "good"}
_REQUIRED = {*_TEXTS, "default", "bad", "good"}
_COUNTRY = re.compile(r"[A-Z]{2}|any")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of personal data. Shapes are regular expressions; a value is a shape's first group, else all of it.

    How much a shape says by itself decides where it counts:

    - ``anywhere``: wherever it stands (ASCII only, in the case in which it is written);
    - ``alone``: where the text is nothing else, as in a form's field, or where one of ``words`` stands close, in whatever case;
    - ``near``: only close to one of ``words``, in whatever case.

    What ``validator`` (a name in ``validators``) does not confirm is none. ``apart``: nor is one next to which another group of
    digits stands, as in longer numbers. ``not_after``: nor is one that stands behind one of these names of something else, and
    ``not_behind``: behind what one of these regular expressions matches.
    ``trigger``: a short expression that matches in every match of ``anywhere``, where those would be slow to look for, or look
    around themselves. ``country`` is an ISO 3166 code, or ``any``. ``default``: its evidence is good enough to
    look for it without being asked to. ``bad`` and ``good`` are templates of texts in which it must and must not be found,
    as in ``detect.secrets.examples``, with ``[[...]]`` around each value.
    """

    id: str
    label: str
    title: str
    country: str
    default: bool
    apart: bool
    anywhere: tuple[str, ...]
    alone: tuple[str, ...]
    near: tuple[str, ...]
    trigger: str
    words: tuple[str, ...]
    not_after: tuple[str, ...]
    not_behind: tuple[str, ...]
    validator: str
    bad: tuple[str, ...]
    good: tuple[str, ...]

    @property
    def rule(self) -> str:
        """The id of the rule that a finding of this kind names."""
        return PREFIX + self.id

    @classmethod
    def of(cls, given: object, file: str) -> Kind:
        """The kind that an entry of a data file describes. ValueError, naming ``file``, what is wrong."""
        entry = Entry(given, file, _FIELDS)
        entry.check_fields(_REQUIRED)
        shapes = {name: _shapes(entry, name) for name in _SHAPES}
        kind = cls(
            id=entry.text("id", ID),
            label=entry.text("label", LABEL),
            title=entry.text("title"),
            country=entry.text("country", _COUNTRY),
            anywhere=shapes["anywhere"],
            alone=shapes["alone"],
            near=shapes["near"],
            default=entry.flag("default"),
            apart=entry.flag("apart"),
            trigger=entry.text("trigger") if "trigger" in entry else "",
            words=entry.texts("words"),
            not_after=entry.texts("not_after"),
            not_behind=_shapes(entry, "not_behind"),
            validator=entry.text("validator") if "validator" in entry else "",
            bad=entry.texts("bad"),
            good=entry.texts("good"),
        )
        kind._check(entry.where)
        return kind

    def _check(self, where: str) -> None:
        if self.validator and not is_validator(self.validator):
            raise ValueError(f"{where}: there is no validator {self.validator!r}")
        if not (self.anywhere or self.alone or self.near):
            raise ValueError(f"{where}: it has no shape")
        if self.near and not self.words:
            raise ValueError(f"{where}: near needs words")
        if not all(shape.isascii() for shape in self.anywhere):
            raise ValueError(f"{where}: what is found anywhere is written in ASCII")


@cache
def families() -> Mapping[str, tuple[Kind, ...]]:
    """The kinds of each data file, by its name without the ending. ValueError where one is not as it has to be."""
    kinds = {name: tuple(read(text, f"pii/{name}.yaml")) for name, text in data_files("pii").items()}
    check_unique(kind.id for family in kinds.values() for kind in family)
    return kinds


@cache
def load() -> tuple[Kind, ...]:
    """Every kind, ordered by file and entry. ValueError where a data file is not as it has to be."""
    return tuple(kind for family in families().values() for kind in family)


@cache
def default_kinds() -> frozenset[str]:
    """The ids of the kinds whose evidence is good enough to look for them without being asked to."""
    return frozenset(kind.id for kind in load() if kind.default)


def read(text: str, where: str) -> Iterator[Kind]:
    """The kinds of one data file's text. ValueError as in ``Kind.of``."""
    return (Kind.of(entry, where) for entry in listed(text, where))


def _shapes(entry: Entry, name: str) -> tuple[str, ...]:
    shapes = tuple(_expanded(shape) for shape in entry.texts(name))
    for shape in shapes:
        try:
            groups = re.compile(shape).groups
        except re.error as error:
            raise ValueError(f"{entry.where}: {name} holds no regular expression: {error}") from error
        if groups > 1:
            raise ValueError(f"{entry.where}: {name} has more than one group")
    return shapes


def _expanded(shape: str) -> str:
    for macro, expression in MACROS.items():
        shape = shape.replace(macro, expression)
    return shape
