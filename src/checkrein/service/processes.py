"""What the kernel says about running processes (/proc), as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process. ``environment`` is None where it may not be read; ``program`` is "" where the link may not be read.

    ``start`` is in clock ticks after boot; ``terminal`` the device number of its controlling terminal, 0 for none; ``tracer``
    the process that traces it, 0 for none. ``uid`` is the effective user id. ``owner`` is the program file's owner and
    ``shared`` tells whether others may write to it.
    """

    pid: int
    parent: int
    session: int
    terminal: int
    start: int
    uid: int
    tracer: int
    name: str
    program: str
    arguments: tuple[str, ...]
    environment: frozenset[str] | None
    owner: int = 0
    shared: bool = False


class ProcessTable(Protocol):
    """Looks at processes."""

    def get(self, pid: int) -> Process | None:
        """The process, or None where there is none (any more)."""

    def all(self) -> Iterator[Process]:
        """Every process that can be seen."""


class LiveProcesses:
    """The processes of this machine, or of what ``root`` shows of it."""

    def __init__(self, root: Path = PROC) -> None:
        self._root = root

    def get(self, pid: int) -> Process | None:
        """See ``ProcessTable``."""
        folder = self._root / str(pid)
        try:
            stat = (folder / "stat").read_bytes()
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text(errors="replace").splitlines() if ":" in line
            )
            arguments = (folder / "cmdline").read_bytes()
        except OSError:
            return None
        name = stat[stat.index(b"(") + 1 : stat.rindex(b")")].decode("utf-8", "replace")
        fields = stat[stat.rindex(b")") + 2 :].split()
        program, owner, shared = self._program(folder)
        return Process(
            pid=pid,
            parent=int(fields[1]),
            session=int(fields[3]),
            terminal=int(fields[4]),
            start=int(fields[19]),
            uid=int(status["Uid"].split()[1]),
            tracer=int(status["TracerPid"]),
            name=name,
            program=program,
            arguments=tuple(word.decode("utf-8", "replace") for word in arguments.rstrip(b"\0").split(b"\0")),
            environment=self._environment(folder),
            owner=owner,
            shared=shared,
        )

    def all(self) -> Iterator[Process]:
        """See ``ProcessTable``."""
        for entry in self._root.iterdir():
            process = self.get(int(entry.name)) if entry.name.isdecimal() else None
            if process is not None:
                yield process

    def _program(self, folder: Path) -> tuple[str, int, bool]:
        try:
            link = str((folder / "exe").readlink())
            found = (folder / "exe").stat()
        except OSError:
            return "", 0, False
        return link, found.st_uid, bool(found.st_mode & 0o022)

    def _environment(self, folder: Path) -> frozenset[str] | None:
        """The names of its environment variables when it was started. The values are none of our business."""
        try:
            data = (folder / "environ").read_bytes()
        except OSError:
            return None
        return frozenset(item.partition(b"=")[0].decode("utf-8", "replace") for item in data.split(b"\0") if item)
