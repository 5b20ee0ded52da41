"""Maps of stand-ins in the vault: encrypted as every value is, and forgotten when they are not used.

A person is told the end of a map's placeholder, never all of it: in a conversation a placeholder is given back as what it
stands for, and this one stands for every name and value of a project.
"""

from __future__ import annotations

import os

from checkrein.anonymise.mapping import Mapping
from checkrein.core import UsageError
from checkrein.core.sensitive import Sensitive
from checkrein.vault.placeholder import CHECKED, KEYED
from checkrein.vault.vault import Vault

LABEL = "ANONYMISE_MAP"
_RULE = "anonymise.map"
_KEY_BYTES = 32


def new() -> Mapping:
    """An empty map with a key of its own."""
    return Mapping(os.urandom(_KEY_BYTES))


def keep(vault: Vault, mapping: Mapping) -> str:
    """Put a map into the vault; its id. VaultError."""
    text = mapping.dumped()
    return _id(vault.redact(text, [Sensitive(_RULE, LABEL, 0, len(text))]))


def find(vault: Vault, wanted: str) -> tuple[str, Mapping]:
    """The map whose id is ``wanted``, or ends so; the newest where that is "". UsageError where there is none; VaultError."""
    known = [entry for entry in vault.entries() if entry.label == LABEL]
    chosen = [
        entry.placeholder for entry in sorted(known, key=lambda one: -one.first_seen) if entry.placeholder.endswith(wanted)
    ]
    if not chosen:
        which = f"ends in {wanted}" if wanted else "is in the vault"
        raise UsageError(
            f"no map {which}", fix="give the id that `checkrein anonymize` printed; a map that is not used expires"
        )
    return _id(chosen[0]), Mapping.parse(vault.values(chosen[:1])[chosen[0]])


def _id(placeholder: str) -> str:
    return placeholder[-(KEYED + CHECKED) :]
