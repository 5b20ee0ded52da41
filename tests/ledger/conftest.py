import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from checkrein.core import Action, Decision, Event, EventKind, Finding, Severity, Threat, Verdict
from checkrein.ledger import Ledger
from checkrein.ledger.store import TRIGGERS

FINDING = Finding(
    "git.push-force",
    Threat.DESTRUCTIVE_COMMANDS,
    Severity.HIGH,
    Action.DENY,
    what="would overwrite origin/main",
    why="commits of others would be lost",
    instead="git push --force-with-lease",
    subject="origin/main",
    source="/p/checkrein.yaml:3",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger"


@pytest.fixture
def make_event() -> Callable[..., Event]:
    def make(command: str = "git push --force origin main", **fields: Any) -> Event:
        given: dict[str, Any] = {
            "kind": EventKind.TOOL_CALL,
            "session": "s1",
            "cwd": "/p",
            "project": "/p",
            "name": "PreToolUse",
            "tool": "Bash",
            "call": "toolu_1",
            "input": {"command": command},
            "at": 1_700_000_000.25,
        }
        return Event(**{**given, **fields})

    return make


@pytest.fixture
def make_decision() -> Callable[..., Decision]:
    def make(
        public_id: str = "c7f3k2", verdict: Verdict = Verdict.DENY, findings: tuple[Finding, ...] = (FINDING,)
    ) -> Decision:
        return Decision(public_id, verdict, findings)

    return make


@pytest.fixture
def ten(folder: Path, make_event: Callable[..., Event], make_decision: Callable[..., Decision]) -> Path:
    """A closed ledger of ten entries."""
    with Ledger.open(folder) as ledger:
        for number in range(1, 11):
            ledger.append(make_event(call=f"toolu_{number}"), make_decision(f"id{number}"), 100 + number, str)
    return folder


@pytest.fixture
def tamper() -> Callable[..., None]:
    """Runs SQL on a ledger's file as somebody with the user's rights could."""

    def run(folder: Path, *statements: str) -> None:
        with closing(sqlite3.connect(folder / "ledger.db")) as connection:
            connection.executescript("DROP TRIGGER IF EXISTS entries_stay; DROP TRIGGER IF EXISTS entries_remain;")
            for statement in statements:
                connection.execute(statement)
            connection.executescript(";".join(TRIGGERS.values()))
            connection.commit()

    return run


@pytest.fixture
def writer(folder: Path) -> Iterator[Ledger]:
    with Ledger.open(folder) as ledger:
        yield ledger
