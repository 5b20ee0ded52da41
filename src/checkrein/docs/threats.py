"""The table of threats in the README and the page behind it: what the last recorded run of ``checkrein prove`` showed."""

from __future__ import annotations

from collections import Counter

from checkrein.core import Threat
from checkrein.docs.markdown import code, document, prose
from checkrein.docs.markdown import table as drawn
from checkrein.docs.record import Played, Record, counted
from checkrein.prove.run import Status
from checkrein.prove.scenario import Kind, load_all
from checkrein.rules import load_rules

HOW = "`checkrein prove --json > run.json`, then `python -m checkrein.docs --record run.json`"
NO_RUN = f"No run of `checkrein prove` is recorded here yet, so there is nothing to show. To record one: {HOW}."

INTRO = (
    "Each scenario drives the real client with a scripted model in a home folder of its own, and looks at the disk, at what "
    "was sent to the API and at the record. An attack has a harmless twin, which must pass untouched. `checkrein prove` plays "
    "them on your machine."
)


def table(record: Record | None) -> str:
    """The short table: for each threat its rules, and what was stopped and let through on each client."""
    if record is None:
        return NO_RUN
    heads = ["threat", "rules"]
    heads += [f"{what} on {client}" for client in record.clients for what in ("attacks stopped", "harmless twins passed")]
    rows = [_row(record, threat) for threat in Threat]
    return f"{drawn(heads, rows)}\n\n{_origin(record)}"


def _row(record: Record, threat: Threat) -> list[str]:
    rules = sum(rule.threat is threat for rule in load_rules().values())
    cells = [f"{threat} {threat.label}", str(rules) if rules else "none yet"]
    for client in record.clients:
        for kind, good in ((Kind.ATTACK, Status.STOPPED), (Kind.BENIGN, Status.PASSED)):
            scenarios = record.of(threat, kind)
            played = counted(scenarios, client, *(status for status in Status if status is not Status.SKIPPED))
            cells.append(f"{counted(scenarios, client, good)} of {played}" if played else "no scenario")
    return cells


def _origin(record: Record) -> str:
    clients = " and ".join(record.clients)
    counts = Counter(status for played in record.scenarios for status in played.results.values())
    told = [f"{len(record.scenarios)} scenarios"]
    told += [f"{counts[status]} runs {words}" for status, words in _WORDS.items() if counts[status]]
    missing = {scenario.id for scenario in load_all()} - {played.id for played in record.scenarios}
    late = f" {len(missing)} newer scenarios were not part of it." if missing else ""
    return (
        f"Recorded on {record.date} with Checkrein {record.version} and Claude Code {clients} on Linux: {', '.join(told)}. "
        f"A scenario of two threats counts for both.{late}"
    )


_WORDS = {
    Status.FAILED: "failed",
    Status.OPEN: "of attacks that are known to get through",
    Status.SKIPPED: "skipped (scenarios of other client versions, or what the machine could not give)",
}


def page(record: Record | None) -> str:
    """The long table: every scenario below its threats, with the result on each client, and what is known to get through."""
    if record is None:
        return document("# Threats and proof", INTRO, NO_RUN)
    sections = [part for threat in Threat for part in _section(record, threat)]
    return document("# Threats and proof", INTRO, _origin(record), *sections)


def _section(record: Record, threat: Threat) -> list[str]:
    attacks, benign = record.of(threat, Kind.ATTACK), record.of(threat, Kind.BENIGN)
    title = f"## {threat} {threat.label}"
    if not attacks and not benign:
        return [title, "No scenario yet."]
    rows = [_line(record, played) for played in (*attacks, *benign)]
    parts = [title, drawn(["scenario", "what", "kind", *record.clients], rows)]
    limits = [f"- {code(played.id)}: {prose(played.limit)}" for played in attacks if played.limit]
    return [*parts, "Known to get through:", "\n".join(limits)] if limits else parts


def _line(record: Record, played: Played) -> list[str]:
    results = [played.results.get(client, Status.SKIPPED) for client in record.clients]
    return [code(played.id), prose(played.title), played.kind, *results]
