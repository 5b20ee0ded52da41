"""Maps in the vault: found again by their id, the newest without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkrein.anonymise import kept
from checkrein.core import UsageError
from checkrein.core.placeholder import KEPT, find
from checkrein.core.sensitive import Sensitive
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    times = iter(range(1, 100))
    opened = Vault.open(tmp_path / "vault", holder=FileHolder(tmp_path / FILE))
    opened._clock = lambda: float(next(times))
    yield opened
    opened.close()


def test_maps_are_found_again(vault: Vault) -> None:
    first, second = kept.new(), kept.new()
    first.pairs["Acme"], second.pairs["Acme"] = "Birch", "Alder"
    one, two = kept.keep(vault, first), kept.keep(vault, second)
    assert [(name, mapping.pairs) for name, mapping in kept.find(vault, one)] == [(one, {"Acme": "Birch"})]
    assert kept.find(vault) == [(two, second), (one, first)]


def test_only_the_map_that_is_used_is_kept_for_longer(vault: Vault) -> None:
    one, two = kept.keep(vault, kept.new()), kept.keep(vault, kept.new())
    vault._clock = lambda: 90_000.0
    kept.find(vault)
    kept.use(vault, one)
    assert {entry.placeholder[-16:]: entry.last_seen > 80_000 for entry in vault.entries()} == {one: True, two: False}


def test_a_map_outlives_a_new_key(vault: Vault) -> None:
    name = kept.keep(vault, kept.new())
    vault.rotate()
    assert kept.find(vault, name)[0][0] == name


def test_what_is_no_map_is_not_found(vault: Vault) -> None:
    placeholder = vault.redact("a secret", [Sensitive("secret.x", "API_KEY", 0, 8)])
    for wanted in ("", placeholder, placeholder[-16:], "x"):
        with pytest.raises(UsageError, match="no map"):
            kept.find(vault, wanted)


def test_the_name_of_a_map_is_no_placeholder(vault: Vault) -> None:
    name = kept.keep(vault, kept.new())
    (entry,) = vault.entries()
    assert entry.placeholder == f"CKR_{KEPT}_{name}"
    assert list(find(f"the map is {name}, or {entry.placeholder}")) == []
