"""Symbolic links on the way to a path, those too that a command made: the kernel follows them before it takes a ``..``."""

from __future__ import annotations

import contextlib
from collections import UserDict
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field

from checkrein.core.effect import UNKNOWN
from checkrein.detect.shell.values import Stream

MAX_STEPS = 2_000  # ``..`` that one analysis asks the disk about
MAX_LINKS = 40  # that lead to one another, as in the kernel


@dataclass(slots=True)
class Links:
    """The links that one analysis meets: ``real(path)`` resolves those on disk, ``made`` are those that it made itself."""

    real: Callable[[str], str]
    made: dict[str, str] = field(default_factory=dict)
    left: int = MAX_STEPS

    def folded(self, path: str) -> str:
        """An absolute path without dot segments that leads where ``path`` leads the kernel; a link at its end is kept."""
        parts: list[str] = []
        for part in path.split("/"):
            if part == "..":
                parts = self._above(parts)
            elif part not in ("", "."):
                parts.append(part)
        whole = "/" + "/".join(parts)
        return self._through(whole, entered=path.endswith(("/", "/."))) if self.made else whole

    def end(self, path: str) -> str:
        """What stands at the end of an absolute path, every link followed."""
        return self.real(self._through(path, entered=True))

    def _above(self, parts: list[str]) -> list[str]:
        """The folder that holds a folder: for a link the one that holds what it leads to."""
        self.left -= 1
        if self.left < 0:
            return [UNKNOWN]
        folder = self._through("/" + "/".join(parts), entered=True)
        real, above = self.real(folder), folder.rpartition("/")[0]
        if real.rpartition("/")[0] not in (above, self.real(above or "/").rstrip("/")):
            above = real.rpartition("/")[0]
        return above.split("/")[1:]

    def _through(self, path: str, *, entered: bool) -> str:
        """A path behind links that were made: what stands at its end is only followed where it is entered."""
        for _ in range(MAX_LINKS):
            link = next((link for link in self.made if path.startswith(f"{link}/") or (entered and path == link)), None)
            if link is None:
                return path
            path = self.made[link].rstrip("/") + path.removeprefix(link) or "/"
        return f"/{UNKNOWN}"


class Files(UserDict[str, Stream]):
    """What files hold. A file has one place here, by whatever links it is reached."""

    def __init__(self, links: Links | None = None) -> None:
        self._links = links
        super().__init__()

    def __contains__(self, path: object) -> bool:
        return self._place(str(path)) in self.data

    def __getitem__(self, path: str) -> Stream:
        return self.data[self._place(path)]

    def __setitem__(self, path: str, content: Stream) -> None:
        self.data[self._place(path)] = content

    def _place(self, path: str) -> str:
        if self._links is None or path in self.data or path.startswith("/dev/"):
            return path
        return self._links.end(path)


_CURRENT: ContextVar[Links | None] = ContextVar("links", default=None)
"""Those of the analysis that runs. Paths are made absolute in a hundred places, which have to agree on where they lead."""


@contextlib.contextmanager
def met(links: Links) -> Iterator[None]:
    """Paths are folded as ``links`` lead."""
    token = _CURRENT.set(links)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def physical(path: str) -> str:
    """An absolute path as the kernel reads it."""
    links = _CURRENT.get()
    return lexical(path) if links is None or not (links.made or "/.." in path) else links.folded(path)


def lexical(path: str) -> str:
    """An absolute path with its dot segments folded, whatever is on disk, as ``cd`` reads it."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)
