"""What ``prove`` prints and writes: the matrix of threat, scenario and result, JUnit XML and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from checkrein.core import Threat
from checkrein.prove.run import Outcome, Status
from checkrein.report.text import clean

_WIDTH = 40


def matrix(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """One line for each scenario below its threat, a column for each client. A scenario of two threats stands below both."""
    clients = list(dict.fromkeys(outcome.client for outcome in outcomes))
    results = {(outcome.scenario.id, outcome.client): outcome.status for outcome in outcomes}
    scenarios = list({outcome.scenario.id: outcome.scenario for outcome in outcomes}.values())
    yield f"{'':<{_WIDTH}}{'':<8}" + "".join(f"{clean(client):<12}" for client in clients)
    for threat in Threat:
        below = [scenario for scenario in scenarios if threat in scenario.threats]
        if below:
            yield f"{threat} {threat.label}"
        for scenario in sorted(below, key=lambda each: (each.kind, each.id)):
            cells = "".join(f"{results.get((scenario.id, client), ''):<12}" for client in clients)
            yield f"  {scenario.id:<{_WIDTH - 2}}{scenario.kind:<8}{cells}".rstrip()


def summary(outcomes: Sequence[Outcome]) -> str:
    """``12 attacks stopped, 9 harmless passed, 1 open, 0 failed, 2 skipped``."""
    counts = Counter(outcome.status for outcome in outcomes)
    return (
        f"{counts[Status.STOPPED]} attacks stopped, {counts[Status.PASSED]} harmless passed untouched, "
        f"{counts[Status.OPEN]} beyond the limits, {counts[Status.FAILED]} failed, {counts[Status.SKIPPED]} skipped"
    )


def details(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What failed, with the evidence; what is known to be open; what was skipped, and why."""
    for outcome in outcomes:
        name = f"{outcome.scenario.id} on {outcome.client}"
        if outcome.status is Status.FAILED:
            yield clean(f"FAILED {name}: {outcome.scenario.title}")
            yield from (f"  {clean(problem)}" for problem in outcome.problems)
            if outcome.evidence is not None:
                yield f"  evidence: {clean(str(outcome.evidence))}"
        elif outcome.status is Status.OPEN:
            yield clean(f"open {name}: {outcome.scenario.title}: {outcome.scenario.limit}")
        elif outcome.status is Status.SKIPPED and outcome.scenario.concerns(outcome.client):
            yield clean(f"skipped {name}: {' '.join(outcome.problems)}")


def as_json(outcomes: Sequence[Outcome]) -> str:
    """All outcomes as a JSON array."""
    return json.dumps(
        [
            {
                "scenario": outcome.scenario.id,
                "title": outcome.scenario.title,
                "threats": list(outcome.scenario.threats),
                "kind": outcome.scenario.kind,
                "client": outcome.client,
                "status": outcome.status,
                "limit": outcome.scenario.limit,
                "problems": list(outcome.problems),
                "seconds": round(outcome.seconds, 3),
                "evidence": str(outcome.evidence) if outcome.evidence else None,
            }
            for outcome in outcomes
        ],
        indent=2,
    )


def as_junit(outcomes: Sequence[Outcome]) -> bytes:
    """JUnit XML: one suite for each client, one case for each scenario."""
    root = ET.Element("testsuites", name="checkrein prove")
    for client in dict.fromkeys(outcome.client for outcome in outcomes):
        mine = [outcome for outcome in outcomes if outcome.client == client]
        counts = Counter(outcome.status for outcome in mine)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=f"Claude Code {client}",
            tests=str(len(mine)),
            failures=str(counts[Status.FAILED]),
            skipped=str(counts[Status.SKIPPED]),
            errors="0",
            time=f"{sum(outcome.seconds for outcome in mine):.3f}",
        )
        for outcome in mine:
            _case(suite, outcome)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _case(suite: ET.Element, outcome: Outcome) -> None:
    scenario = outcome.scenario
    case = ET.SubElement(
        suite,
        "testcase",
        classname=f"{'.'.join(scenario.threats)}.{scenario.kind}",
        name=f"{scenario.id}: {scenario.title}",
        time=f"{outcome.seconds:.3f}",
    )
    text = "\n".join(clean(problem) for problem in outcome.problems)
    if outcome.status is Status.FAILED:
        ET.SubElement(case, "failure", message=clean(outcome.problems[0])).text = text
    elif outcome.status is Status.SKIPPED:
        ET.SubElement(case, "skipped", message=text)
    elif outcome.status is Status.OPEN:
        ET.SubElement(case, "system-out").text = clean(f"beyond the limits: {scenario.limit}")
