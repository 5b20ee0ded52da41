"""The one error tree. Every error says what happened, why, and what to do next.

CheckreinError
├── UsageError      the command line was wrong                       exit 2
├── PolicyError     a policy file is broken (file, line, fix)        exit 2
├── SettingsError   the client's settings cannot be read or written  exit 2
├── ServiceError    the local service cannot be started or reached   exit 3
├── LedgerError     the record cannot be written, read or verified   exit 3
├── UndoError       a snapshot cannot be made or restored            exit 3
├── RedactionError  a text could not be made safe to leave           exit 3
│   ├── ScanError   it could not be searched for sensitive data      exit 3
│   └── VaultError  the store of redacted values cannot be used      exit 3
└── ClientError     the Claude Code client is missing or misbehaves  exit 3
"""


class CheckreinError(Exception):
    """Base of all errors that a person is meant to read.

    ``what`` is one sentence on what happened, ``why`` its cause, ``fix`` what to do next (may be empty).
    """

    exit_code = 3

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"why: {self.why}")
        if self.fix:
            lines.append(f"fix: {self.fix}")
        return "\n".join(lines)


class UsageError(CheckreinError):
    """The command line was wrong."""

    exit_code = 2


class PolicyError(CheckreinError):
    """A policy file is broken. ``what`` begins with ``FILE:LINE:`` where a line is known."""

    exit_code = 2


class SettingsError(CheckreinError):
    """The client's settings cannot be read or written."""

    exit_code = 2


class ServiceError(CheckreinError):
    """The local service cannot be started or reached."""


class LedgerError(CheckreinError):
    """The record cannot be written, read or verified."""


class UndoError(CheckreinError):
    """A snapshot cannot be made or restored."""


class ClientError(CheckreinError):
    """The Claude Code client is missing or does not behave as expected."""


class RedactionError(CheckreinError):
    """A text could not be made safe to leave the machine. Whoever meets this error lets nothing out.

    ``passing``: it may go over by itself, as a store that another program holds. Trying again mends nothing else.
    """

    def __init__(self, what: str, *, why: str = "", fix: str = "", passing: bool = False) -> None:
        super().__init__(what, why=why, fix=fix)
        self.passing = passing


class ScanError(RedactionError):
    """A text could not be searched for sensitive data."""


class VaultError(RedactionError):
    """The store of redacted values is locked, full or broken, or its key is not there. Never holds a value."""
