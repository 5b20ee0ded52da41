"""Text made safe to leave this machine: what policy calls sensitive is found, and placeholders take its place."""

from __future__ import annotations

import itertools
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from checkrein.core import RedactionError, ScanError
from checkrein.core.sensitive import Sensitive
from checkrein.detect.dictionary import Dictionary
from checkrein.detect.pii import Pii
from checkrein.detect.secrets.engine import standard
from checkrein.detect.secrets.known import KnownValues
from checkrein.detect.sensitive import Detector, Scanner
from checkrein.observe.credentials import Found
from checkrein.policy.privacy import Redaction, Term

MAX_PROJECTS = 64
_Asked = tuple[bool, frozenset[str], tuple[Term, ...]]


class Keeper(Protocol):
    """The vault, as far as redacting needs it."""

    def redact(self, text: str, found: Sequence[Sensitive], source: str = "") -> str:
        """The text with placeholders. VaultError."""

    @property
    def epoch(self) -> int:
        """Changes when the same text may get other placeholders than before. VaultError."""


class Secrets(Protocol):
    """What is known to be secret on this machine and in a project."""

    def of(self, project: str) -> Found:
        """The same object as long as nothing changed."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that may leave. ``found`` counts what was replaced, by the id of the rule that found it and its label."""

    text: str
    found: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many values were replaced, by label."""
        counts: Counter[str] = Counter()
        for (_, label), number in self.found.items():
            counts[label] += number
        return counts


class Redactor:
    """Redacts with one search and one vault. Thread-safe."""

    def __init__(self, search: Detector, vault: Keeper, serial: int = 0) -> None:
        self._search, self._vault, self._serial = search, vault, serial

    @property
    def version(self) -> tuple[int, int]:
        """Another one as soon as a text may be redacted otherwise than before. RedactionError."""
        return self._serial, self._vault.epoch

    def redact(self, text: str, source: str) -> Redacted:
        """``text`` with placeholders for what is sensitive in it.

        ``source`` says where it stood: an absolute path, ``command``, ``mcp:SERVER``, ``prompt``, "" for none. Raises
        RedactionError (ScanError, VaultError) where it cannot be done: the text must not leave then.
        """
        try:
            found = self._search.scan(text)
        except RedactionError:
            raise
        except Exception as error:  # noqa: BLE001 - it may quote the text: nothing but its kind is told
            raise ScanError(
                "a text could not be searched for sensitive data",
                why=type(error).__name__,
                fix="see `checkrein doctor`; until then this text stays here",
            ) from None
        if not found:
            return Redacted(text)
        return Redacted(self._vault.redact(text, found, source), Counter((each.rule, each.label) for each in found))


def search_of(redaction: Redaction, secrets: Found) -> Detector:
    """The search that a policy asks for, with the secrets that are known."""
    return Scanner(
        standard(),
        generic=redaction.generic,
        known=KnownValues(secrets.values) if secrets.values else None,
        pii=Pii(redaction.pii) if redaction.pii else None,
        dictionary=Dictionary((term.text, term.label) for term in redaction.dictionary) if redaction.dictionary else None,
    )


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
        if not redaction.enabled:
            return None
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
