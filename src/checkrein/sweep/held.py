"""Whether the record of the gateway shows that a value was held back in the sessions in whose copies it stands.

The gateway puts values back into what the client gets, and so into its transcripts, though they never left. A value is told
from one that was sent only where all speaks for it: the vault had it before the first request that could have held it, these
requests went through the gateway, and placeholders of its kind are in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from checkrein.ledger.egress import Sent, Verdict
from checkrein.sweep.values import Value

_EARLIER = 600.0
"""Seconds for which a session may hold a value before its first request: what stands there from before came from elsewhere."""

Rows = Callable[[str], Sequence[Sent]]
"""The requests of a session that are on record, the oldest first."""


def is_held_back(value: Value, rows: Rows) -> bool:
    """Whether ``value`` was held back, as far as ``rows`` shows. What left in another way is in no record."""
    known = value.known
    if known is None or not value.sessions or "" in value.sessions:
        return False
    return all(_was_held_back(value.labels, known, at, rows(session)) for session, at in value.sessions.items())


def _was_held_back(labels: set[str], known: float, at: float, sent: Sequence[Sent]) -> bool:
    left = [each for each in sent if each.verdict is not Verdict.REFUSED]
    if not left or (at and at < left[0].at - _EARLIER):
        return False
    first = next((each for each in left if each.at >= at), left[-1]) if at else left[0]
    return known <= first.at and any(label in labels for each in left for _, label in each.found)
