"""A person's consent: the caller must sit at a terminal, and type the code that the service writes to it."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from checkrein.core import CheckreinError, ServiceError, UsageError
from checkrein.decide.approvals import Scope
from checkrein.report.text import clean, shorten
from checkrein.service.peer import Peer
from checkrein.service.person import Person, Refusal, require_person
from checkrein.service.processes import Process, ProcessTable

CODE_SECONDS = 120.0
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 6
_PENDING_MAX = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to permit: the decision ``id`` again, once, for ``seconds``, or from now on."""

    id: str
    span: Scope
    seconds: float | None = None


class Approver(Protocol):
    """Keeps permissions. Implementations record every grant and revocation in the ledger. Called from several threads."""

    def describe(self, decision_id: str) -> str:
        """In one line, what would be permitted. UsageError where no such decision was made."""

    def grant(self, wish: Wish) -> str:
        """Permit it. Returns one line that says what holds now."""

    def refused(self, wish: Wish, why: str) -> None:
        """Record that nothing was permitted, and why."""

    def granted(self) -> Sequence[Mapping[str, Any]]:
        """The permissions that hold."""

    def revoke(self, decision_id: str) -> str:
        """Take a permission back. UsageError where there is none."""


@dataclass(frozen=True, slots=True)
class _Pending:
    wish: Wish
    code: str
    pid: int
    start: int
    expires: float


class Consent:
    """The two steps of a permission: ``ask`` writes a code to the caller's terminal, ``confirm`` takes it back."""

    def __init__(
        self,
        approver: Approver,
        table: ProcessTable,
        uid: int,
        *,
        write: Callable[[Process, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._approver, self._table, self._uid = approver, table, uid
        self._write = write or write_to_terminal
        self._clock = clock
        self._pending: dict[str, _Pending] = {}
        self._lock = threading.Lock()

    def ask(self, peer: Peer, wish: Wish) -> str:
        """Check the caller, write a one-time code to the person's terminal; the handle to confirm with.

        UsageError, ServiceError.
        """
        person = self._person(peer)
        caller = person.caller
        what = self._approver.describe(wish.id)
        code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
        handle = secrets.token_hex(16)
        with self._lock:
            now = self._clock()
            self._pending = {key: item for key, item in self._pending.items() if item.expires > now and item.pid != caller.pid}
            if len(self._pending) >= _PENDING_MAX:
                raise ServiceError("Too many permissions wait for their codes.", fix="Try again in two minutes.")
            self._pending[handle] = _Pending(wish, code, caller.pid, caller.start, now + CODE_SECONDS)
        self._write(
            person.screen,
            f"\r\ncheckrein: to permit ({wish.span}): {shorten(clean(what), 400)}\r\ncheckrein: type this code: {code}\r\n",
        )
        return handle

    def confirm(self, peer: Peer, handle: str, code: str) -> str:
        """Grant what the code was made for. A code can be tried once, by the process that asked. UsageError where it fails."""
        caller = self._person(peer).caller
        with self._lock:
            pending = self._pending.pop(handle, None)
        if pending is None or pending.expires < self._clock():
            raise UsageError("There is no such request any more.", fix="Run `checkrein allow` again.")
        if (pending.pid, pending.start) != (caller.pid, caller.start):
            raise UsageError("Another process asked for this permission.", fix="Run `checkrein allow` again.")
        if not hmac.compare_digest(code.strip().upper().encode(), pending.code.encode()):
            self._approver.refused(pending.wish, "the code was wrong")
            raise UsageError("The code is wrong.", fix="Run `checkrein allow` again and type the new code.")
        return self._approver.grant(pending.wish)

    def _person(self, peer: Peer) -> Person:
        try:
            return require_person(peer.pid, self._uid, self._table)
        except Refusal as refusal:
            raise UsageError(
                "Only a person at a terminal can permit this.",
                why=str(refusal),
                fix="Run `checkrein allow` yourself, in a terminal window, console or ssh login in which no Claude Code runs.",
            ) from refusal


def write_to_terminal(process: Process, text: str) -> None:
    """Write ``text`` to the controlling terminal of ``process``. ServiceError where its device cannot be found or written."""
    for path in (Path(f"/dev/pts/{_minor(process.terminal)}"), *(Path(f"/proc/{process.pid}/fd/{n}") for n in (0, 1, 2))):
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            continue
        with os.fdopen(descriptor, "wb", buffering=0) as device:
            found = os.fstat(descriptor)
            if stat.S_ISCHR(found.st_mode) and found.st_rdev == _device(process.terminal):
                device.write(text.encode())
                return
    raise ServiceError("The code cannot be written to your terminal.", fix="Use another terminal, a console or an ssh login.")


def _minor(number: int) -> int:
    """The minor number in the kernel's own form of a device number (bits 0-7 and 20-31, proc(5))."""
    return (number & 0xFF) | ((number >> 12) & 0xFFF00)


def _device(number: int) -> int:
    return os.makedev((number >> 8) & 0xFFF, _minor(number))


def as_body(error: CheckreinError) -> dict[str, str]:
    """The error as the control protocol carries it."""
    return {"error": error.what, "why": error.why, "fix": error.fix}
