"""The vault's keys: in the keyring of the operating system where there is one, else in a file that only the user can read.

A vault has one key in use and those before it. The newest names and seals; the older ones only open what they sealed. From
each key one is derived for names and one for sealing. Where ``keys.json`` stands in the vault's folder it counts, so that
several machines that share one database can be given the same file.
"""

from __future__ import annotations

import base64
import fcntl
import hmac
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import keyring
import keyring.errors
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from checkrein.core import ServiceError, VaultError
from checkrein.locations import private_folder
from checkrein.vault.entry import Kind

FILE = "keys.json"
KEYRING_SERVICE = "checkrein vault"
REAL_KEYRINGS = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)
"""Modules of backends that keep secrets encrypted. Others (``null``, ``fail``, plain-text files of ``keyrings.alt``) do not."""
_LOCK = "keys.lock"
_SIZE = 32  # bytes of a key
_NONCE = 12  # bytes, as SP 800-38D has it for GCM
_KEPT = 8  # keys


@dataclass(frozen=True)
class Key:
    """One key. ``id`` names it in the store (16 hex digits); ``made`` is in seconds since the epoch."""

    secret: bytes
    made: float

    def __repr__(self) -> str:
        return f"Key({self.id})"

    @cached_property
    def id(self) -> str:
        """The first 16 hex digits of a keyed hash, from which nothing of the key can be told."""
        return hmac.digest(self.secret, b"checkrein vault 1 id", "sha256").hex()[:16]

    @cached_property
    def naming(self) -> bytes:
        """The key of secrets' placeholders."""
        return hmac.digest(self.secret, b"checkrein vault 1 name", "sha256")

    def naming_of(self, kind: Kind) -> bytes:
        """The key of placeholders of a kind: the same text found as a secret and as a name has two."""
        return self.naming if kind is Kind.CREDENTIAL else hmac.digest(self.naming, kind.encode(), "sha256")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(self.secret, b"checkrein vault 1 seal", "sha256"))

    def seal(self, value: str, name: str) -> bytes:
        """``value`` encrypted and bound to ``name``: nonce, then ciphertext with its tag."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, value.encode("utf-8", "surrogatepass"), name.encode())

    def open(self, sealed: bytes, name: str) -> str:
        """What ``seal`` was given. VaultError where it was sealed for another name, by another key, or was changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode()).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                f"the vault's entry {name} cannot be opened",
                why="it was changed, or stands under another name than it was written for",
                fix=f"run `checkrein vault forget {name}`; its value is then found anew where it stands",
            ) from error


class KeyHolder(Protocol):
    """Keeps one text, the list of keys."""

    def read(self) -> str | None:
        """The text, None where there is none. VaultError where it cannot be read."""

    def write(self, text: str) -> None:
        """Keep ``text`` in place of what was kept. VaultError where that fails."""

    @property
    def place(self) -> str:
        """Where it is, in words."""


class FileHolder:
    """Keys in a file (0600) that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def read(self) -> str | None:
        """As ``KeyHolder``; a file that others could read or write is refused."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            with os.fdopen(descriptor, "r", encoding="utf-8") as file:
                found = os.fstat(file.fileno())
                text = file.read(65_536)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(f"cannot read the vault's keys in {self.path}", why=str(error), fix="put the file back") from error
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise VaultError(
                f"{self.path} is not private",
                why=f"its mode is {found.st_mode & 0o7777:04o} and its owner {found.st_uid}: others could read every value",
                fix=f"find out why, then chmod 0600 {self.path} and run `checkrein vault rotate`",
            )
        return text

    def write(self, text: str) -> None:
        """As ``KeyHolder``."""
        new = self.path.with_suffix(".new")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            raise VaultError(f"cannot write the vault's keys to {self.path}", why=str(error), fix="free some space") from error


class KeyringHolder:
    """Keys in the keyring of the operating system, under the path of the vault's folder."""

    def __init__(self, user: str) -> None:
        self._user = user

    @property
    def place(self) -> str:
        """The keyring."""
        return f"the keyring ({KEYRING_SERVICE!r})"

    def read(self) -> str | None:
        """As ``KeyHolder``."""
        try:
            return keyring.get_password(KEYRING_SERVICE, self._user)
        except keyring.errors.KeyringError as error:
            raise _locked(error) from error

    def write(self, text: str) -> None:
        """As ``KeyHolder``."""
        try:
            keyring.set_password(KEYRING_SERVICE, self._user, text)
        except keyring.errors.KeyringError as error:
            raise _locked(error) from error


def _locked(error: Exception) -> VaultError:
    return VaultError(
        "the keyring does not give out the vault's keys", why=type(error).__name__, fix="unlock the keyring, then try again"
    )


def has_keyring() -> bool:
    """Whether the operating system has a keyring here that keeps secrets encrypted."""
    return type(keyring.get_keyring()).__module__.startswith(REAL_KEYRINGS)


def holder_for(folder: Path) -> KeyHolder:
    """Where the keys of the vault in ``folder`` are: its file where that is there, else the keyring where there is one."""
    file = FileHolder(folder / FILE)
    return file if file.path.exists() or not has_keyring() else KeyringHolder(str(folder))


class KeyRing:
    """The keys of one vault, the newest first. ``load`` reads them anew. Safe to use from several threads."""

    def __init__(self, folder: Path, holder: KeyHolder | None = None) -> None:
        try:
            private_folder(folder)
        except ServiceError as error:
            raise VaultError(error.what, why=error.why, fix=error.fix) from error
        self._folder = folder
        self._holder = holder or holder_for(folder)
        self._keys: tuple[Key, ...] = ()

    @property
    def place(self) -> str:
        """Where the keys are, in words."""
        return self._holder.place

    @property
    def newest(self) -> Key:
        """The key in use. VaultError where there is none."""
        if not self._keys:
            raise self.lost()
        return self._keys[0]

    def get(self, key_id: str, place: str = "") -> Key:
        """The key of this id, which was put to ``place``. VaultError where it is not there, also after reading all anew."""
        for _ in range(2):
            found = next((key for key in self._keys if key.id == key_id), None)
            if found is not None:
                return found
            self.load()
        raise self.lost(key_id, place)

    def load(self) -> bool:
        """Read the keys; False where there are none yet. VaultError where they cannot be read."""
        text = self._holder.read()
        self._keys = _parsed(text, self.place) if text else ()
        return bool(self._keys)

    def begin(self) -> None:
        """Load the keys, and make the first one where there are none."""
        with self._locked():
            if not self.load():
                self._add()

    def rotate(self) -> Key:
        """Make a new key, which is in use from now on."""
        with self._locked():
            self.load()
            return self._add()

    def replace(self) -> Key:
        """Make a new key and let go of all others, whatever stands there."""
        with self._locked():
            self._keys = ()
            return self._add()

    def lost(self, key_id: str = "", place: str = "") -> VaultError:
        """The error for a key that is not there, and was put to ``place``."""
        what = f"the vault's key{f' {key_id}' if key_id else ''} is not in {self.place}"
        if place and place != self.place:
            return VaultError(
                what,
                why=f"it was put into {place}, which this process does not reach or does not look into",
                fix=f"make {place} reachable here, as it was when the service first ran",
            )
        return VaultError(
            what,
            why="it was removed, or the vault came from another machine; without it no value can be restored",
            fix="put the key back from a backup, or run `checkrein vault forget --all` to begin anew",
        )

    def _add(self) -> Key:
        made = Key(secrets.token_bytes(_SIZE), time.time())
        kept = (made, *self._keys)[:_KEPT]
        keys = [{"key": base64.b64encode(key.secret).decode(), "made": key.made} for key in kept]
        self._holder.write(json.dumps({"version": 1, "keys": keys}))
        self._keys = kept
        return made

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process at a time makes keys."""
        try:
            descriptor = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise VaultError(f"cannot write to {self._folder}", why=str(error), fix="free some space") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _parsed(text: str, place: str) -> tuple[Key, ...]:
    try:
        given = json.loads(text)
        if given["version"] != 1:
            raise ValueError("its version is unknown")
        keys = tuple(Key(base64.b64decode(item["key"], validate=True), float(item["made"])) for item in given["keys"])
        if not keys or any(len(key.secret) != _SIZE for key in keys):
            raise ValueError("a key has another length")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise VaultError(
            f"{place} holds no keys of the vault", why=type(error).__name__, fix="put it back from a backup"
        ) from None
    return keys
