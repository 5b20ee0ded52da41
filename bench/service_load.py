"""The service under load: memory over 100,000 events, 200 hooks at once, and what an entry in the record costs."""

from __future__ import annotations

import functools
import itertools
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.calls import Case, commands_of, denies, exchange, own_cases, payload, request
from bench.measure import Spread, milliseconds
from bench.section import Options, Section, Table, Target, milli
from bench.worlds import Serving, serving
from checkrein.core import Decision, Event, EventKind, Verdict
from checkrein.enforce.hooks import command
from checkrein.ledger import Ledger
from checkrein.ledger.store import LedgerReader
from checkrein.prove.protection import build_helper
from checkrein.setup.install import Transport

EVENTS = 100_000
CALLERS = 4
SESSION = 200
AT_ONCE = 200
BURSTS = 5
MEMORY = 150.0
APPENDS = 20_000
DENIED = Case("Bash", {"command": "rm -rf ~"})
HARMLESS = Case("Bash", {"command": "git status --short && ls src"})
OUTPUT = {"stdout": "a line of output\n" * 40, "stderr": "", "interrupted": False, "isImage": False}


@dataclass(frozen=True, slots=True)
class Burst:
    """What became of hooks that came at once, half of which have to be stopped."""

    answered: int
    allowed_by_mistake: int
    stopped_by_mistake: int
    seconds: float


def run(options: Options) -> Section:
    """All four, on one service from beginning to end."""
    cases = own_cases() + [case for path in options.commands for case in commands_of(path)]
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as made, serving(transport=Transport.BOTH) as service:
        helper = build_helper(Path(made))
        before = service.memory(service.worker)["VmRSS"]
        rate = _load(service, cases)
        after = service.memory(service.worker)
        supervisor = service.memory(service.supervisor)["VmRSS"]
        recorded = _recorded(service)
        size = sum(file.stat().st_size for file in service.ledger.iterdir()) / 1e6
        over_http = [_burst(lambda case, n: _over_http(service, case, n)) for _ in range(BURSTS)]
        by_client = [_burst(lambda case, n: _by_command(service, helper, Path(made), case, n)) for _ in range(BURSTS)]
    appended = _appends()
    memory = (
        ("worker before", f"{before:.0f} MB"),
        (f"worker after {EVENTS:,} events", f"{after['VmRSS']:.0f} MB"),
        ("worker at most", f"{after['VmHWM']:.0f} MB"),
        ("supervisor", f"{supervisor:.0f} MB"),
        ("ledger on disk", f"{size:.0f} MB, {size * 1e6 / recorded:.0f} bytes an entry"),
        (f"throughput, {CALLERS} callers", f"{rate:.0f} events a second"),
    )
    append = (("one entry at a time", milli(appended.p50), milli(appended.p99), milli(appended.worst)),)
    return Section(
        title="The service under load",
        measured=(
            "resident memory of the processes (1 MB is 1,000,000 bytes); answers to hooks that come at the same moment over the"
            " loopback port, and from as many processes of the command client over the Unix socket; time of one append"
        ),
        compared="fixed limits",
        data=(
            f"{EVENTS:,} events in {EVENTS // SESSION} sessions: {len(cases):,} different tool calls over and over, every"
            f" fourth event a result with output; then {BURSTS} times {AT_ONCE} hooks at once by each way, half of which have"
            " to be stopped"
        ),
        not_shown="longer sessions than these, larger outputs, a disk that is full or slow",
        tables=(
            Table("Memory, record and throughput:", ("what", "found"), memory),
            Table(
                f"{AT_ONCE} hooks at once, {BURSTS} times:",
                ("way", "asked", "answered", "allowed by mistake", "stopped by mistake", "longest until all were answered"),
                (_row("loopback port", over_http), _row("command client", by_client)),
            ),
            Table(f"The ledger, {APPENDS:,} entries:", ("append", "p50", "p99", "worst"), append),
        ),
        targets=(
            Target(f"at most {MEMORY:g} MB after {EVENTS:,} events", f"{after['VmRSS']:.0f} MB", after["VmRSS"] <= MEMORY),
            Target("every event is on record", f"{recorded:,} of {EVENTS:,}", recorded >= EVENTS),
            _kept("the loopback port", over_http),
            _kept("the command client", by_client),
        ),
    )


def events(cases: Sequence[Case], project: Path) -> Iterator[tuple[str, bytes]]:
    """Event names and payloads without end: every fourth is the result of the call before it."""
    for number, case in enumerate(itertools.cycle(cases)):
        session = f"bench-{number * 4 // 3 // SESSION}"
        yield "PreToolUse", payload(case, session, project)
        if number % 3 == 2:
            yield "PostToolUse", payload(case, session, project, "PostToolUse", tool_response=OUTPUT, duration_ms=12)


def _load(service: Serving, cases: Sequence[Case]) -> float:
    """Post ``EVENTS`` events, a few at a time; events a second."""
    source = itertools.islice(events(cases, service.world.project), EVENTS)
    lock = threading.Lock()

    def caller() -> None:
        while True:
            with lock:
                following = next(source, None)
            if following is None:
                return
            exchange(service, request(service, following[1], following[0]))

    start = time.monotonic()
    with ThreadPoolExecutor(CALLERS) as pool:
        for work in [pool.submit(caller) for _ in range(CALLERS)]:
            work.result()
    return EVENTS / (time.monotonic() - start)


def _recorded(service: Serving) -> int:
    with LedgerReader.open(service.ledger) as reader:
        return int(next(reader.query("SELECT count(*) FROM entries WHERE session LIKE 'bench-%'", ()))[0])


def _burst(ask: Callable[[Case, int], bool | None]) -> Burst:
    """``ask`` gives whether a call was stopped, None where no usable answer came. All threads start at one moment."""
    ready = threading.Barrier(AT_ONCE + 1)

    def one(number: int) -> bool | None:
        ready.wait()
        return ask(DENIED if number % 2 else HARMLESS, number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        work = [pool.submit(one, number) for number in range(AT_ONCE)]
        ready.wait()
        start = time.monotonic()
        found = [item.result() for item in work]
        seconds = time.monotonic() - start
    return Burst(
        answered=sum(stopped is not None for stopped in found),
        allowed_by_mistake=sum(stopped is not True for stopped in found[1::2]),
        stopped_by_mistake=sum(stopped is not False for stopped in found[::2]),
        seconds=seconds,
    )


def _over_http(service: Serving, case: Case, number: int) -> bool | None:
    try:
        return denies(exchange(service, request(service, payload(case, f"burst-{number % 20}", service.world.project))))
    except (OSError, RuntimeError, ValueError):
        return None


def _by_command(service: Serving, helper: Path | None, folder: Path, case: Case, number: int) -> bool | None:
    body = folder / f"{number}.json"
    body.write_bytes(payload(case, f"burst-{number % 20}", service.world.project))
    words = command.words(service.paths.socket, service.paths.token_file, helper, "PreToolUse")
    with body.open("rb") as stdin:
        done = subprocess.run(words, stdin=stdin, capture_output=True, env={"PATH": os.defpath}, check=False)
    return denies(done.stdout) if done.returncode == 0 else None


def _appends() -> Spread:
    event = Event(
        EventKind.TOOL_CALL, "bench", "/srv/shop", "/srv/shop", name="PreToolUse", tool="Bash", input=dict(HARMLESS.input)
    )
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as folder, Ledger.open(Path(folder) / "ledger") as ledger:
        decisions = [Decision(ledger.new_id(), Verdict.NONE) for _ in range(APPENDS)]
        return Spread.of([milliseconds(functools.partial(ledger.append, event, decision, 300)) for decision in decisions])


def _row(way: str, bursts: Sequence[Burst]) -> tuple[str, ...]:
    totals = (
        sum(b.answered for b in bursts),
        sum(b.allowed_by_mistake for b in bursts),
        sum(b.stopped_by_mistake for b in bursts),
    )
    return way, f"{AT_ONCE * len(bursts):,}", *(f"{total:,}" for total in totals), milli(max(b.seconds for b in bursts) * 1000)


def _kept(way: str, bursts: Sequence[Burst]) -> Target:
    lost = sum(AT_ONCE - burst.answered for burst in bursts)
    open_gate = sum(burst.allowed_by_mistake for burst in bursts)
    return Target(
        f"{AT_ONCE} hooks at once over {way}: none lost, none allowed by mistake",
        f"{lost} lost, {open_gate} allowed by mistake",
        not lost and not open_gate,
    )
