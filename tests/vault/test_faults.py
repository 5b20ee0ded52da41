"""What goes wrong with the store or its key: a VaultError that says what to do, and never a value."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkrein import sqlitefiles
from checkrein.core import VaultError
from checkrein.core.sensitive import Sensitive
from checkrein.sqlitefiles import sqlite_engine
from checkrein.vault.key import FILE, FileHolder
from checkrein.vault.store import DATABASE, Store
from checkrein.vault.vault import Vault
from restored import restored

NewVault = Callable[..., Vault]
VALUE = "a value that " + "nobody may see"


def redacted(vault: Vault, value: str = VALUE) -> str:
    return vault.redact(value, [Sensitive("secret.test", "TOKEN", 0, len(value))], "/p/.env")


def words_of(error: BaseException) -> str:
    """All that a person or a log could see of an error."""
    return f"{error} {error!r} {''.join(traceback.format_exception(error))}"


def failing(action: Callable[[], object]) -> VaultError:
    """The error that ``action`` raises, which holds no value and says what to do."""
    with pytest.raises(VaultError) as caught:
        action()
    assert VALUE not in words_of(caught.value).replace(f'VALUE = "{VALUE}"', "")
    assert caught.value.fix
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def holding(folder: Path) -> Iterator[sqlite3.Connection]:
    """Another program that writes the database and does not end."""
    connection = sqlite3.connect(folder / DATABASE, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlitefiles, "BUSY_SECONDS", 0.05)


def test_locked(impatient: None, vault: Vault, holding: sqlite3.Connection) -> None:
    error = failing(lambda: redacted(vault))
    assert "locked" in error.why
    holding.execute("ROLLBACK")
    assert restored(vault, redacted(vault)) == VALUE


def test_what_is_there_can_be_read_while_another_writes(
    impatient: None, new_vault: NewVault, folder: Path, request: pytest.FixtureRequest
) -> None:
    name = redacted(new_vault())
    request.getfixturevalue("holding")
    reader = Store.__new__(Store)  # opening makes the tables, which waits for the writer; these are there
    reader._engine, reader.place, reader._watch = sqlite_engine(folder / DATABASE), "", None
    assert name in reader.rows([name])
    reader.close()


def test_full(vault: Vault, folder: Path) -> None:
    name = redacted(vault, "before")
    with vault._store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite takes the present size for it
    large = VALUE + "x" * 1_000_000
    error = failing(lambda: vault.redact(large, [Sensitive("secret.test", "TOKEN", 0, len(large))]))
    assert "full" in error.why
    assert "space" in error.fix
    assert restored(vault, name) == "before"


@pytest.mark.parametrize("damage", [b"this is no database at all" * 200, b"SQLite format 3\0" + b"\xff" * 8000])
def test_corrupt(new_vault: NewVault, folder: Path, damage: bytes) -> None:
    first = new_vault()
    redacted(first)
    first.close()
    for path in folder.glob(f"{DATABASE}*"):
        path.unlink()
    (folder / DATABASE).write_bytes(damage)
    assert "move it away" in failing(new_vault).fix


def test_key_lost(new_vault: NewVault, folder: Path) -> None:
    redacted(new_vault())
    (folder / FILE).unlink()
    error = failing(new_vault)
    assert "forget --all" in error.fix
    assert not (folder / FILE).exists(), "a new key would hide that the old one is gone"
    assert Vault.reset(folder, holder=FileHolder(folder / FILE)) == 1
    assert new_vault().entries() == []


def test_key_lost_while_it_is_open(vault: Vault, folder: Path) -> None:
    name = redacted(vault)
    (folder / FILE).unlink()
    assert restored(vault, name) == VALUE
    vault.add_secret("other", "registered elsewhere")
    failing(lambda: redacted(vault, VALUE + "2"))


def test_a_keyring_that_is_out_of_reach_is_not_a_lost_key(
    new_vault: NewVault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FileHolder, "place", "the keyring of the desktop")
        redacted(new_vault())
    (folder / FILE).unlink()
    error = failing(new_vault)
    assert "keyring of the desktop" in error.why
    assert "forget" not in error.fix


def test_wrong_key(new_vault: NewVault, folder: Path, tmp_path: Path) -> None:
    redacted(new_vault())
    new_vault(tmp_path / "other")
    (tmp_path / "other" / FILE).replace(folder / FILE)
    assert "forget --all" in failing(new_vault).fix


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2, "keys": []}', '{"version": 1, "keys": [{"key": "AA==", "made": 1}]}']
)
def test_keys_that_cannot_be_read(new_vault: NewVault, folder: Path, text: str) -> None:
    redacted(new_vault())
    (folder / FILE).write_text(text)
    failing(new_vault)


def test_keys_that_others_can_read(new_vault: NewVault, folder: Path) -> None:
    redacted(new_vault())
    (folder / FILE).chmod(0o640)
    assert "chmod 0600" in failing(new_vault).fix


def test_keys_behind_a_link(new_vault: NewVault, folder: Path, tmp_path: Path) -> None:
    redacted(new_vault())
    (folder / FILE).rename(tmp_path / "elsewhere")
    (folder / FILE).symlink_to(tmp_path / "elsewhere")
    failing(new_vault)


def swap(connection: sqlite3.Connection) -> None:
    """Each entry gets the value of the other."""
    rows = connection.execute("SELECT placeholder, sealed FROM checkrein_vault_entries ORDER BY placeholder").fetchall()
    for (name, _), (_, sealed) in zip(rows, reversed(rows), strict=True):
        connection.execute("UPDATE checkrein_vault_entries SET sealed = ? WHERE placeholder = ?", (sealed, name))


def cut(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE checkrein_vault_entries SET sealed = substr(sealed, 1, 5)")


def turn(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE checkrein_vault_entries SET key = 'ffffffffffffffff'")


@pytest.mark.parametrize("change", [swap, cut, turn])
def test_entries_changed_by_hand_are_never_restored(
    new_vault: NewVault, folder: Path, change: Callable[[sqlite3.Connection], None]
) -> None:
    first = new_vault()
    names = [redacted(first), redacted(first, "another one")]
    with sqlite3.connect(folder / DATABASE) as connection:
        change(connection)
    connection.close()
    vault = new_vault()
    for name in names:
        failing(lambda name=name: vault.values([name]))  # type: ignore[misc]
    failing(lambda: redacted(vault))


def test_a_database_behind_a_link_is_refused(new_vault: NewVault, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / DATABASE).symlink_to(tmp_path / "elsewhere")
    failing(new_vault)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_of_others_is_refused(new_vault: NewVault, folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    failing(new_vault)


@pytest.mark.parametrize(
    "url", ["mysql://a:pa55@host/x", "nonsense", "postgresql+nonsense://a:pa55@host/x", "sqlite:////tmp/x"]
)
def test_urls_that_cannot_be_used(new_vault: NewVault, url: str) -> None:
    error = failing(lambda: new_vault(url=url))
    assert "pa55" not in f"{error} {error!r}"


def test_a_server_that_is_not_there(new_vault: NewVault, tmp_path: Path) -> None:
    error = failing(lambda: new_vault(url=f"postgresql+psycopg://a:pa55@/x?host={tmp_path}"))
    assert "pa55" not in str(error)


def test_a_collision_is_told(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    name = redacted(vault)
    vault._known.clear()
    monkeypatch.setattr("checkrein.vault.placeholder.make", lambda *_: name)
    assert "rotate" in failing(lambda: redacted(vault, "another one")).fix
