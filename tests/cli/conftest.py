"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from checkrein.service.processes import Process


class FakeProcesses:
    """A process table from ``pid -> (name, parent)``; no process has a terminal."""

    def __init__(self, table: Mapping[int, tuple[str, int]]) -> None:
        self.table = table

    def get(self, pid: int) -> Process | None:
        if pid not in self.table:
            return None
        name, parent = self.table[pid]
        return Process(
            pid=pid,
            parent=parent,
            session=pid,
            terminal=0,
            start=1,
            uid=0,
            tracer=0,
            name=name,
            program=f"/usr/bin/{name}",
            arguments=(name,),
            environment=frozenset(),
        )

    def all(self) -> Iterator[Process]:
        for pid in self.table:
            process = self.get(pid)
            assert process is not None
            yield process


@pytest.fixture
def fake_processes() -> type[FakeProcesses]:
    return FakeProcesses
