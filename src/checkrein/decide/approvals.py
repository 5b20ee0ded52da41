"""A person's permissions, each for one action: once, until a time, or always.

The store is a JSON file (0600). Every permission carries a MAC, so that a line can neither be added nor stretched without
the key; what that cannot show is an older copy of the whole file put back. Whatever is wrong with the file, the outcome is no
permission.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from checkrein.core import Event, LedgerError
from checkrein.locations import private_folder

_VERSION = 1
_KEEP_USED = 30 * 86_400  # seconds that a spent permission stays listed


class Scope(StrEnum):
    """How long a permission holds."""

    ONCE = "once"
    UNTIL = "until"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Approval:
    """One permission. Times are seconds since the epoch; ``expires`` 0 is never, ``used`` 0 is not yet (else the last time).

    ``decision`` is the public id that the person named, ``summary`` one masked line on what it permits.
    """

    id: str
    fingerprint: str
    scope: Scope
    created: float
    expires: float
    used: float
    decision: str
    summary: str

    def holds(self, now: float) -> bool:
        """Whether it permits its action at ``now``."""
        return not (self.scope is Scope.ONCE and self.used) and not (self.expires and now >= self.expires)


def fingerprint(key: bytes, event: Event, looked_at: Mapping[str, str] = MappingProxyType({})) -> str:
    """Names one action: the keyed hash (hex) of the project, the working folder, the tool and its whole input.

    ``looked_at`` gives for each file whose content was judged what that content was: with another content it is another action.
    """
    parts = [event.project, event.cwd, event.tool, event.input, dict(looked_at)]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return hmac.digest(key, b"action " + text.encode(), "sha256").hex()


class ApprovalStore:
    """Permissions in ``file``; ``key`` is the install's (``Ledger.keys.approvals``). Safe to use from several threads and
    processes.

    ``problem`` says what was wrong with the file when it was last read ("" where nothing was): for the record and for
    ``doctor``.
    """

    def __init__(self, file: Path, key: bytes) -> None:
        self.file = file
        self.problem = ""
        self._key = key
        private_folder(file.parent)

    def add(
        self, action: str, scope: Scope, *, now: float, expires: float = 0.0, decision: str = "", summary: str = ""
    ) -> Approval:
        """Permit the action with the fingerprint ``action``; it is on disk when this returns.

        Raises LedgerError where the store is broken or cannot be written, ValueError where ``expires`` does not fit the scope.
        """
        if (scope is Scope.UNTIL) != (expires > 0) and scope is not Scope.ONCE:
            raise ValueError("a permission until a time needs that time, one for always has none")
        approval = Approval(secrets.token_hex(8), action, scope, now, expires, 0.0, decision, summary)
        with self._locked():
            known = self._load_or_raise()
            self._store([*(old for old in known if _worth_keeping(old, now)), approval])
        return approval

    def consume(self, action: str, now: float) -> Approval | None:
        """The permission for this action, used up where it was for once; None where there is none that holds.

        Of several, one that does not use itself up comes first. None as well where the store is broken or its use cannot be
        written down: ``problem`` then says why.
        """
        try:
            with self._locked():
                known = self._load()
                fitting = [old for old in known if hmac.compare_digest(old.fingerprint, action) and old.holds(now)]
                if not fitting:
                    return None
                chosen = min(fitting, key=lambda old: (old.scope is Scope.ONCE, old.created))
                used = replace(chosen, used=now or 1.0)
                self._store([used if old.id == chosen.id else old for old in known])
                return used
        except (OSError, LedgerError) as error:
            self.problem = f"the permissions in {self.file} cannot be used: {error}"
            return None

    def permits(self, action: str, now: float) -> bool:
        """Whether ``consume`` would find a permission. Uses none up; False where the store is broken."""
        return any(hmac.compare_digest(old.fingerprint, action) and old.holds(now) for old in self._load())

    def withdraw(self, approval_id: str) -> bool:
        """Take the permission with this ``Approval.id`` back; False where there is none. Raises LedgerError."""
        with self._locked():
            known = self._load_or_raise()
            left = [old for old in known if old.id != approval_id]
            if len(left) == len(known):
                return False
            self._store(left)
        return True

    def holding(self, now: float) -> list[Approval]:
        """The permissions that hold, oldest first. Raises LedgerError where the store is broken."""
        with self._locked():
            return [approval for approval in self._load_or_raise() if approval.holds(now)]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """A file of its own is locked: the store itself is replaced with each change."""
        descriptor = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _load_or_raise(self) -> list[Approval]:
        known = self._load()
        if self.problem:
            raise LedgerError(self.problem, why="no permission in it counts", fix=f"look at it, then remove {self.file}")
        return known

    def _load(self) -> list[Approval]:
        """All permissions; none, and ``problem`` set, where any of them is not as it was written."""
        self.problem = ""
        try:
            descriptor = os.open(self.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        try:
            with os.fdopen(descriptor, "rb") as file:
                mode, owner = os.fstat(file.fileno()).st_mode, os.fstat(file.fileno()).st_uid
                given = json.loads(file.read())
            if mode & 0o077 or owner != os.geteuid():
                raise ValueError(f"others could have written it (mode {mode & 0o777:04o}, owner {owner})")
            if given["version"] != _VERSION:
                raise ValueError("its version is unknown")
            return [self._checked(item) for item in given["approvals"]]
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            self.problem = f"the permissions in {self.file} are broken: {error}"
            return []

    def _checked(self, item: dict[str, Any]) -> Approval:
        mac = item.pop("mac")
        approval = Approval(**{**item, "scope": Scope(item["scope"])})
        if not hmac.compare_digest(self._mac(approval), mac):
            raise ValueError(f"the permission {approval.id} was changed or added by hand")
        return approval

    def _mac(self, approval: Approval) -> str:
        return hmac.digest(self._key, b"approval " + json.dumps(asdict(approval), sort_keys=True).encode(), "sha256").hex()

    def _store(self, approvals: list[Approval]) -> None:
        data = {"version": _VERSION, "approvals": [{**asdict(approval), "mac": self._mac(approval)} for approval in approvals]}
        new = self.file.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(json.dumps(data, indent=1).encode())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.file)
        except OSError as error:
            raise LedgerError(f"cannot write {self.file}", why=str(error), fix="free some disk space") from error


def _worth_keeping(approval: Approval, now: float) -> bool:
    return approval.holds(now) or now - max(approval.used, approval.created) < _KEEP_USED
