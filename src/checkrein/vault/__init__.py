"""Reversible redaction: a value goes into the store, sealed, and a placeholder takes its place; on the way back it returns.

What opens the store (``checkrein.vault.vault.Vault``) is not imported here: it brings the database library with it.
"""

from checkrein.vault.entry import Entry, Kind

__all__ = ["Entry", "Kind"]
