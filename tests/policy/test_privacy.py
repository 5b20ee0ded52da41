from __future__ import annotations

import pytest

from checkrein.policy.privacy import without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("postgresql://db.example/x", "postgresql://db.example/x"),
        ("postgresql://me@db.example:5432/x", "postgresql://me@db.example:5432/x"),
        ("postgresql://me:p@ss:w@db.example/x", "postgresql://me:***@db.example/x"),
        ("postgresql://db.example/x?password=hidden", "postgresql://db.example/x"),
        ("postgresql+psycopg://:pass@/x", "postgresql+psycopg://:***@/x"),
    ],
)
def test_a_stores_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
