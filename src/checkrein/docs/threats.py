"""The table of threats in the README and the page behind it: what the last recorded run of ``checkrein prove`` showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from checkrein.core import Threat
from checkrein.docs.markdown import code, document, prose
from checkrein.docs.markdown import table as drawn
from checkrein.docs.record import Played, Record, counted
from checkrein.prove.run import Status
from checkrein.prove.scenario import Kind, load_all
from checkrein.rules import load_rules

HOW = "`checkrein prove --json run.json`, then `python -m checkrein.docs --record run.json`"
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
    parts = [drawn(heads, rows), _origin(record)]
    limits = _limits(record.scenarios)
    return "\n\n".join([*parts, "Open, that is known to get through:", limits] if limits else parts)


def _limits(scenarios: Sequence[Played]) -> str:
    return "\n".join(f"- {code(played.id)}: {prose(played.limit)}" for played in scenarios if played.limit)


def _row(record: Record, threat: Threat) -> list[str]:
    rules = sum(rule.threat is threat for rule in load_rules().values())
    cells = [f"{threat} {threat.label}", str(rules) if rules else "none yet"]
    for client in record.clients:
        for kind, good in ((Kind.ATTACK, Status.STOPPED), (Kind.BENIGN, Status.PASSED)):
            scenarios = record.of(threat, kind)
            cells.append(_cell(scenarios, client, good))
    return cells


def _cell(scenarios: Sequence[Played], client: str, good: Status) -> str:
    """``8 of 10, 1 open, 1 failed``; what was skipped does not count."""
    played = counted(scenarios, client, *(status for status in Status if status is not Status.SKIPPED))
    if not played:
        return "no scenario"
    bad = [(counted(scenarios, client, status), status.lower()) for status in (Status.OPEN, Status.FAILED)]
    return ", ".join([f"{counted(scenarios, client, good)} of {played}", *(f"{count} {word}" for count, word in bad if count)])


def _origin(record: Record) -> str:
    clients = " and ".join(record.clients)
    counts = Counter(status for played in record.scenarios for status in played.results.values())
    told = [f"{len(record.scenarios)} scenarios"]
    told += [f"{words}: {counts[status]}" for status, words in _WORDS.items() if counts[status]]
    missing = {scenario.id for scenario in load_all()} - {played.id for played in record.scenarios}
    late = f" Scenarios that came later, and were not part of it: {len(missing)}." if missing else ""
    return (
        f"Recorded on {record.date} with Checkrein {record.version} and Claude Code {clients} on Linux: {'; '.join(told)}. "
        f"A scenario of two threats counts for both.{late}"
    )


_WORDS = {
    Status.FAILED: "runs that failed",
    Status.OPEN: "runs of attacks that are known to get through",
    Status.SKIPPED: "runs skipped (they are about another version of the client, or need what the machine could not give)",
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
    limits = _limits(attacks)
    return [*parts, "Known to get through:", limits] if limits else parts


def _line(record: Record, played: Played) -> list[str]:
    results = [played.results.get(client, Status.SKIPPED) for client in record.clients]
    return [code(played.id), prose(played.title), played.kind, *results]
