"""The vault of the rules' examples: a known secret and a known address, under a key that everybody may know."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checkrein.core.sensitive import Sensitive
from checkrein.vault import Entry, Kind
from checkrein.vault.alone import marked
from checkrein.vault.key import FILE, FileHolder, Key
from checkrein.vault.placeholder import make
from checkrein.vault.vault import Vault

KEY = Key(b"the key of the rules' examples..", 0.0)
VALUE = "value-of-the-examples"
LABEL = "EXAMPLE"
MAIL = "someone@example.org"
PLACEHOLDER = make(KEY.naming, LABEL, VALUE)
"""What ``rules/data/vault.yaml`` writes for the secret."""


@dataclass
class MemoryVault:
    """Values in memory, as the decision point asks for them."""

    kept: dict[str, tuple[str, Entry]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add(VALUE)
        self.add(MAIL, label="EMAIL", kind=Kind.PERSONAL)

    def add(self, value: str, *sources: str, label: str = LABEL, kind: Kind = Kind.CREDENTIAL) -> str:
        """Keep a value; its placeholder."""
        name = make(KEY.naming_of(kind), label, value)
        self.kept[name] = (value, Entry(name, label, frozenset(sources), 1.0, 1.0, kind))
        return name

    def values(self, placeholders: Iterable[str]) -> Mapping[str, str]:
        kept = {name: self.kept[name] for name in placeholders if name in self.kept}
        return {name: marked(value, entry.kind) for name, (value, entry) in kept.items()}

    def known(self, placeholders: Collection[str]) -> Mapping[str, Entry]:
        return {name: self.kept[name][1] for name in placeholders if name in self.kept}

    def entries(self) -> Iterable[Entry]:
        return [entry for _, entry in self.kept.values()]


def fill(folder: Path) -> None:
    """Make the vault of the examples in ``folder``, as a service opens it."""
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    keys = folder / FILE
    keys.touch(mode=0o600)
    keys.write_text(json.dumps({"version": 1, "keys": [{"key": base64.b64encode(KEY.secret).decode(), "made": KEY.made}]}))
    vault = Vault.open(folder, holder=FileHolder(keys))
    vault.redact(VALUE, [Sensitive("secret.example", LABEL, 0, len(VALUE))])
    vault.redact(MAIL, [Sensitive("pii.email", "EMAIL", 0, len(MAIL))])
    vault.close()
