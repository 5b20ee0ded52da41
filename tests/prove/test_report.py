from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from checkrein.core import Threat
from checkrein.prove.report import as_json, as_junit, details, matrix, summary
from checkrein.prove.run import Outcome, Status
from checkrein.prove.scenario import Kind, Scenario


@pytest.fixture
def outcomes(case: Callable[..., Scenario]) -> list[Outcome]:
    one = case()
    two = replace(one, id="benign-case", kind=Kind.BENIGN, threats=(Threat.DATA_LEAKAGE, Threat.DESTRUCTIVE_COMMANDS))
    old = replace(one, id="old", limit="it cannot be helped \x1b[31m")
    return [
        Outcome(one, "2.1.330", Status.STOPPED, (), 1.25),
        Outcome(one, "2.1.197", Status.FAILED, ("it \x1b]52;c;x\x07 went wrong",), 2.0, Path("/somewhere/case")),
        Outcome(two, "2.1.330", Status.PASSED),
        Outcome(two, "2.1.197", Status.SKIPPED, ("no room",)),
        Outcome(old, "2.1.330", Status.OPEN),
    ]


def test_the_matrix(outcomes: list[Outcome]) -> None:
    assert list(matrix(outcomes)) == [
        " " * 48 + "2.1.330     2.1.197     ",
        "T4 data leakage",
        "  benign-case                           benign  passed      skipped",
        "T7 destructive commands",
        "  case                                  attack  stopped     FAILED",
        "  old                                   attack  open",
        "  benign-case                           benign  passed      skipped",
    ]


def test_the_details_name_failures_limits_and_what_was_left_out(outcomes: list[Outcome]) -> None:
    assert list(details(outcomes)) == [
        "FAILED case on 2.1.197: A case that is played",
        "  it \\x1b]52;c;x\\x07 went wrong",
        "  evidence: /somewhere/case",
        "skipped benign-case on 2.1.197: no room",
        "open old on 2.1.330: A case that is played: it cannot be helped \\x1b[31m",
    ]


def test_the_summary(outcomes: list[Outcome]) -> None:
    assert summary(outcomes) == "1 attacks stopped, 1 harmless passed untouched, 1 beyond the limits, 1 failed, 1 skipped"


def test_json(outcomes: list[Outcome]) -> None:
    first, second, *_ = json.loads(as_json(outcomes))
    assert (first["scenario"], first["client"], first["status"], first["seconds"]) == ("case", "2.1.330", "stopped", 1.25)
    assert (second["status"], second["evidence"]) == ("FAILED", "/somewhere/case")


def test_junit(outcomes: list[Outcome]) -> None:
    root = ET.fromstring(as_junit(outcomes))
    first, second = root.findall("testsuite")
    assert (first.get("name"), first.get("tests"), first.get("failures")) == ("Claude Code 2.1.330", "3", "0")
    assert (second.get("failures"), second.get("skipped")) == ("1", "1")
    failure = second.find("testcase/failure")
    assert failure is not None
    assert "\\x1b" in str(failure.text)
