"""Maps of stand-ins in the vault: encrypted as every value is, and forgotten when they are not used.

A map stands for every name and value of a project, so it is given to nobody: a person is told the end of its name in the vault,
and its whole name in a conversation, a file or a command is no placeholder (``core.placeholder.KEPT``).
"""

from __future__ import annotations

import os

from checkrein.anonymise.mapping import Mapping
from checkrein.core import UsageError
from checkrein.core.placeholder import KEPT
from checkrein.core.sensitive import Sensitive
from checkrein.vault.placeholder import CHECKED, KEYED
from checkrein.vault.vault import Vault

_RULE = "anonymise.map"
_KEY_BYTES = 32


def new() -> Mapping:
    """An empty map with a key of its own."""
    return Mapping(os.urandom(_KEY_BYTES))


def keep(vault: Vault, mapping: Mapping) -> str:
    """Put a map into the vault; its id. VaultError."""
    text = mapping.dumped()
    return _id(vault.redact(text, [Sensitive(_RULE, KEPT, 0, len(text))]))


def find(vault: Vault, wanted: str = "") -> list[tuple[str, Mapping]]:
    """The maps whose id is ``wanted`` or ends so, "" for all: each with its id, the newest first. This is no use of them.

    UsageError where there is none; VaultError.
    """
    chosen = _placeholders(vault, wanted)
    if not chosen:
        which = f"ends in {wanted}" if wanted else "is in the vault"
        raise UsageError(
            f"no map {which}", fix="give the id that `checkrein anonymize` printed; a map that is not used expires"
        )
    values = vault.known_values(chosen)
    return [(_id(placeholder), Mapping.parse(values[placeholder])) for placeholder in chosen]


def use(vault: Vault, name: str) -> None:
    """Note that the map of that id was used: it is kept for longer. VaultError."""
    vault.values(_placeholders(vault, name))


def _placeholders(vault: Vault, wanted: str) -> list[str]:
    known = sorted((entry for entry in vault.entries() if entry.label == KEPT), key=lambda one: -one.first_seen)
    return [entry.placeholder for entry in known if entry.placeholder.endswith(wanted)]


def _id(placeholder: str) -> str:
    return placeholder[-(KEYED + CHECKED) :]
