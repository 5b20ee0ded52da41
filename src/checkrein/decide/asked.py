"""What the agent asked for, where its tools were given something else: later events of the same call speak of what they got."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from checkrein.core import Event

REMEMBERED = 512


class Asked:
    """Remembers calls into which values were put, so that the record can go on holding their placeholders. Thread-safe.

    The values themselves are not kept: a call is known by its id, and by a digest of what its tool was given.
    """

    def __init__(self) -> None:
        self._asked: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, event: Event, given: Mapping[str, Any]) -> None:
        """The tool of ``event`` is given ``given`` in place of the event's own input."""
        with self._lock:
            for name in _names(event, given):
                self._asked[name] = event.input
                self._asked.move_to_end(name)
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)

    def of(self, event: Event) -> Event:
        """The event with the input that the agent asked for."""
        with self._lock:
            found = [self._asked[name] for name in _names(event, event.input) if name in self._asked] if self._asked else []
        return replace(event, input=found[0]) if found else event


def _names(event: Event, given: Mapping[str, Any]) -> list[str]:
    """The id of the call where it has one, and a digest of session, tool and input."""
    text = json.dumps([event.session, event.tool, given], sort_keys=True, default=repr)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return [f"call {event.session} {event.call}", digest] if event.call else [digest]
