"""Remembers what was stopped, so that a person can permit it by the id of the decision."""

from __future__ import annotations

import hmac
import json
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from checkrein.service.approver import Stopped

log = logging.getLogger("checkrein.service")

REMEMBERED = 4096


class StoppedActions:
    """Fingerprints of actions by the ids of their decisions; ``summary`` gives the masked line of a decision's id. Thread-safe.

    ``file`` (0600) keeps them across restarts: JSON lines ``[id, fingerprint, MAC]``, the last ``REMEMBERED`` of which count.
    The MAC keeps anybody without ``key`` from putting one action under the id, and so the description, of another.
    """

    def __init__(self, file: Path, key: bytes, summary: Callable[[str], str]) -> None:
        self._file, self._key, self._summary = file, key, summary
        self._actions: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self._lines = 0
        try:
            self._load()
        except OSError as error:
            log.error("what was stopped before cannot be read from %s: %s", file, error.strerror)

    def note(self, decision_id: str, action: str) -> None:
        """Remember that the action with this fingerprint was stopped. Where it cannot be kept, it is known until a restart."""
        with self._lock:
            self._remember(decision_id, action)
            try:
                self._append([(decision_id, action)], os.O_APPEND)
                self._lines += 1
                if self._lines > 2 * REMEMBERED:
                    self._shorten()
            except OSError as error:
                log.error("what was stopped cannot be kept in %s: %s", self._file, error.strerror)

    def find(self, decision_id: str) -> Stopped | None:
        """What was stopped under this id; None where nothing was, or too long ago."""
        with self._lock:
            action = self._actions.get(decision_id)
        return None if action is None else Stopped(action, self._summary(decision_id))

    def _remember(self, decision_id: str, action: str) -> None:
        self._actions[decision_id] = action
        if len(self._actions) > REMEMBERED:
            self._actions.popitem(last=False)

    def _load(self) -> None:
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return
        with os.fdopen(descriptor, "rb") as file:
            for line in file:
                self._lines += 1
                known = self._checked(line)
                if known is not None:
                    self._remember(*known)
        if self._lines > REMEMBERED:
            self._shorten()

    def _checked(self, line: bytes) -> tuple[str, str] | None:
        """The id and the fingerprint of a line; None where it is torn or not ours: that action can then not be permitted."""
        try:
            match json.loads(line):
                case [str(decision_id), str(action), str(mac)] if hmac.compare_digest(
                    self._mac(decision_id, action).encode(), mac.encode(errors="replace")
                ):
                    return decision_id, action
        except (ValueError, RecursionError):
            pass
        return None

    def _mac(self, decision_id: str, action: str) -> str:
        return hmac.digest(self._key, b"stopped " + json.dumps([decision_id, action]).encode(), "sha256").hex()

    def _shorten(self) -> None:
        new = self._file.with_suffix(".new")
        self._append(list(self._actions.items()), os.O_TRUNC, new)
        new.replace(self._file)
        self._lines = len(self._actions)

    def _append(self, items: list[tuple[str, str]], how: int, file: Path | None = None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | how
        descriptor = os.open(file or self._file, flags, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            for decision_id, action in items:
                opened.write(json.dumps([decision_id, action, self._mac(decision_id, action)]).encode() + b"\n")
