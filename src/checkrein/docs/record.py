"""``Record``: the last recorded run of ``checkrein prove``, without what belongs to the machine that it ran on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checkrein.core import Threat, UsageError
from checkrein.prove.run import Status
from checkrein.prove.scenario import Kind


@dataclass(frozen=True, slots=True)
class Played:
    """One scenario of the run; ``results`` maps client versions to how it ended, ``limit`` says why an attack gets through."""

    id: str
    title: str
    threats: tuple[Threat, ...]
    kind: Kind
    limit: str
    results: Mapping[str, Status]


@dataclass(frozen=True, slots=True)
class Record:
    """One run: its ``date`` (ISO), the ``version`` of Checkrein, and the scenarios in the order in which they were played."""

    date: str
    version: str
    scenarios: tuple[Played, ...]

    @property
    def clients(self) -> tuple[str, ...]:
        """The versions of the client, oldest first."""
        found = {client for played in self.scenarios for client in played.results}
        return tuple(sorted(found, key=_number))

    def of(self, threat: Threat, kind: Kind) -> tuple[Played, ...]:
        """The scenarios of one kind on one threat."""
        return tuple(played for played in self.scenarios if threat in played.threats and played.kind is kind)


def record_of(data: bytes, *, version: str, date: str) -> Record:
    """The record of a run from what ``checkrein prove --json`` wrote. UsageError where it is something else."""
    results: dict[str, dict[str, Status]] = {}
    first: dict[str, Mapping[str, Any]] = {}
    try:
        outcomes = json.loads(data)
        for outcome in outcomes:
            first.setdefault(outcome["scenario"], outcome)
            results.setdefault(outcome["scenario"], {})[outcome["client"]] = Status(outcome["status"])
        played = [_played({**outcome, "id": name, "results": results[name]}) for name, outcome in first.items()]
    except (ValueError, TypeError, KeyError) as error:
        raise _no_run("the input", error) from error
    if not played:
        raise UsageError("the run played no scenario", fix="checkrein prove --json run.json")
    return Record(date, version, tuple(played))


def load_record(file: Path) -> Record | None:
    """The record in ``file``, None where there is no file. UsageError where it is broken."""
    if not file.is_file():
        return None
    try:
        data = json.loads(file.read_bytes())
        return Record(data["date"], data["version"], tuple(map(_played, data["scenarios"])))
    except (ValueError, TypeError, KeyError) as error:
        raise _no_run(file.name, error) from error


def dump_record(record: Record) -> str:
    """The text of the file."""
    return json.dumps(asdict(record), indent=1) + "\n"


def _played(data: Mapping[str, Any]) -> Played:
    return Played(
        id=data["id"],
        title=data["title"],
        threats=tuple(map(Threat, data["threats"])),
        kind=Kind(data["kind"]),
        limit=data["limit"],
        results={_version(client): Status(status) for client, status in data["results"].items()},
    )


def _version(client: str) -> str:
    """``client``, a version. ValueError for what a replay without a client gives: it proves nothing about one."""
    if not all(number.isdigit() for number in client.split(".")):
        raise ValueError(f"{client!r} is no version of the client")
    return client


def _number(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _no_run(what: str, error: Exception) -> UsageError:
    return UsageError(
        f"{what} is no run of checkrein prove",
        why=f"{type(error).__name__}: {error}",
        fix="checkrein prove --json run.json, then python -m checkrein.docs --record run.json",
    )


def counted(scenarios: Iterable[Played], client: str, *wanted: Status) -> int:
    """How many of the scenarios ended in one of these ways on ``client``."""
    return sum(played.results.get(client) in wanted for played in scenarios)
