"""A value counts as held back only where all speaks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checkrein.ledger.egress import Sent, Verdict
from checkrein.sweep import Value
from checkrein.sweep.held import is_held_back

ROW = Sent(100.0, "s", "POST", "/v1/messages", "m", "h", Verdict.REDACTED, 9, 9, found={("vault.known", "X"): 1})
LATER = replace(ROW, at=200.0, verdict=Verdict.SENT, found={})


def held(known: float | None, sessions: dict[str, float], *rows: Sent) -> bool:
    value = Value("secret.x", "NAMED", known, {"X", "Y"}, sessions=sessions)
    return is_held_back(value, lambda session: rows if session == "s" else ())


@pytest.mark.parametrize(("known", "at"), [(99.0, 98.0), (100.0, 100.0), (150.0, 150.0), (50.0, 0.0), (200.0, 250.0)])
def test_held_back(known: float, at: float) -> None:
    assert held(known, {"s": at}, ROW, LATER)


@pytest.mark.parametrize(
    ("known", "sessions"),
    [
        (None, {"s": 98.0}),  # not in the vault
        (101.0, {"s": 98.0}),  # learnt after the first request that could have held it
        (101.0, {"s": 0.0}),
        (201.0, {"s": 250.0}),
        (50.0, {"s": 0.1 - 600.0 + 99.8}),  # long before the session's first request
        (50.0, {}),
        (50.0, {"": 98.0}),  # nobody knows where it was said
        (50.0, {"s": 98.0, "t": 98.0}),  # a session that did not go through the gateway
    ],
)
def test_not_proven(known: float | None, sessions: dict[str, float]) -> None:
    assert not held(known, sessions, ROW, LATER)


def test_requests_that_show_nothing() -> None:
    assert not held(50.0, {"s": 98.0})
    assert not held(50.0, {"s": 98.0}, replace(ROW, verdict=Verdict.REFUSED))
    assert not held(50.0, {"s": 98.0}, replace(ROW, found={("vault.known", "Z"): 1}))
