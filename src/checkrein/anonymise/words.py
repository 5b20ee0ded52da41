"""Words that stand for names, and how a name is written: its case, and what stands between its words."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

_POOL = (
    *("birch", "alder", "cedar", "rowan", "hazel", "maple", "linden", "aspen", "juniper", "larch", "willow", "poplar"),
    *("heron", "plover", "curlew", "dunlin", "osprey", "kestrel", "merlin", "lapwing", "siskin", "wagtail", "dipper", "fulmar"),
    *(
        "basalt",
        "gneiss",
        "marble",
        "quartz",
        "gypsum",
        "feldspar",
        "dolomite",
        "obsidian",
        "pumice",
        "slate",
        "agate",
        "jasper",
    ),
    *(
        "fjord",
        "lagoon",
        "estuary",
        "moraine",
        "glacier",
        "meadow",
        "prairie",
        "tundra",
        "savanna",
        "plateau",
        "canyon",
        "ravine",
    ),
    *(
        "saffron",
        "fennel",
        "sorrel",
        "chervil",
        "lovage",
        "yarrow",
        "clover",
        "bramble",
        "thistle",
        "bracken",
        "heather",
        "gorse",
    ),
)
_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z")
_VOWELS = "aeiou"
PLURALS = ("s", "es")
"""What may stand behind a name that is found."""


def candidates(rng: random.Random) -> Iterator[str]:
    """Words in lower case without end: known ones in an order of their own, then made ones."""
    known = list(_POOL)
    rng.shuffle(known)
    yield from known
    while True:
        yield "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(4)) + rng.choice("nlrx")


def folded(text: str) -> str:
    """Its letters and digits in lower case."""
    return "".join(letter for letter in text if letter.isalnum()).lower()


def restyled(surface: str, old: Sequence[str], new: Sequence[str]) -> str | None:
    """``surface``, which is the words ``old`` in some spelling, as the words ``new`` in the same: ``ACME_CORP`` as
    ``BIRCH_HERON``. None where a word is spelled in a way that the other cannot be."""
    letters, joined = folded(surface), "".join(old)
    if not letters.startswith(joined) or letters[len(joined) :] not in ("", *PLURALS) or len(old) != len(new):
        return None
    parts: list[str] = []
    at = 0
    for word, other in zip(old, new, strict=True):
        while at < len(surface) and not surface[at].isalnum():
            parts.append(surface[at])
            at += 1
        spelled = surface[at : at + len(word)]
        style = _style(spelled) if spelled.lower() == word else None
        if style is None:
            return None
        parts.append(style(other))
        at += len(word)
    return "".join((*parts, surface[at:]))


def styled(surface: str, word: str) -> str:
    """``word`` in the case of ``surface`` as a whole."""
    style = _style("".join(letter for letter in surface if letter.isalpha()))
    return (style or str.capitalize)(word)


def _style(spelled: str) -> Callable[[str], str] | None:
    if spelled.islower() or not any(map(str.isalpha, spelled)):
        return str.lower
    if spelled.isupper() and len(spelled) > 1:
        return str.upper
    if spelled[0].isupper() and (len(spelled) == 1 or spelled[1:].islower()):
        return str.capitalize
    return None
