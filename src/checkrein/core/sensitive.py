"""``Sensitive``: a stretch of text that must not leave the machine, and the shape of what stands for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

PLACEHOLDER = re.compile(r"CKR_(?P<label>[A-Z][A-Z0-9_]{0,30}?)_(?P<mark>[a-z2-7]{16})(?![A-Za-z0-9_])")
"""What stands for a value. Letters, digits and underscores only, so that JSON, shells, URLs and models leave it as it is."""


class Certainty(IntEnum):
    """How it was found; of two findings that overlap, the more certain one gives the name."""

    GENERIC = 0  # by its rarity, and the words around it
    SPECIFIC = 1  # by the shape that its issuer gives it, or by a checksum
    KNOWN = 2  # it is a value that stands on this machine, or in the team's dictionary


@dataclass(frozen=True, slots=True)
class Sensitive:
    """``start`` and ``end`` are offsets in characters of the text that was scanned. ``rule`` is the id of what found it.

    ``label`` says what kind of thing it is, as a placeholder names it: upper-case letters, digits and underscores
    (``GITHUB_TOKEN``, ``EMAIL``).
    """

    rule: str
    label: str
    start: int
    end: int
    certainty: Certainty = Certainty.SPECIFIC


def merged(found: Iterable[Sensitive]) -> tuple[Sensitive, ...]:
    """Without overlaps, in the order of the text: whatever any of them covers is covered.

    Of those that overlap, the most certain gives rule and label, then a credential rather than personal data, then the longest,
    then the first.
    """
    ordered = sorted(found, key=lambda one: (one.start, -one.end))
    if len(ordered) < 2:
        return tuple(ordered)
    result: list[Sensitive] = []
    for each in ordered:
        if not result or each.start >= result[-1].end:
            result.append(each)
            continue
        last = result[-1]
        named = max(last, each, key=lambda one: (one.certainty, not one.rule.startswith("pii."), one.end - one.start))
        result[-1] = Sensitive(named.rule, named.label, last.start, max(last.end, each.end), named.certainty)
    return tuple(result)
