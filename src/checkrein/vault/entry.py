"""What is known of a placeholder without its value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_SOURCE = 4096  # characters (PATH_MAX)


class Kind(StrEnum):
    """What a value is, by the rule that found it. Only a credential is confined to files that may hold it."""

    CREDENTIAL = "credential"
    PERSONAL = "personal"  # a person's data: it stands in ordinary files, and is not to be sent elsewhere
    NAME = "name"  # of the team's dictionary: as personal data


_KINDS = {"pii": Kind.PERSONAL, "dictionary": Kind.NAME}


def kind_of(rule: str) -> Kind:
    """The kind of what the rule of this id finds."""
    return _KINDS.get(rule.partition(".")[0], Kind.CREDENTIAL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One placeholder. ``sources``: where its value was met: absolute paths, ``command``, ``prompt``, ``mcp:SERVER``.

    ``first_seen`` and ``last_seen`` are in seconds since the epoch; the latter is kept to the hour.
    """

    placeholder: str
    label: str
    sources: frozenset[str]
    first_seen: float
    last_seen: float
    kind: Kind = Kind.CREDENTIAL


def source_of(place: str) -> str:
    """``place`` as sources keep it: of a path that is no text, or longer than a path can be, something that differs from it."""
    return place.replace("\0", "\\0").encode(errors="backslashreplace").decode()[:LONGEST_SOURCE]
