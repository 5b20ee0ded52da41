"""Keys: what they seal and name, and where they are kept."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkrein.core import VaultError
from checkrein.vault import key as module
from checkrein.vault.key import FILE, FileHolder, Key, KeyRing, KeyringHolder, holder_for

KEY = Key(b"s" * 32, 1.0)


@given(st.text(), st.text(alphabet="ABCabc_:"))
def test_what_is_sealed_opens_under_its_name_alone(value: str, name: str) -> None:
    sealed = KEY.seal(value, name)
    assert KEY.open(sealed, name) == value
    assert KEY.seal(value, name) != sealed
    for wrong in (sealed[:-1], b"", bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(VaultError):
            KEY.open(wrong, name)
    with pytest.raises(VaultError):
        KEY.open(sealed, name + "x")
    with pytest.raises(VaultError):
        Key(b"t" * 32, 1.0).open(sealed, name)


def test_a_key_does_not_show_itself() -> None:
    assert repr(KEY) == f"Key({KEY.id})"
    assert KEY.id not in KEY.secret.hex()
    assert KEY.naming not in (KEY.secret, b"s" * 32)


def test_keys_in_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    ring = KeyRing(folder, FileHolder(folder / FILE))
    assert not ring.load()
    with pytest.raises(VaultError):
        _ = ring.newest
    ring.begin()
    first = ring.newest
    again = KeyRing(folder, FileHolder(folder / FILE))
    again.begin()
    assert again.newest.id == first.id
    second = again.rotate()
    assert again.newest.id == second.id != first.id
    assert ring.get(second.id).secret == second.secret, "what another process added is found"
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert again.replace().id not in (first.id, second.id)
    with pytest.raises(VaultError, match=first.id):
        again.get(first.id)


def test_many_that_begin_make_one_key(tmp_path: Path) -> None:
    rings = [KeyRing(tmp_path / "vault", FileHolder(tmp_path / "vault" / FILE)) for _ in range(6)]
    threads = [threading.Thread(target=ring.begin) for ring in rings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({ring.newest.id for ring in rings}) == 1


class Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory. It passes for a real one by the name of its module."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.closed = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.closed:
            raise keyring.errors.KeyringLocked
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.closed:
            raise keyring.errors.PasswordSetError
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    backend = Keyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    monkeypatch.setattr(module, "REAL_KEYRINGS", (Keyring.__module__,))
    return backend


def test_the_keyring_of_the_system_is_used(backend: Keyring, tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    ring = KeyRing(folder)
    ring.begin()
    assert [user for _, user in backend.kept] == [str(folder)]
    assert not (folder / FILE).exists()
    assert KeyRing(folder).load()
    assert isinstance(holder_for(folder), KeyringHolder)
    assert "keyring" in ring.place


def test_a_file_that_is_there_comes_first(backend: Keyring, tmp_path: Path) -> None:
    folder = tmp_path / "vault"
    KeyRing(folder, FileHolder(folder / FILE)).begin()
    assert KeyRing(folder).load()
    assert not backend.kept


def test_a_locked_keyring_is_told(backend: Keyring, tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "vault")
    backend.closed = True
    for action in (ring.load, ring.begin, ring.replace):
        with pytest.raises(VaultError, match="keyring"):
            action()


def test_a_keyring_that_keeps_plain_text_is_not_used(backend: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REAL_KEYRINGS", ("keyring.backends.SecretService",))
    KeyRing(tmp_path / "vault").begin()
    assert not backend.kept
    assert (tmp_path / "vault" / FILE).exists()
