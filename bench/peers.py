"""Other guards' hook commands beside ours: how long they take, and what they say of our rules' own examples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.calls import Case, own_cases, payload
from bench.measure import Spread, alternate, start_milliseconds
from bench.section import Options, Section, Table, milli, times
from bench.worlds import Serving, serving
from checkrein.enforce.hooks import command
from checkrein.prove.protection import build_helper
from checkrein.setup.install import Transport

PEERS = Path(__file__).parent.parent / ".cache/peers"
ROUNDS = 40
EVERY = 8


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard's hook command, and which of the examples it is asked."""

    name: str
    words: tuple[str, ...]


def installed() -> list[Guard]:
    """The peers that stand in ``.cache/peers`` (see docs/benchmarks.md); each that does not is named."""
    node = shutil.which("node")
    script = PEERS / "npm/node_modules/cc-safety-net/dist/bin/cc-safety-net.js"
    nah = PEERS / "nah/bin/python"
    found = [
        Guard("cc-safety-net 2.4.5", (node or "", str(script), "hook", "--claude-code")) if node and script.exists() else None,
        Guard("nah 0.11.0", (str(nah), "-m", "nah.hook")) if nah.exists() else None,
    ]
    for name, guard in zip(("cc-safety-net", "nah"), found, strict=True):
        if guard is None:
            print(f"skipped: {name} is not installed in {PEERS}")
    return [guard for guard in found if guard is not None]


def run(_options: Options) -> Section | None:
    """Every guard in turn, with the same payloads and an empty home folder."""
    peers = installed()
    if not peers:
        return None
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as made, serving(transport=Transport.COMMAND) as service:
        helper = build_helper(Path(made))
        ours = Guard("ours", command.words(service.paths.socket, service.paths.token_file, helper, "PreToolUse"))
        guards = [ours, *peers]
        env = {"PATH": os.environ["PATH"], "HOME": str(service.world.home), "LANG": "C.UTF-8", "CLAUDE_CODE_ENTRYPOINT": "cli"}
        stdin = Path(made) / "payload.json"
        stdin.write_bytes(payload(Case("Bash", {"command": "git status --short"}), "bench-peers", service.world.project))
        found = alternate(ROUNDS, {g.name: lambda g=g: start_milliseconds(g.words, env, stdin) for g in guards})  # type: ignore[misc]
        cases = [case for case in own_cases() if case.tool == "Bash"][::EVERY]
        stopped = {guard.name: [_stops(guard, env, service, case) for case in cases] for guard in guards}
    spreads = {name: Spread.of(values) for name, values in found.items()}
    return Section(
        title="Other guards",
        measured="wall time of one hook command from start to end, and whether it denies or asks",
        compared="each other, in turns: " + ", ".join(guard.name for guard in guards[1:]) + " with the settings they come with",
        data=(
            f"one harmless command, {ROUNDS} rounds; every {EVERY}th of our rules' own `Bash` examples ({len(cases)}), in a"
            " clean project. The peers stand in `.cache/peers`: `npm install cc-safety-net@2.4.5` in `npm/`, a virtual"
            " environment with `nah==0.11.0` in `nah/`"
        ),
        not_shown=(
            "how good any of them is: the examples are ours, so ours does well by design, and what counts as dangerous is each"
            " project's own opinion; newer releases"
        ),
        tables=(
            Table(
                "From start to end:",
                ("guard", "p50", "p99", "p50 x ours"),
                tuple((n, milli(s.p50), milli(s.p99), times(s.p50, spreads["ours"].p50)) for n, s in spreads.items()),
            ),
            Table("What is stopped or asked for:", ("guard", "bad examples", "good examples"), _verdicts(cases, stopped)),
        ),
    )


def _stops(guard: Guard, env: Mapping[str, str], service: Serving, case: Case) -> bool:
    """Whether the guard's answer stops the call or asks for it: exit status 2, or a permission decision that says so."""
    body = payload(case, "bench-peers", service.world.project)
    done = subprocess.run(guard.words, input=body, capture_output=True, env=env, cwd=service.world.project, check=False)
    if done.returncode == 2:
        return True
    try:
        answer = json.loads(done.stdout or b"{}")
    except ValueError:
        return False
    return (answer.get("hookSpecificOutput") or {}).get("permissionDecision") in ("deny", "ask")


def _verdicts(cases: Sequence[Case], stopped: Mapping[str, Sequence[bool]]) -> tuple[tuple[str, ...], ...]:
    def share(verdicts: Sequence[bool], *, bad: bool) -> str:
        of = [stops for stops, case in zip(verdicts, cases, strict=True) if case.stops is bad]
        return f"{sum(of)} of {len(of)}"

    return tuple((name, share(verdicts, bad=True), share(verdicts, bad=False)) for name, verdicts in stopped.items())
