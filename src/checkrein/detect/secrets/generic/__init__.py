"""Secrets without a provider's own shape: found by the names that they are assigned to, by their place, and by their rarity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from checkrein.core.sensitive import Sensitive, merged
from checkrein.detect.offsets import Encoded
from checkrein.detect.secrets.generic import calls, commands
from checkrein.detect.secrets.generic.assignments import assigned
from checkrein.detect.secrets.generic.columns import in_columns
from checkrein.detect.secrets.generic.cookies import sessions
from checkrein.detect.secrets.generic.keyparts import ends_of_keys, middles_of_keys
from checkrein.detect.secrets.generic.kubernetes import entries
from checkrein.detect.secrets.generic.landmarks import Landmark, places
from checkrein.detect.secrets.generic.shapes import bare_keys, key_blocks, key_members, password_hashes, web_tokens
from checkrein.detect.secrets.generic.urls import in_userinfo

_READERS: tuple[tuple[Landmark, Callable[[str, Iterable[int]], Iterator[Sensitive]]], ...] = (
    (Landmark.ASSIGNMENT, assigned),
    (Landmark.USERINFO, in_userinfo),
    (Landmark.COMMAND, commands.arguments),
    (Landmark.CALL, calls.arguments),
    (Landmark.PIPE, commands.piped),
    (Landmark.COOKIE, sessions),
    (Landmark.PEM, key_blocks),
    (Landmark.PEM_END, ends_of_keys),
    (Landmark.JWT, web_tokens),
    (Landmark.HASH, password_hashes),
    (Landmark.DER, bare_keys),
    (Landmark.JWK, key_members),
    (Landmark.KUBERNETES, entries),
)


def scan(text: str) -> tuple[Sensitive, ...]:
    """What is found in ``text``, without overlaps, in its order; offsets in characters, certainty GENERIC."""
    return scan_encoded(Encoded(text))


def scan_encoded(encoded: Encoded) -> tuple[Sensitive, ...]:
    """What is found in a text whose UTF-8 others use too."""
    found = places(encoded)
    read = [each for kind, reader in _READERS if kind in found for each in reader(encoded.text, found[kind])] if found else []
    return merged((*read, *in_columns(encoded.text), *middles_of_keys(encoded)))
