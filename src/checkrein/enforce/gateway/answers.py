"""What is done with the bytes of an answer, by the kind of answer it is."""

from __future__ import annotations

from typing import Final, Protocol

from checkrein.enforce.gateway.body import BATCHES, MESSAGES
from checkrein.enforce.gateway.ports import Restore
from checkrein.enforce.gateway.reply import restored_message
from checkrein.enforce.gateway.restore import Value
from checkrein.enforce.gateway.stream import AnswerStream

MAX_BYTES = 64 * 1024 * 1024
"""Of a message that is not streamed, and of one line in the results of a batch."""


class Answer(Protocol):
    """Takes an answer's bytes as they come, and gives those that go to the client."""

    @property
    def changes(self) -> bool:
        """Whether anything in it may change, so that its length is not known."""

    @property
    def at_once(self) -> bool:
        """Whether its head goes on before anything of its body is there."""

    @property
    def waits(self) -> bool:
        """Whether something is held back for what comes next."""

    def feed(self, piece: bytes) -> bytes:
        """What goes on, now that ``piece`` has come. May raise RedactionError, TooLongError or BrokenStreamError."""

    def end(self) -> bytes:
        """What is left to go out, now that all has come."""

    def cut(self, why: str) -> bytes | None:
        """What tells the client that the answer broke off; None where only a cut connection can."""


class TooLongError(ValueError):
    """An answer that has to be there whole before it can go on, and is too long for that."""


class Unchanged:
    """An answer that goes on as it came."""

    changes: Final = False
    at_once: Final = True
    waits: Final = False

    def feed(self, piece: bytes) -> bytes:
        """The same."""
        return piece

    def end(self) -> bytes:
        """Nothing."""
        return b""

    def cut(self, why: str) -> None:
        """Nothing can be said."""


class Whole:
    """A message in JSON, which goes on when all of it is there."""

    changes: Final = True
    at_once: Final = False

    def __init__(self, restore: Restore, value: Value) -> None:
        self._restore = restore
        self._value = value
        self._held = bytearray()

    @property
    def waits(self) -> bool:
        """Whether something has come."""
        return bool(self._held)

    def feed(self, piece: bytes) -> bytes:
        """Nothing yet."""
        self._held += piece
        if len(self._held) > MAX_BYTES:
            raise TooLongError("the answer is too long")
        return b""

    def end(self) -> bytes:
        """The message."""
        message = bytes(self._held)
        self._held.clear()
        return restored_message(message, self._restore, self._value)

    def cut(self, why: str) -> None:
        """Nothing can be said."""


class Lines(Whole):
    """The results of a batch: a message in JSON in each line, which goes on when it is there."""

    def feed(self, piece: bytes) -> bytes:
        """The lines that are whole now."""
        *whole, rest = piece.split(b"\n")
        out: list[bytes] = []
        for line in whole:
            out += (super().feed(line), self.end(), b"\n")
        super().feed(rest)
        return b"".join(out)


def answer_for(path: str, content_type: str, restore: Restore, value: Value) -> Answer:
    """How the answer to a request for ``path`` goes on."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "text/event-stream":
        return AnswerStream(restore, value)
    if path.endswith(MESSAGES) and kind == "application/json":
        return Whole(restore, value)
    if f"{BATCHES}/" in path and path.endswith("/results"):
        return Lines(restore, value)
    return Unchanged()
