"""A worker with a scripted decision point: what it does stands in the command that it judges, or in its state folder."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from checkrein.core import Decision, Event, LedgerError, PolicyError, Verdict
from checkrein.service.approval import Consent, Wish
from checkrein.service.controls import ServiceControls
from checkrein.service.paths import ServicePaths
from checkrein.service.processes import LiveProcesses
from checkrein.service.watch import Watch
from checkrein.service.worker import Parts, serve, setup_log

VERDICTS = {"deny": Verdict.DENY, "ask": Verdict.ASK, "approve": Verdict.APPROVE}


class Point:
    def decide(self, event: Event) -> Decision:
        word, _, rest = str(event.input.get("command", "")).partition(" ")
        if word == "boom":
            raise RuntimeError("content that must not be shown")
        if word == "sleep":
            time.sleep(float(rest))
        if word == "die":
            os._exit(1)
        if word == "freeze":
            os.kill(os.getpid(), signal.SIGSTOP)
        return Decision(id="d1", verdict=VERDICTS.get(word, Verdict.NONE), message=f"about {word}")

    def at_once(self, _event: Event) -> Decision | None:
        return None  # all of its decisions go to a thread


class Record:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, event: Event, decision: Decision, micros: int) -> None:
        if (self.folder / "fail-record").exists():
            raise LedgerError("the disk is full")
        with (self.folder / "record").open("a") as file:
            rules = ",".join(finding.rule for finding in decision.findings)
            file.write(f"{event.name}|{event.session}|{decision.verdict}|{event.interactive}|{rules}|{event.call}\n")


class Approvals:
    def describe(self, decision_id: str) -> str:
        return f"the command of {decision_id}"

    def grant(self, wish: Wish) -> str:
        return f"granted {wish.id} {wish.span}"

    def refused(self, wish: Wish, why: str) -> None:
        """Nothing is kept here."""

    def granted(self) -> Sequence[Mapping[str, Any]]:
        return [{"id": "d1", "span": "always"}]

    def revoke(self, decision_id: str) -> str:
        return f"revoked {decision_id}"


def main(state: str, runtime: str) -> None:
    paths = ServicePaths(Path(state), Path(runtime))
    crashes = paths.state / "crashes"
    if crashes.exists() and (left := int(crashes.read_text())) > 0:
        crashes.write_text(str(left - 1))
        sys.exit(1)
    setup_log(paths.log)
    lock = (paths.state / "record.lock").open("w")

    def build() -> Parts:
        if (paths.state / "broken").exists():
            raise PolicyError("policy.yaml:3: not a rule")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerError("another process writes the ledger") from None
        approvals = Approvals()
        consent = Consent(approvals, LiveProcesses(), os.geteuid())
        controls = ServiceControls(consent, approvals, lambda: {"policy": "read"}, lambda: {"extra": 1})
        watch = Watch(paths.state / "claude", paths.state / "claude")
        return Parts(Point(), Record(paths.state), controls, watch, (paths.state / "closed").touch)

    serve(build, paths, deadline=1.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
