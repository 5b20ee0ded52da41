"""What a command hook costs from its start to its end, beside the barest program that a system has."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.calls import Case, payload
from bench.measure import Spread, alternate, start_milliseconds
from bench.section import Options, Section, Table, Target, milli, times
from bench.worlds import serving
from checkrein.enforce.hooks import command
from checkrein.prove.protection import build_helper
from checkrein.setup.install import Transport

ROUNDS = 300
SH, PYTHON, BARE = "`sh -c true`", "`python3 -I -S -c pass`", "`python3 -c pass`"
NATIVE, OURS = "native client", "Python client"


def run(_options: Options) -> Section:
    """Start each in turn, with a live service answering ours."""
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as made, serving(transport=Transport.COMMAND) as service:
        helper = build_helper(Path(made))
        stdin = Path(made) / "payload.json"
        case = Case("Bash", {"command": "git status --short && ls src", "description": "Look"})
        stdin.write_bytes(payload(case, "bench-start", service.world.project))
        env = {"PATH": "/usr/bin:/bin", "HOME": str(service.world.home), "CLAUDE_CODE_ENTRYPOINT": "cli"}
        programs: dict[str, tuple[str, ...]] = {
            SH: ("/bin/sh", "-c", "true"),
            PYTHON: (sys.executable, "-I", "-S", "-c", "pass"),
            BARE: (sys.executable, "-c", "pass"),
            OURS: command.words(service.paths.socket, service.paths.token_file, None, "PreToolUse"),
        }
        if helper is not None:
            programs[NATIVE] = command.words(service.paths.socket, service.paths.token_file, helper, "PreToolUse")
        found = alternate(
            ROUNDS,
            {name: lambda words=words: start_milliseconds(words, env, stdin) for name, words in programs.items()},  # type: ignore[misc]
        )
    spreads = {name: Spread.of(values) for name, values in found.items()}
    return Section(
        title="Starting a command hook",
        measured="wall time from the start of the program to its end, the service's decision included; no shell in between",
        compared=f"{SH}, {PYTHON} (the same interpreter) and {BARE}, in turns",
        data=f"one harmless `Bash` call, {ROUNDS} rounds",
        not_shown="the client's own cost of starting a hook; a file cache that is cold (every program was started before)",
        tables=(_table(spreads),),
        targets=tuple(_target(name, spreads) for name in (OURS, NATIVE) if name in spreads),
    )


def _table(spreads: dict[str, Spread]) -> Table:
    rows = tuple(
        (
            name,
            milli(spread.p50),
            milli(spread.p99),
            times(spread.p50, spreads[SH].p50),
            times(spread.p50, spreads[PYTHON].p50),
        )
        for name, spread in spreads.items()
    )
    return Table("From start to end:", ("program", "p50", "p99", "p50 x sh", "p50 x python3 -I -S"), rows)


def _target(name: str, spreads: dict[str, Spread]) -> Target:
    ratio = spreads[name].p50 / spreads[PYTHON].p50
    return Target(f"the {name} takes at most twice as long as {PYTHON}", f"{ratio:.2f} times", ratio <= 2)
