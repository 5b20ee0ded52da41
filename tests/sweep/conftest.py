"""What the tests of sweeping share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault
from swept_machine import SweptMachine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[SweptMachine]:
    """A machine without any copies yet."""
    vault = Vault.open(tmp_path / "vault", holder=FileHolder(tmp_path / FILE))
    yield SweptMachine(tmp_path, vault)
    vault.close()
