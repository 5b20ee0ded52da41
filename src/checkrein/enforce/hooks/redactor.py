"""What hooks need of whoever finds sensitive values and puts placeholders in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from checkrein.core.redacted import Redacted


class Redactor(Protocol):
    """Finds what is sensitive in a text and puts placeholders in its place."""

    def redact(self, text: str, source: str) -> Redacted:
        """``source`` says where the text is from: an absolute path, ``command``, ``mcp:SERVER`` or ``prompt``.

        RedactionError where it cannot be done: the text must not leave then.
        """


@dataclass(frozen=True, slots=True)
class ProjectRedaction:
    """What holds in one project, and for a session. ``wrap``: output of commands is redacted as it comes.

    ``gateway``: so is all that the session sends.
    """

    redactor: Redactor
    wrap: bool = True
    gateway: bool = False


class Redactors(Protocol):
    """The redactor of each project."""

    def of(self, project: str, session: str = "") -> ProjectRedaction | None:
        """What holds in the project at that absolute path, and for a session; None where the policy switches redaction off."""


@dataclass(frozen=True, slots=True)
class RedactedBytes:
    """Redacted bytes, and how many values of which label were replaced."""

    data: bytes
    counts: Mapping[str, int]


def redact_bytes(data: bytes, redactor: Redactor, source: str) -> RedactedBytes:
    """``data`` with placeholders. Where it is no UTF-8, each byte is taken for a character, and comes back as it was."""
    try:
        encoding, text = "utf-8", data.decode("utf-8")
    except UnicodeDecodeError:
        encoding, text = "latin-1", data.decode("latin-1")
    redacted = redactor.redact(text, source)
    return RedactedBytes(redacted.text.encode(encoding) if redacted.counts else data, redacted.counts)
