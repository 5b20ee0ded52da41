"""From findings to one verdict and exact words."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core import Action, Finding, Severity, Threat, Verdict
from checkrein.decide import fold
from checkrein.rules import load_rules

RULES = load_rules()


def finding(rule: str, action: Action, severity: Severity = Severity.HIGH, what: str = "", **fields: Any) -> Finding:
    return Finding(rule, Threat.DESTRUCTIVE_COMMANDS, severity, action, what or f"{rule} happens", **fields)


@pytest.mark.parametrize(
    ("actions", "strictest"),
    [
        ((), Action.ALLOW),
        ((Action.ALLOW,), Action.ALLOW),
        ((Action.ALLOW, Action.SNAPSHOT), Action.SNAPSHOT),
        ((Action.DENY, Action.ASK, Action.ALLOW), Action.DENY),
        ((Action.ASK, Action.SNAPSHOT), Action.ASK),
    ],
)
def test_the_strictest_counts(actions: tuple[Action, ...], strictest: Action) -> None:
    assert fold.strictest(finding("a.b", action) for action in actions) is strictest


def test_every_action_has_a_verdict() -> None:
    assert fold.VERDICTS == {
        Action.ALLOW: Verdict.NONE,
        Action.SNAPSHOT: Verdict.NONE,
        Action.ASK: Verdict.ASK,
        Action.DENY: Verdict.DENY,
    }


def test_the_strictest_and_gravest_stand_first_and_each_once() -> None:
    mild = finding("a.mild", Action.ASK, Severity.CRITICAL)
    grave = finding("a.grave", Action.DENY, Severity.CRITICAL)
    less = finding("a.less", Action.DENY, Severity.LOW)
    assert fold.ordered([mild, less, grave, less, mild]) == (grave, less, mild)


def test_the_same_rule_on_two_subjects_stays_twice() -> None:
    one, two = finding("a.b", Action.DENY, subject="x"), finding("a.b", Action.DENY, subject="y")
    assert fold.ordered([one, two]) == (one, two)


def test_the_message() -> None:
    findings = (
        finding("git.push-force", Action.DENY, what="`git push --force` acts on main", why="It hurts.", instead="Do not."),
        finding("not.a-rule", Action.ASK),
        finding("read.environment", Action.ALLOW),
    )
    assert fold.message(findings, RULES, "Ask a person.").splitlines() == [
        f"{RULES['git.push-force'].title} (git.push-force): `git push --force` acts on main.",
        "Why: It hurts.",
        "Instead: Do not.",
        "not.a-rule (not.a-rule): not.a-rule happens.",
        "Ask a person.",
    ]


def test_a_message_is_short() -> None:
    findings = tuple(finding(f"a.r{number}", Action.DENY) for number in range(5))
    lines = fold.message(findings, {}, "").splitlines()
    assert lines == [f"a.r{n} (a.r{n}): a.r{n} happens." for n in range(3)] + ["2 more findings: checkrein explain shows them."]


def test_no_message_where_nothing_is_stopped() -> None:
    assert fold.message((finding("a.b", Action.SNAPSHOT),), {}, "Ask a person.") == ""
    assert fold.message((), {}, "Ask a person.") == ""


@pytest.mark.parametrize(
    ("verdict", "line"),
    [
        (Verdict.DENY, "checkrein stopped: a.b happens [a.b, checkrein explain d1]"),
        (Verdict.ASK, "checkrein asks about: a.b happens [a.b, checkrein explain d1]"),
        (Verdict.NONE, ""),
        (Verdict.APPROVE, ""),
    ],
)
def test_the_notice(verdict: Verdict, line: str) -> None:
    assert fold.notice((finding("a.b", Action.DENY),), "d1", verdict) == line
    assert fold.notice((), "d1", verdict) == ""


def test_what_cannot_be_kept_is_told_as_that() -> None:
    kept = finding("files.delete-unsaved", Action.SNAPSHOT, why="a snapshot is kept first", instead="Nothing to do.")
    other = finding("files.shred", Action.ASK, why="it is gone", instead="Use rm.")
    asked = {each.rule: each for each in fold.unkept([kept, other], "250 MB is too much", None)}
    assert asked["files.shred"] == other
    told = asked["files.delete-unsaved"]
    assert (told.action, told.why, told.instead) == (Action.ASK, fold.UNKEPT, fold.ASIDE)
    assert told.what.endswith("and it cannot be kept: 250 MB is too much")
