"""How long the service takes to decide, by its own record."""

from __future__ import annotations

from collections.abc import Sequence

from bench.calls import Case, commands_of, in_sessions, line, own_cases, payload, request
from bench.measure import Spread
from bench.section import Options, Section, Table, Target, milli
from bench.worlds import serving
from checkrein.ledger.store import Filter, LedgerReader

SESSION = 100
P50, P99 = 1.0, 5.0


def run(options: Options) -> Section:
    """Post every case to a live service, one after the other, and read the times from its ledger."""
    sets = {"the rules' own examples": own_cases(), **{path.name: commands_of(path) for path in options.commands}}
    spreads = {name: Spread.of(decide(cases)) for name, cases in sets.items()}
    rows = tuple((n, f"{s.count:,}", milli(s.p50), milli(s.p99), milli(s.worst)) for n, s in spreads.items())
    return Section(
        title="Decisions",
        measured="the time from event to decision inside a live service, as its own ledger records it with each decision",
        compared="fixed limits",
        data=f"tool calls posted one by one, {SESSION} to a session; files given with `--commands` are named below",
        not_shown="transport and record (see the hooks in the real client); projects with many files; decisions under load",
        tables=(Table("Time for one decision:", ("cases", "decisions", "p50", "p99", "worst"), rows),),
        targets=tuple(
            target
            for name, s in spreads.items()
            for target in (
                Target(f"p50 at most {P50:g} ms ({name})", milli(s.p50), s.p50 <= P50),
                Target(f"p99 at most {P99:g} ms ({name})", milli(s.p99), s.p99 <= P99),
            )
        ),
    )


def decide(cases: Sequence[Case]) -> list[float]:
    """Milliseconds for each decision of a live service. RuntimeError where not all of them are on record."""
    with serving() as service:
        with line(service) as call:
            for warm in cases[:50]:
                call(request(service, payload(warm, "bench-warm", service.world.project)))
            for session, case in in_sessions(cases, SESSION):
                call(request(service, payload(case, session, service.world.project)))
        with LedgerReader.open(service.ledger) as reader:
            found = [
                entry.micros / 1000
                for entry in reader.entries(Filter())
                if entry.session.startswith("bench-") and entry.session != "bench-warm"
            ]
    if len(found) != len(cases):
        raise RuntimeError(f"{len(cases)} decisions were asked for, {len(found)} are on record")
    return found
