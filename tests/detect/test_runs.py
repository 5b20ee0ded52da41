"""Runs of many characters of base64."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from checkrein.detect.runs import LONG, long_runs, portable

BITS = ["A" * 31, "b" * 32, "+/", "-_", "0", "=", " ", "\n", "é", "x" * 1_100]


@given(st.lists(st.sampled_from(BITS), max_size=30), st.sampled_from(["", " " * 1_000, " " * 100_000]))
def test_runs_are_found_in_any_text(bits: list[str], more: str) -> None:
    data = ("".join(bits) + more).encode()
    expected = [match.span() for match in re.finditer(rb"[A-Za-z0-9+/_-]+", data) if len(match[0]) >= LONG]
    assert list(long_runs(data)) == list(portable(data)) == expected
