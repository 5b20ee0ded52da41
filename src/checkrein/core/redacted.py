"""``Redacted``: a text that may leave this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Redacted:
    """``text`` has a placeholder in place of each value. ``found`` counts them, by the id of the rule that found them and the
    label of their kind."""

    text: str
    found: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values were replaced, by label."""
        counts: Counter[str] = Counter()
        for (_, label), number in self.found.items():
            counts[label] += number
        return counts
