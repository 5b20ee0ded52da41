"""E-mail addresses that are public where they stand: those that the history of a project names are no secret in it."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from checkrein.core.sensitive import Sensitive
from checkrein.detect.offsets import Encoded
from checkrein.detect.pii.catalogue import PREFIX
from checkrein.detect.pii.scanner import Pii

PRIVATE = f"{PREFIX}email-private"
"""The rule of addresses that may be public. What other rules find stays, whatever it is."""

EVERY = "email"
"""The kind of those who want every address."""


def search(kinds: Collection[str], published: AbstractSet[str]) -> Pii | Unpublished:
    """Finds ``kinds`` of personal data. Addresses that are ``published`` (in lower case) are found only by who asks for all."""
    pii = Pii(kinds)
    return Unpublished(pii, published) if published and EVERY not in kinds else pii


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Finds what ``pii`` does, except for ``published`` addresses that stand as they are."""

    pii: Pii
    published: AbstractSet[str]

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """See ``Pii.scan``."""
        return self.scan_encoded(Encoded(text))

    def scan_encoded(self, encoded: Encoded) -> tuple[Sensitive, ...]:
        """See ``Pii.scan_encoded``."""
        found = self.pii.scan_encoded(encoded)
        return tuple(each for each in found if not self._is_public(encoded.text, each)) if found else found

    def _is_public(self, text: str, found: Sensitive) -> bool:
        return found.rule == PRIVATE and text[found.start : found.end].lower() in self.published
