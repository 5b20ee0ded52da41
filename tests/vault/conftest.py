"""Vaults in temporary folders: their key in a file, in SQLite and, where a server can be started, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.vault import Vault
from postgres_server import NoServerError, postgres_server

NewVault = Callable[..., Vault]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    try:
        with postgres_server() as url:
            yield url
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, "" for SQLite in the vault's own folder."""
    if request.param == "sqlite":
        return ""
    url = str(request.getfixturevalue("postgres"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    engine.dispose()
    return url


@pytest.fixture
def new_vault(tmp_path: Path) -> Iterator[NewVault]:
    """Opens vaults over one folder, each as a process of its own would."""
    opened: list[Vault] = []

    def new(folder: Path = tmp_path / "vault", url: str = "") -> Vault:
        vault = Vault.open(folder, url, holder=FileHolder(folder / FILE))
        opened.append(vault)
        return vault

    yield new
    for vault in opened:
        vault.close()


@pytest.fixture
def vault(new_vault: NewVault) -> Vault:
    """One vault in SQLite."""
    return new_vault()
