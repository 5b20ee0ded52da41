"""Notices, read strictly."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from checkrein import rules
from checkrein.core import Action, Finding, Severity, Threat
from checkrein.rules import load_notices

ENTRY = """
- id: privacy.x
  title: X
  threat: T4
  severity: low
  action: deny
  why: because
  instead: else
  when: [a]
  not_when: [b]
"""


def loaded(monkeypatch: pytest.MonkeyPatch, text: str) -> Mapping[str, object]:
    monkeypatch.setattr(rules, "data_files", lambda _: {"x": text})
    return load_notices.__wrapped__()


def test_a_notice_gives_its_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    notice = loaded(monkeypatch, ENTRY)["privacy.x"]
    assert notice.finding("this happened", subject="Read") == Finding(  # type: ignore[attr-defined]
        "privacy.x", Threat.DATA_LEAKAGE, Severity.LOW, Action.DENY, "this happened", "because", "else", "Read"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY + "  bad: [x]\n", r"unknown fields \['bad'\]"),
        (ENTRY.replace("  why: because\n", ""), r"missing fields \['why'\]"),
        (ENTRY + ENTRY, "defined twice"),
        (ENTRY.replace("threat: T4", "threat: T9"), "x: threat is none of T1, T2"),
        (ENTRY.replace("severity: low", "severity: dire"), "x: severity is none of info, low"),
        (ENTRY.replace("action: deny", "action: 3"), "x: action is not a text"),
        (ENTRY.replace("action: deny", "action: stop"), "x: action is none of allow, snapshot, ask, deny"),
        ("x: y", "not a list"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        loaded(monkeypatch, text)
    assert str(caught.value).startswith("notices/x.yaml")
