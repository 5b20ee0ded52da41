"""Text made safe to leave this machine: what policy calls sensitive is found, and placeholders take its place."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from checkrein.core import RedactionError, ScanError
from checkrein.core.redacted import Redacted
from checkrein.core.sensitive import Sensitive, merged
from checkrein.detect.dictionary import Dictionary
from checkrein.detect.pii import load as kinds
from checkrein.detect.pii.published import EVERY
from checkrein.detect.pii.published import search as personal
from checkrein.detect.secrets.engine import standard
from checkrein.detect.secrets.known import KnownValues
from checkrein.detect.sensitive import Detector, Scanner
from checkrein.observe.credentials import Found
from checkrein.policy.privacy import Redaction, Term
from checkrein.vault.entry import Kind

MAX_PROJECTS = 64
_Asked = tuple[bool, frozenset[str], tuple[Term, ...]]


class Gathering(Protocol):
    """Values on their way into the vault."""

    def scan(self, text: str) -> tuple[Sensitive, ...]:
        """Where values that were gathered before stand in ``text``."""

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """The text with placeholders. VaultError."""

    def keep(self) -> None:
        """Put the values into the vault. VaultError."""


class Keeper(Protocol):
    """The vault, as far as redacting needs it."""

    def gathering(self) -> Gathering:
        """For texts whose values go into the vault together. VaultError."""

    def refresh(self) -> Hashable:
        """Learn what is in the vault by now: only then is it found. What this gives is another value as soon as that is more.

        VaultError.
        """

    @property
    def epoch(self) -> int:
        """Changes when the same text may get other placeholders than before. VaultError."""


class Secrets(Protocol):
    """What is known to be secret on this machine and in a project."""

    def of(self, project: str) -> Found:
        """The same object as long as nothing changed."""


class Batch:
    """Texts that leave together. Not for several threads at once.

    ``known`` is what the vault's ``refresh`` gave for them.
    """

    def __init__(self, search: Detector, vault: Keeper, known: Hashable) -> None:
        self.known = known
        self._search, self._vault = search, vault
        self._gathering: Gathering | None = None

    def redact(self, text: str, source: str) -> Redacted:
        """``text`` with placeholders for what is sensitive in it, or was so in a text before it. None of them may leave before
        ``keep`` has returned.

        ``source`` says where it stood: an absolute path, ``command``, ``mcp:SERVER``, ``prompt``, "" for none. Raises
        RedactionError (ScanError, VaultError) where it cannot be done: the text must not leave then.
        """
        gathering = self._gathering
        found = _found(self._search, text)
        if gathering is not None and (again := _found(gathering, text)):
            found = merged((*found, *again))
        if not found:
            return Redacted(text)
        if gathering is None:
            gathering = self._gathering = self._vault.gathering()
        return Redacted(gathering.redact(text, found, source), Counter((each.rule, each.label) for each in found))

    def stands_in(self, redacted: str) -> bool:
        """Whether a value that was met first in this batch stands in what ``redact`` gave before it was. RedactionError."""
        return self._gathering is not None and bool(_found(self._gathering, redacted))

    def keep(self) -> None:
        """Put what was found into the vault. Raises VaultError: nothing of it may leave then."""
        if self._gathering is not None:
            self._gathering.keep()


class Redactor:
    """Redacts with one search and one vault. Thread-safe."""

    def __init__(self, search: Detector, vault: Keeper, serial: int = 0) -> None:
        self._search, self._vault, self._serial = search, vault, serial

    @property
    def version(self) -> tuple[int, int]:
        """Another one as soon as a text may be redacted otherwise than before. RedactionError."""
        return self._serial, self._vault.epoch

    def batch(self) -> Batch:
        """For texts that leave together. What is in the vault by now is found in them. VaultError."""
        return Batch(self._search, self._vault, self._vault.refresh())

    def redact(self, text: str, source: str) -> Redacted:
        """As ``Batch.redact``, of a text that may leave at once."""
        batch = self.batch()
        redacted = batch.redact(text, source)
        batch.keep()
        return redacted

    def masked(self, text: str, mask: str) -> str:
        """``text`` with ``mask`` for what is sensitive in it, which nothing brings back: the vault gets nothing.

        RedactionError.
        """
        self._vault.refresh()
        shown = text
        for each in reversed(merged(_found(self._search, text))):
            shown = shown[: each.start] + mask + shown[each.end :]
        return shown


def _found(search: Detector | Gathering, text: str) -> tuple[Sensitive, ...]:
    """What ``search`` finds. Raises RedactionError where it cannot."""
    try:
        return search.scan(text)
    except RedactionError:
        raise
    except Exception as error:  # noqa: BLE001 - it may quote the text: nothing but its kind is told
        raise ScanError(
            "a text could not be searched for sensitive data",
            why=type(error).__name__,
            fix="see `checkrein doctor`; until then this text stays here",
        ) from None


def search_of(redaction: Redaction, secrets: Found) -> Scanner:
    """The search that a policy asks for, with the secrets that are known."""
    return Scanner(
        standard(),
        generic=redaction.generic,
        known=KnownValues(secrets.values) if secrets.values else None,
        pii=personal(redaction.pii, secrets.published) if redaction.pii else None,
        dictionary=Dictionary((term.text, term.label) for term in redaction.dictionary) if redaction.dictionary else None,
    )


class Wanted:
    """Whether a policy still looks for a value of the vault that is no credential: personal data by its label, a name where its
    dictionary finds one in it.
    """

    def __init__(self, redaction: Redaction, secrets: Found) -> None:
        self._labels = {kind.label for kind in kinds() if kind.id in redaction.pii}
        self._published = frozenset[str]() if EVERY in redaction.pii else secrets.published
        self._terms = redaction.dictionary
        self._dictionary: Dictionary | None = None

    def __call__(self, kind: Kind, label: str, value: str) -> bool:
        """See ``recall.Wanted``."""
        if kind is Kind.PERSONAL:
            return label in self._labels and value.lower() not in self._published
        if self._terms and self._dictionary is None:
            self._dictionary = Dictionary((term.text, term.label) for term in self._terms)
        return self._dictionary is not None and bool(self._dictionary.scan(value))


class Redactors:
    """The redactor of each project, made anew where its policy or its secrets changed. Thread-safe.

    ``redaction`` gives what the policy of a project says, ``secrets`` what is known to be secret there.
    """

    def __init__(
        self,
        vault: Keeper,
        redaction: Callable[[str], Redaction],
        secrets: Secrets,
        search: Callable[[Redaction, Found], Detector] = search_of,
    ) -> None:
        self._vault, self._redaction, self._secrets, self._search = vault, redaction, secrets, search
        self._made: OrderedDict[str, tuple[_Asked, Found, Redactor]] = OrderedDict()
        self._serials = itertools.count(1)
        self._lock = threading.Lock()

    def of(self, project: str) -> Redactor | None:
        """The redactor of the project at that absolute path; None where its policy switches redaction off.

        Raises RedactionError where it cannot be made, and what reading a policy raises.
        """
        redaction = self._redaction(project)
        return self._of(project, redaction) if redaction.enabled else None

    def for_record(self, project: str) -> Redactor:
        """As ``of``, also where the policy switches redaction off: the record never holds values. Raises what ``of`` does."""
        return self._of(project, self._redaction(project))

    def _of(self, project: str, redaction: Redaction) -> Redactor:
        found = self._secrets.of(project)
        with self._lock:
            made = self._made.get(project)
            asked = (redaction.generic, redaction.pii, redaction.dictionary)
            if made is None or made[0] != asked or made[1] is not found:
                made = self._made[project] = (asked, found, self._redactor(redaction, found))
                if len(self._made) > MAX_PROJECTS:
                    self._made.popitem(last=False)
            self._made.move_to_end(project)
            return made[2]

    def _redactor(self, redaction: Redaction, found: Found) -> Redactor:
        try:
            return Redactor(self._search(redaction, found), self._vault, next(self._serials))
        except RedactionError:
            raise
        except Exception as error:  # noqa: BLE001 - what cannot be searched for does not leave
            raise ScanError(
                "the search for sensitive data could not be prepared",
                why=type(error).__name__,
                fix="see `checkrein doctor`; check the dictionary and the kinds in the policy",
            ) from None
