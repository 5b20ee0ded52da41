"""``Sweeper``: looks through the copies, counts what is sensitive in them, and takes it out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from checkrein.core import RedactionError, ScanError
from checkrein.core.sensitive import Sensitive, merged
from checkrein.detect.sensitive import Detector
from checkrein.sweep import rewrite, texts
from checkrein.sweep.noise import WithoutNoise
from checkrein.sweep.places import Copy
from checkrein.sweep.records import repaired, repaired_lines
from checkrein.sweep.values import Value, Values

_ROUNDS = 4
"""How often a text is searched again after something was taken out of it: what stands beside a value can hide another one."""


class Vault(Protocol):
    """What keeps values, and finds those that it was given."""

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """The text with placeholders. VaultError."""

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values stand that were redacted once."""


@dataclass(frozen=True, slots=True)
class Left:
    """A file that was not searched or not changed, and why."""

    path: str
    why: str


class Done(StrEnum):
    """What became of the findings of a file."""

    NOTHING = ""
    REDACTED = "redacted"  # placeholders stand for them
    MASKED = "masked"  # overwritten by asterisks, since a program may hold the file


@dataclass(frozen=True, slots=True)
class Swept:
    """A file with findings. ``found`` counts them by label; ``done`` tells what became of them."""

    copy: Copy
    found: Counter[str]
    done: Done = Done.NOTHING


@dataclass(slots=True)
class Report:
    """What a sweep came to. ``size`` is what was searched, in bytes of text; ``values`` are keyed by a hash of each value.

    ``open``: files and folders that others may read, ``closed``: how many of those were made private.
    """

    files: int = 0
    size: int = 0
    values: dict[bytes, Value] = field(default_factory=dict)
    swept: list[Swept] = field(default_factory=list)
    open: list[Copy] = field(default_factory=list)
    closed: int = 0
    binary: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def note(self, path: str, why: str) -> None:
        """Remember a path that was left as it is."""
        self.left.append(Left(path, why))

    @property
    def times(self) -> int:
        """How many findings there are."""
        return sum(swept.found.total() for swept in self.swept)


class Sweeper:
    """``search`` finds what is sensitive, and whatever ``vault`` was given before; None where nothing is to be changed.

    ``values`` counts what is found; ``open_elsewhere`` tells whether a program may hold a file.
    """

    def __init__(
        self,
        search: Detector,
        vault: Vault | None = None,
        *,
        values: Values | None = None,
        open_elsewhere: Callable[[str], bool] = rewrite.is_open_elsewhere,
    ) -> None:
        self._values = values or Values()
        self._search, self._vault, self._open_elsewhere = WithoutNoise(search), vault, open_elsewhere
        self._learnt = WithoutNoise(vault) if vault is not None else None
        self._seen: dict[bytes, tuple[Sensitive, ...]] = {}

    def run(self, found: Iterable[Copy], report: Report) -> Report:
        """Look through ``found``, and change them where there is a vault. Adds to ``report``. VaultError.

        Two passes: a value that only the words around it betray in one file is then known in all others.
        """
        everything = list(found)
        texts_found = [copy for copy in everything if self._looked(copy, report)]
        report.open += [copy for copy in everything if copy.is_open]
        if self._vault is None:
            return report
        before = {swept.copy.path: swept for swept in report.swept}
        report.swept = []
        for copy in texts_found:
            swept = self._changed(copy, before.get(copy.path), report)
            if swept is not None:
                report.swept.append(swept)
        report.closed += sum(self._close(copy, report) for copy in everything if copy.is_open)
        return report

    def _looked(self, copy: Copy, report: Report) -> bool:
        """Search a file; False where it is no text, or could not be searched."""
        if copy.is_dir:
            return False
        counts: Counter[str] = Counter()
        try:
            with rewrite.opened(copy.path) as file:
                for number, piece in enumerate(texts.pieces(file, copy.path)):
                    if not number and texts.is_binary(piece):
                        report.binary.append(copy.path)
                        return False
                    text = texts.decoded(piece)
                    found = self._found(text)
                    if found:
                        self._values.count(copy, text, found, report.values)
                        counts.update(each.label for each in found)
                        if self._vault is not None:
                            self._vault.redact(text, found)
                    report.size += len(piece)
        except (OSError, ScanError) as error:
            report.note(copy.path, _why(error))
            return False
        report.files += 1
        if counts:
            report.swept.append(Swept(copy, counts))
        return True

    def _found(self, text: str) -> tuple[Sensitive, ...]:
        """What is sensitive in ``text``. Of a text that was searched before, only what the vault was given since can be new."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        before = self._seen.get(digest)
        try:
            if before is None:
                before = self._seen[digest] = self._search.scan(text)
            elif self._learnt is not None:
                return merged((*before, *self._learnt.scan(text)))
            return before
        except RedactionError:
            raise
        except Exception as error:  # noqa: BLE001 - it may quote the text: nothing but its kind is told
            raise ScanError("a text could not be searched", why=type(error).__name__) from None

    def _changed(self, copy: Copy, before: Swept | None, report: Report) -> Swept | None:
        """Take out what is found in a file; None where nothing was."""
        further: Counter[str] = Counter()
        try:
            if before is None and not self._holds(copy, further):
                return None
            counts = before.found if before else further
            if self._open_elsewhere(copy.path):
                done = Done.MASKED if self._mask(copy.path) else Done.NOTHING
            else:
                done = Done.REDACTED if self._replace(copy.path) else Done.NOTHING
        except (OSError, ScanError) as error:
            report.note(copy.path, _why(error))
            return before
        if done is Done.NOTHING:
            report.note(copy.path, "something in it looks sensitive however often it is replaced")
        return Swept(copy, counts, done)

    def _mask(self, path: str) -> bool:
        """Overwrite what is found in a file; whether nothing is left."""
        return any(rewrite.mask(path, self._found) == 0 for _ in range(_ROUNDS))

    def _replace(self, path: str) -> bool:
        """Replace the file by a redacted one, and again where it grew in between: a value may have come in two parts.

        Whether nothing is left.
        """
        for _ in range(_ROUNDS):
            work = _Redaction(self._once, lines=texts.is_lines(path))
            grew = rewrite.replace(path, work.redact)
            if work.complete and not grew:
                return True
        return False

    def _holds(self, copy: Copy, counts: Counter[str]) -> bool:
        """Whether something is found in a file; ``counts`` is told what."""
        with rewrite.opened(copy.path) as file:
            for piece in texts.pieces(file, copy.path):
                counts.update(each.label for each in self._found(texts.decoded(piece)))
        return bool(counts)

    def _once(self, text: str) -> str:
        found = self._found(text)
        return self._vault.redact(text, found) if found and self._vault is not None else text

    @staticmethod
    def _close(copy: Copy, report: Report) -> bool:
        """Take every right from other users; whether that was done."""
        try:
            rewrite.make_private(copy.path)
        except OSError as error:
            report.note(copy.path, _why(error))
            return False
        return True


class _Redaction:
    """Redacts the pieces of one file; ``complete`` until something is found in one however often it is replaced."""

    def __init__(self, once: Callable[[str], str], *, lines: bool) -> None:
        self._once, self._lines = once, lines
        self.complete = True

    def redact(self, data: bytes) -> bytes:
        text = texts.decoded(data)
        units = text.split("\n") if self._lines else [text]
        waiting = list(range(len(units)))  # those that are to be searched: at first all, then what changed
        for changes in range(_ROUNDS):
            before = "\n".join(units[number] for number in waiting)
            after = self._once(before)
            if after == before:
                return texts.encoded("\n".join(units)) if changes else data
            whole = (repaired_lines if self._lines else repaired)(before, after, self._once)
            new = whole.split("\n") if self._lines else [whole]
            changed = [(number, now) for number, now in zip(waiting, new, strict=True) if units[number] != now]
            for number, now in changed:
                units[number] = now
            waiting = [number for number, _ in changed]
            if not waiting:
                break
        self.complete = False
        return texts.encoded("\n".join(units))


def _why(error: OSError | ScanError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return error.why or error.what
