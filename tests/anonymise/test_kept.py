"""Maps in the vault: found again by their id, the newest without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkrein.anonymise import kept
from checkrein.core import UsageError
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
    assert kept.find(vault, one)[1].pairs == {"Acme": "Birch"}
    assert kept.find(vault, "") == (two, second)


def test_a_map_outlives_a_new_key(vault: Vault) -> None:
    name = kept.keep(vault, kept.new())
    vault.rotate()
    assert kept.find(vault, name)[0] == name


def test_what_is_no_map_is_not_found(vault: Vault) -> None:
    placeholder = vault.redact("a secret", [Sensitive("secret.x", "API_KEY", 0, 8)])
    for wanted in ("", placeholder, placeholder[-16:], "x"):
        with pytest.raises(UsageError, match="no map"):
            kept.find(vault, wanted)


def test_an_id_is_no_placeholder(vault: Vault) -> None:
    name = kept.keep(vault, kept.new())
    assert vault.restore(f"the map is {name}").text == f"the map is {name}"
