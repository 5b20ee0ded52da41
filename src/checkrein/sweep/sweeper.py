"""``Sweeper``: looks through the copies, counts what is sensitive in them, and takes it out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from checkrein.core import RedactionError, ScanError
from checkrein.core.sensitive import Sensitive
from checkrein.detect.sensitive import Detector
from checkrein.sweep import rewrite, texts
from checkrein.sweep.places import Copy
from checkrein.sweep.records import repaired, repaired_lines

_ROUNDS = 4
"""How often a text is searched again after something was taken out of it: what stands beside a value can hide another one."""


class Keeper(Protocol):
    """The vault, as far as it is needed here."""

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """The text with placeholders. VaultError."""


@dataclass(slots=True)
class Value:
    """A value that was found, without the value: the rule that found it first, and how often it stands in which files."""

    rule: str
    label: str
    times: int = 0
    files: dict[str, None] = field(default_factory=dict)


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
    """``search`` finds what is sensitive, and whatever ``vault`` was given before; None where nothing is to be changed."""

    def __init__(self, search: Detector, vault: Keeper | None = None, *, held: Callable[[str], bool] = rewrite.is_held) -> None:
        self._search, self._vault, self._held = search, vault, held

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
        report.closed += sum(self._closed(copy, report) for copy in everything if copy.is_open)
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
                        self._count(copy, text, found, report)
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
        try:
            return self._search.scan(text)
        except RedactionError:
            raise
        except Exception as error:  # noqa: BLE001 - it may quote the text: nothing but its kind is told
            raise ScanError("a text could not be searched", why=type(error).__name__) from None

    @staticmethod
    def _count(copy: Copy, text: str, found: Sequence[Sensitive], report: Report) -> None:
        for each in found:
            digest = hashlib.sha256(text[each.start : each.end].encode("utf-8", "surrogatepass")).digest()
            value = report.values.setdefault(digest, Value(each.rule, each.label))
            value.times += 1
            value.files[copy.path] = None

    def _changed(self, copy: Copy, before: Swept | None, report: Report) -> Swept | None:
        """Take out what is found in a file; None where nothing was."""
        further: Counter[str] = Counter()
        try:
            if before is None and not self._holds(copy, further):
                return None
            counts = before.found if before else further
            if self._held(copy.path):
                done = Done.MASKED if self._is_masked(copy.path) else Done.NOTHING
            else:
                done = Done.REDACTED if self._is_replaced(copy.path) else Done.NOTHING
        except (OSError, ScanError) as error:
            report.note(copy.path, _why(error))
            return before
        if done is Done.NOTHING:
            report.note(copy.path, "something in it looks sensitive however often it is replaced")
        return Swept(copy, counts, done)

    def _is_masked(self, path: str) -> bool:
        return any(rewrite.mask(path, self._found) == 0 for _ in range(_ROUNDS))

    def _is_replaced(self, path: str) -> bool:
        """Replace the file by a redacted one, and again where it grew in between: a value may have come in two parts."""
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
    def _closed(copy: Copy, report: Report) -> bool:
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
        before = text = texts.decoded(data)
        for _ in range(_ROUNDS):
            after = self._once(text)
            if after == text:
                return data if text == before else texts.encoded(text)
            text = (repaired_lines if self._lines else repaired)(text, after, self._once)
        self.complete = False
        return texts.encoded(text)


def _why(error: OSError | ScanError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return error.why or error.what
