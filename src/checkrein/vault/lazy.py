"""A vault that is opened when it is first needed, and tried again as long as it cannot be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping

from checkrein.vault.entry import Entry
from checkrein.vault.gathering import Gathering
from checkrein.vault.vault import Vault


class LazyVault:
    """Stands for a ``Vault``: a lost key or a locked store stops what needs values, and not the service.

    Every method raises VaultError as long as the vault cannot be opened. Safe to use from several threads.
    """

    def __init__(self, make: Callable[[], Vault]) -> None:
        self._make = make
        self._vault: Vault | None = None
        self._lock = threading.Lock()

    def get(self) -> Vault:
        """The vault."""
        with self._lock:
            if self._vault is None:
                self._vault = self._make()
            return self._vault

    def close(self) -> None:
        """Let go of the vault; it is opened again where it is needed."""
        with self._lock:
            vault, self._vault = self._vault, None
        if vault is not None:
            vault.close()

    def gathering(self) -> Gathering:
        """As ``Vault.gathering``."""
        return self.get().gathering()

    def values(self, placeholders: Iterable[str]) -> Mapping[str, str]:
        """As ``Vault.values``."""
        return self.get().values(placeholders)

    def known_values(self, placeholders: Iterable[str]) -> Mapping[str, str]:
        """As ``Vault.known_values``."""
        return self.get().known_values(placeholders)

    def known(self, placeholders: Collection[str]) -> Mapping[str, Entry]:
        """As ``Vault.known``."""
        return self.get().known(placeholders)

    def entries(self, since: float = 0.0) -> list[Entry]:
        """As ``Vault.entries``."""
        return self.get().entries(since)

    def extent(self) -> tuple[int, float]:
        """As ``Vault.extent``."""
        return self.get().extent()

    def secret_values(self) -> Mapping[str, str]:
        """As ``Vault.secret_values``."""
        return self.get().secret_values()

    def expire(self, days: float) -> int:
        """As ``Vault.expire``."""
        return self.get().expire(days)

    @property
    def epoch(self) -> int:
        """As ``Vault.epoch``."""
        return self.get().epoch
