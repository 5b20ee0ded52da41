"""What the gateway needs from others, and what it is told: small interfaces, so that it can be tested by itself."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from checkrein.core.redacted import Redacted
from checkrein.ledger.egress import Sent
from checkrein.policy.privacy import Attachments


class Batch(Protocol):
    """The texts of one request on their way out. For one thread at a time."""

    @property
    def known(self) -> Hashable:
        """Another value as soon as more is known to be sensitive, whoever learnt it: what was looked at before may be redacted
        otherwise now. Of what was learnt it is the state when the batch was made."""

    def redact(self, text: str, source: str) -> Redacted:
        """``source`` is where the text stood: an absolute path, ``command``, ``mcp:SERVER``, ``prompt``, or "" for none.

        It is kept with what is found, and has no part in what is found.

        Raises RedactionError; then nothing is sent.
        """

    def stands_in(self, redacted: str) -> bool:
        """Whether a value that was met first in this request stands in a text that ``redact`` gave before. RedactionError."""

    def keep(self) -> None:
        """Keep all values that were replaced, so that they can be restored. Raises RedactionError; then nothing is sent."""


class Redactor(Protocol):
    """Redacts for one project. Called from several threads at once."""

    @property
    def version(self) -> Hashable:
        """Another value as soon as any text might be redacted otherwise than before: what was learnt under an earlier one is
        not used again. Two redactors with different versions may redact the same text differently."""

    def batch(self) -> Batch:
        """For one request."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``session`` is the client's id of it, as it says itself ("" where it says none)."""

    session: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What would leave, for the decision whether it may.

    ``folders`` are those that the conversation names as the one it works in, ``paths`` the files that its tools were called on
    or that the client put into it, both as they stand there. ``found`` as in Redacted. What a conversation says of itself
    can make a decision stricter, never freer.
    """

    caller: Caller
    method: str
    path: str
    folders: tuple[str, ...]
    paths: tuple[str, ...]
    found: Mapping[tuple[str, str], int]


class Record(Protocol):
    """Keeps what left. Called from several threads at once. Whatever it raises in ``begin`` stops the request."""

    def begin(self, sent: Sent) -> int:
        """Keep it, before anything leaves; a number by which it is known."""

    def finish(self, number: int, status: int, bytes_back: int) -> None:
        """The answer's HTTP status (0 where there was none) and how many bytes of it came."""


class Observer(Protocol):
    """Is told of each request when it is over. Called in the event loop: must not block."""

    def finished(self, sent: Sent | None, status: int, seconds: float) -> None:
        """``sent`` is None where it was refused; ``status`` is what the client got, ``seconds`` from first byte to last."""


class Restore(Enum):
    """What the client gets back with real values in it.

    A value in a tool's input would go wherever the model sends it. Hooks let it go back only to where it came from, so where
    they are on, tool inputs are left to them. ``TEXT_AND_TOOLS`` is for a client without hooks.
    """

    TEXT = "text"
    TEXT_AND_TOOLS = "text-and-tools"


class Scope(Enum):
    """Whose placeholders are restored.

    ``VAULT``: any of the store, for a gateway that one person uses. ``REQUEST``: only those that this very request turned
    into placeholders, for one that many share: else whoever sees another's placeholder would only have to ask the model to
    repeat it.
    """

    VAULT = "vault"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Settings:
    """``upstream`` is the base URL that requests go to. ``mount`` is the path that callers put before the API's own; what
    does not begin with it is refused. ``max_bytes`` bounds the body of a request.
    """

    upstream: str
    mount: str = ""
    restore: Restore = Restore.TEXT
    scope: Scope = Scope.VAULT
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ports:
    """The gateway's connections to the rest.

    ``redactor`` gives the one for a caller's project; ``restore`` the value of a placeholder, or None where it is not known;
    ``classify`` the reasons why something may not leave (none of them: it may). All may raise RedactionError.
    ``attachments`` gives what happens to those of a caller's project.
    """

    redactor: Callable[[Caller], Redactor]
    attachments: Callable[[Caller], Attachments]
    restore: Callable[[str], str | None]
    classify: Callable[[Outgoing], Sequence[str]]
    record: Record
    observer: Observer
