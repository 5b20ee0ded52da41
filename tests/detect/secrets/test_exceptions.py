"""What a comment allows, and what a baseline accepts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import UsageError
from checkrein.core.sensitive import Certainty, Sensitive
from checkrein.detect.secrets.exceptions import Baseline, divided

VALUE = "the-value"


def reasons(text: str, certainty: Certainty = Certainty.SPECIFIC) -> list[str]:
    """The reasons for which the values in ``text`` are allowed, "" for each that is not."""
    found, at = [], text.find(VALUE)
    while at >= 0:
        found.append(Sensitive("secret.x", "X", at, at + len(VALUE), certainty))
        at = text.find(VALUE, at + 1)
    kept, allowed = divided(text, found)
    assert len(kept) + len(allowed) == len(found)
    told = {one.found: one.reason for one in allowed}
    return [told.get(each, "") for each in found]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = the-value  # checkrein: allow made up", "made up"),
        ("a = the-value  #checkrein:allow made up", "made up"),
        ("a = 'the-value'; // checkrein: allow from the manual\r\nb", "from the manual"),
        ("x the-value -- checkrein: allow ein Beispiel für Größe", "ein Beispiel für Größe"),
        ("x the-value /* checkrein: allow made up */", "made up"),
        ("<a>the-value</a> <!-- checkrein: allow made up -->", "made up"),
        ("x = the-value ; checkrein: allow made up", "made up"),
        ('x = "the-value\\n"  # checkrein: allow made up', "made up"),
    ],
)
def test_a_comment_allows(text: str, reason: str) -> None:
    assert reasons(text) == [reason]


@pytest.mark.parametrize(
    "text",
    [
        "a = the-value  # checkrein: allow",
        "a = the-value  # checkrein: allow  ",
        "a = the-value  # checkrein: allow 12",
        "a = the-value  # checkrein: allow xx",
        "a = the-value  # checkrein: allowed made up",
        "a = the-value  # checkrein allow made up",
        "a = the-value  checkrein: allow made up",
        "# checkrein: allow made up\na = the-value",
        "# checkrein: allow made up: a = the-value",
        "a = the-value\n# checkrein: allow made up",
        'x = "the-value\\nb = 1  # checkrein: allow made up"',
        "a = the-value " + " " * 2000 + "# checkrein: allow made up",
    ],
)
def test_a_comment_that_allows_nothing(text: str) -> None:
    assert reasons(text) == [""]


def test_each_line_by_itself() -> None:
    text = "the-value the-value # checkrein: allow made up\nthe-value\nthe-value # checkrein: allow also made up\n"
    assert reasons(text) == ["made up", "made up", "", "also made up"]


def test_what_is_known_to_be_secret_is_not_allowed() -> None:
    assert reasons("a = the-value  # checkrein: allow made up", Certainty.KNOWN) == [""]


def found(rule: str = "secret.x") -> Sensitive:
    return Sensitive(rule, "X", 0, 9)


def test_a_baseline_accepts_values_by_their_rule() -> None:
    baseline = Baseline.empty().with_all([(found(), "the-value", "a.py")])
    assert baseline.holds(found(), "the-value")
    assert not baseline.holds(found(), "another-value")
    assert not baseline.holds(found("secret.y"), "the-value")
    assert not baseline.with_all([]).holds(found(), "the-value")


def test_a_baseline_holds_no_value() -> None:
    text = Baseline.empty().with_all([(found(), "the-value", "a.py")]).render()
    assert "the-value" not in text
    assert "a.py" in text


def test_keys_differ() -> None:
    first, second = (Baseline.empty().with_all([(found(), "the-value", "a.py")]) for _ in range(2))
    assert set(first.accepted).isdisjoint(second.accepted)


@given(st.lists(st.tuples(st.sampled_from(["secret.x", "secret.y"]), st.text(), st.text(max_size=5)), max_size=5))
def test_a_baseline_is_written_and_read(rows: list[tuple[str, str, str]]) -> None:
    baseline = Baseline.empty().with_all((found(rule), value, place) for rule, value, place in rows)
    again = Baseline.parse(baseline.render(), "baseline.json")
    assert again == baseline
    assert again.render() == baseline.render()
    assert all(again.holds(found(rule), value) for rule, value, _ in rows)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "it has no version"),
        (json.dumps({"version": 2}), "its version is 2, not 1"),
        (json.dumps({"version": 1, "id": "zz", "accepted": []}), "ValueError"),
        (json.dumps({"version": 1, "id": "00", "accepted": [{"rule": "x"}]}), "it has no digest"),
        (json.dumps({"version": 1, "id": "00", "accepted": 5}), "TypeError"),
    ],
)
def test_a_broken_baseline_is_an_error(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"^f\.json is not a baseline") as caught:
        Baseline.parse(text, "f.json")
    assert why in caught.value.why
    assert "--update" in caught.value.fix
