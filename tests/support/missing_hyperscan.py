"""The product as it is where Hyperscan is not installed."""

from __future__ import annotations

import sys

import pytest

import checkrein.detect


def without_hyperscan(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the rest of a test, what needs Hyperscan cannot be imported."""
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    monkeypatch.delitem(sys.modules, "checkrein.detect.compiled", raising=False)
    monkeypatch.delattr(checkrein.detect, "compiled", raising=False)
