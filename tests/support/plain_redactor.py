"""A redactor for tests of what carries redaction: it knows one shape of secret, and its placeholders are of the real form."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field

from checkrein.core import RedactionError
from checkrein.core.redacted import Redacted
from checkrein.enforce.hooks.redactor import ProjectRedaction

SHAPE = re.compile(r"hush-[a-z0-9]+", re.ASCII)
LABEL = "TEST_KEY"
PERSON = re.compile(r"person-[a-z0-9]+", re.ASCII)


def placeholder(value: str, label: str = LABEL) -> str:
    """What stands for ``value``."""
    mark = base64.b32encode(hashlib.sha256(value.encode()).digest())[:16].decode().lower()
    return f"CKR_{label}_{mark}"


@dataclass
class PlainRedactor:
    """Replaces ``hush-...``, and ``person-...`` as personal data.

    ``failing`` makes it fail; ``seen`` are the texts and where they are from.
    """

    failing: bool = False
    seen: list[tuple[str, str]] = field(default_factory=list)

    def redact(self, text: str, source: str) -> Redacted:
        """See ``checkrein.enforce.hooks.redactor.Redactor``."""
        self.seen.append((text, source))
        if self.failing:
            raise RedactionError("the vault is locked", fix="unlock it")
        found: Counter[tuple[str, str]] = Counter(("secret.test", LABEL) for _ in SHAPE.finditer(text))
        found.update(("pii.test", "PERSON") for _ in PERSON.finditer(text))
        text = PERSON.sub(lambda match: placeholder(match[0], "PERSON"), text)
        return Redacted(SHAPE.sub(lambda match: placeholder(match[0]), text), found)


@dataclass
class OneRedaction:
    """The same redaction for every project; none where ``redactor`` is None."""

    redactor: PlainRedactor | None = field(default_factory=PlainRedactor)
    wrap: bool = True
    gateway: bool = False
    projects: list[str] = field(default_factory=list)

    def of(self, project: str, session: str = "") -> ProjectRedaction | None:
        """See ``checkrein.enforce.hooks.redactor.Redactors``."""
        self.projects.append(project)
        return None if self.redactor is None else ProjectRedaction(self.redactor, self.wrap, self.gateway)
