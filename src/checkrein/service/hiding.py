"""What may not stand in the record is masked by the search of the project that it comes from.

Preparing a search takes long and asks the vault, so that happens in the threads that judge (``Prepared``). The thread that
writes the record uses what was prepared, and where nothing was, or it failed, the texts of an entry stay out of the record.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from checkrein.core import Decision, Event, ScanError
from checkrein.enforce.hooks.protocol import PolicyDecisionPoint, where
from checkrein.ledger.masking import MASK

log = logging.getLogger("checkrein.service")

FRESH_SECONDS = 1.0
"""How long what was prepared is used without looking for new secrets: as long as ``observe.credentials`` does."""
MAX_PROJECTS = 64


class Masker(Protocol):
    """The redactor of a project, as far as the record needs it."""

    def masked(self, text: str, mask: str) -> str:
        """``text`` with ``mask`` for what is sensitive. RedactionError."""


class Maskers(Protocol):
    """The redactors of all projects."""

    def for_record(self, project: str) -> Masker:
        """That of the project at this absolute path. RedactionError, and what reading a policy raises."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """The search of a project, None where there is none that works, and the project's own path, masked once for all."""

    at: float
    masker: Masker | None = None
    project: str = ""
    shown: str = ""

    def hide(self, text: str) -> str:
        if self.masker is None:
            raise ScanError(
                "a text could not be searched for sensitive data", why="its search is not ready", fix="see `checkrein doctor`"
            )
        if text == self.project:
            return self.shown
        return self.masker.masked(text, MASK) if text else ""


_UNREADY = _Ready(0.0)


class Hiding:
    """The searches that were prepared for the record. Thread-safe. ``home`` stands for what belongs to no session."""

    def __init__(self, maskers: Maskers, home: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._maskers, self._home, self._clock = maskers, home, clock
        self._prepared: OrderedDict[str, _Ready] = OrderedDict()
        self._troubles: set[str] = set()
        self._lock = threading.Lock()

    def ready(self, event: Event) -> bool:
        """Whether the search for ``event`` was prepared a moment ago."""
        with self._lock:
            found = self._prepared.get(self._project(event))
        return found is not None and self._clock() - found.at < FRESH_SECONDS

    def prepare(self, event: Event) -> None:
        """Make the search for ``event`` ready. Never raises: what fails here leaves the texts out of the record."""
        project = self._project(event)
        try:
            masker = self._maskers.for_record(project)
            made = _Ready(self._clock(), masker, project, masker.masked(project, MASK))
        except Exception as error:  # noqa: BLE001 - see docstring
            made = _Ready(self._clock())
            self._tell(where(error))
        with self._lock:
            self._prepared[project] = made
            self._prepared.move_to_end(project)
            if len(self._prepared) > MAX_PROJECTS:
                self._prepared.popitem(last=False)

    def of(self, event: Event) -> Callable[[str], str]:
        """What masks the texts of ``event``. It raises RedactionError where they cannot be searched."""
        with self._lock:
            return self._prepared.get(self._project(event), _UNREADY).hide

    def _project(self, event: Event) -> str:
        return event.project if event.session else self._home

    def _tell(self, trouble: str) -> None:
        """Each reason goes to the log once."""
        with self._lock:
            new = trouble not in self._troubles and len(self._troubles) < MAX_PROJECTS
            if new:
                self._troubles.add(trouble)
        if new:
            log.error("texts stay out of the record, which cannot be searched for secrets: %s; this is said once", trouble)


@dataclass(frozen=True, slots=True)
class Prepared:
    """The decision point ``point``, with the search for the record made ready beside each decision."""

    point: PolicyDecisionPoint
    hiding: Hiding

    def decide(self, event: Event) -> Decision:
        """See ``PolicyDecisionPoint``."""
        self.hiding.prepare(event)
        return self.point.decide(event)

    def at_once(self, event: Event) -> Decision | None:
        """See ``PolicyDecisionPoint``. Where the search has to be made ready first, a thread does that."""
        return self.point.at_once(event) if self.hiding.ready(event) else None
