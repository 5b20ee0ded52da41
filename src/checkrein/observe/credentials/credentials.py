"""``Credentials``: the secrets of this machine and of a project, read again only where a file changed."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from checkrein.background import Run, thread
from checkrein.detect.secrets.known import Known
from checkrein.observe.credentials.files import Candidate, Places, UnreadableError, of_home, of_project, pairs, places
from checkrein.observe.credentials.formats import secret_pairs
from checkrein.observe.credentials.harmless import of_environment
from checkrein.observe.git.addresses import own_addresses
from checkrein.observe.git.discovery import discover

LOOK_SECONDS = 1.0  # between two looks at the times of the files
WALK_SECONDS = 30.0  # between two searches of a project for new files
MAX_PROJECTS = 64
MAX_VALUES = 5_000
_LABEL = re.compile(r"[A-Z][A-Z0-9_]{0,23}")
_NOT_IN_LABELS = re.compile(r"[^A-Z0-9]+")
_ASIDE = thread("credentials")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file whose secrets are not known, and why."""

    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """``values``: each secret with the file or variable (``env:NAME``) that it stands in. ``unread``: what was not read.

    ``published``: the e-mail addresses, in lower case, that are none: those of the user's own commits and of the project's.
    """

    values: tuple[Known, ...]
    unread: tuple[Unread, ...]
    published: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Project:
    where: Places = field(default_factory=Places)
    walked: float = float("-inf")
    looked: float = float("-inf")
    stamp: tuple[object, ...] | None = None
    found: Found = Found((), ())

    def walk(self, project: str) -> None:
        """Search the project for further files. In a large one that takes long."""
        self.where = places(project)


class Credentials:
    """The secrets of one user's machine. ``registered`` gives those that a person registered, by name. Thread-safe.

    ``aside`` runs what takes long and nobody waits for.
    """

    def __init__(
        self,
        home: str,
        environment: Mapping[str, str],
        registered: Callable[[], Mapping[str, str]] = dict,
        *,
        clock: Callable[[], float] = time.monotonic,
        aside: Run = _ASIDE,
    ) -> None:
        self._home, self._environment, self._registered, self._clock = home, dict(environment), registered, clock
        self._aside = aside
        self._projects: OrderedDict[str, _Project] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, project: str) -> Found:
        """The secrets that are known for a project; the same object as long as nothing changed."""
        with self._lock:
            known = self._projects.setdefault(project, _Project())
            self._projects.move_to_end(project)
            if len(self._projects) > MAX_PROJECTS:
                self._projects.popitem(last=False)
            now = self._clock()
            if now - known.looked >= LOOK_SECONDS:
                self._look(project, known, now)
                known.looked = now
            return known.found

    def _look(self, project: str, known: _Project, now: float) -> None:
        if known.stamp is None:
            known.where, known.walked = places(project), now
        elif now - known.walked >= WALK_SECONDS:
            known.walked = now
            self._aside(lambda: known.walk(project))
        candidates = (*of_home(self._home), *of_project(project, known.where))
        registered = tuple(sorted(self._registered().items()))
        repository = discover(project)
        published = own_addresses(self._home) | (repository.addresses() if repository else frozenset())
        stamp = (candidates, registered, known.where.missing, published)
        if stamp != known.stamp:
            missing = [Unread(project, known.where.missing)] if known.where.missing else []
            known.found = replace(self._read(candidates, registered, missing), published=published)
            known.stamp = stamp

    def _read(self, candidates: Iterable[Candidate], registered: Iterable[tuple[str, str]], unread: list[Unread]) -> Found:
        values = [Known(label_of(name), value, "registered") for name, value in registered]
        for candidate in candidates:
            try:
                values += (Known(label_of(name), value, candidate.path) for name, value in pairs(candidate))
            except UnreadableError as error:
                unread.append(Unread(candidate.path, str(error)))
        variables = secret_pairs(of_environment(self._environment))
        values += (Known(label_of(name), value, f"env:{name}") for name, value in variables)
        once = {known.value: known for known in reversed(values) if known.value}
        kept = tuple(reversed(once.values()))
        if len(kept) > MAX_VALUES:
            unread.append(Unread(kept[MAX_VALUES].source, f"there are more than {MAX_VALUES} secrets, and these come last"))
        return Found(kept[:MAX_VALUES], tuple(unread))


def label_of(name: str) -> str:
    """The label of a value by the name that it stands under: ``DB_PASSWORD`` for ``db.password``."""
    label = _NOT_IN_LABELS.sub("_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()).strip("_")[:24].strip("_")
    return label if _LABEL.fullmatch(label) else "SECRET"
