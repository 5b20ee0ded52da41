"""The checks of ``doctor``: one line each, with the fix. What can be told from files and from the running service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from checkrein.setup.protect import Machine


class State(StrEnum):
    """``NOTE`` is neither good nor bad: what stays open by the client's nature."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the diagnosis. ``fix`` says what to do; it is empty where there is nothing to do."""

    name: str
    state: State
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class GatewayAnswering:
    """How the gateway stands. ``address`` is what clients are to be given, ``upstream`` where it sends requests to, ``since``
    when it was put on (seconds since the epoch), ``store`` the address of its database ("" for this machine's own files)."""

    healthy: bool
    address: str
    upstream: str
    workers: int
    trouble: str = ""
    since: float = 0.0
    store: str = ""


@dataclass(frozen=True, slots=True)
class Answering:
    """How the service stands. ``trouble`` says why it is not healthy. ``token`` is None where none was made yet, and
    ``certificate`` (as PEM) is empty. ``gateway`` is None where it is off."""

    healthy: bool
    version: str
    port: int | None
    pid: int | None
    token: str | None
    trouble: str = ""
    certificate: str = ""
    gateway: GatewayAnswering | None = None


class Probe(Protocol):
    """Looks at the service without changing it."""

    def look(self) -> Answering:
        """Ask it, with proof both ways."""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at."""

    machine: Machine
    service: Answering
    proc: Path = Path("/proc")


Checker = Callable[[Patient], Iterator[Check]]


def examine(patient: Patient, checkers: tuple[Checker, ...]) -> tuple[Check, ...]:
    """Run every checker. One that breaks is a failed check by its own name, and the rest still run."""
    found: list[Check] = []
    for checker in checkers:
        try:
            found.extend(checker(patient))
        except Exception as error:  # noqa: BLE001 - a diagnosis must not end with the first thing that is ill
            name = checker.__name__.replace("_", " ")
            found.append(Check(name, State.FAIL, f"the check itself failed: {type(error).__name__}: {error}", "report this"))
    return tuple(found)


def healthy(checks: tuple[Check, ...]) -> bool:
    """True where no check failed."""
    return all(check.state is not State.FAIL for check in checks)
