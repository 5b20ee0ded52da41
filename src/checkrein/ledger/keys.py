"""The ledger's keys: one for the hash chain (HMAC-SHA-256), one for checkpoints (Ed25519). Made once, when a ledger begins.

Files in the ledger's folder, mode 0600: ``chain.key`` (32 random bytes), ``checkpoint.key`` (32 bytes, RFC 8032 private
key) and
``checkpoint.pub`` (32 bytes). Keys are never made anew where a ledger exists: a record whose keys are gone cannot be verified,
and a silent new start would hide exactly that.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from checkrein.core import LedgerError

CHAIN = "chain.key"
PRIVATE = "checkpoint.key"
PUBLIC = "checkpoint.pub"
_SIZE = 32  # bytes of each


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """``chain`` keys the hash chain, ``digest`` the digests of what was asked; ``signer`` and ``public`` sign checkpoints."""

    chain: bytes
    digest: bytes
    approvals: bytes
    signer: Ed25519PrivateKey
    public: bytes

    @property
    def id(self) -> str:
        """Names the checkpoint key: 16 hex digits."""
        return key_id(self.public)


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def create_keys(folder: Path) -> Keys:
    """Make all three key files. Raises LedgerError where one is there already, or cannot be written."""
    signer = Ed25519PrivateKey.generate()
    try:
        for name, data in (
            (CHAIN, secrets.token_bytes(_SIZE)),
            (PRIVATE, signer.private_bytes_raw()),
            (PUBLIC, signer.public_key().public_bytes_raw()),
        ):
            _write_new(folder / name, data)
        _sync_folder(folder)
    except OSError as error:
        raise LedgerError(
            f"cannot make the ledger's keys in {folder}",
            why=str(error),
            fix="move what is left of an older ledger to another folder, then start again",
        ) from error
    return load_keys(folder)


def load_keys(folder: Path) -> Keys:
    """Read the keys. Raises LedgerError where one is missing, has the wrong size, is open to others, or does not match."""
    master = _read(folder / CHAIN)
    signer = Ed25519PrivateKey.from_private_bytes(_read(folder / PRIVATE))
    public = load_public_key(folder)
    if signer.public_key().public_bytes_raw() != public:
        raise LedgerError(
            f"{folder / PUBLIC} does not belong to {folder / PRIVATE}",
            why="one of the two was replaced",
            fix="put the right file back, or move the whole folder away and keep it for an investigation",
        )
    return Keys(
        chain=_derive(master, b"chain"),
        digest=_derive(master, b"digest"),
        approvals=_derive(master, b"approvals"),
        signer=signer,
        public=public,
    )


def load_public_key(folder: Path) -> bytes:
    """The public key that stands in the ledger's folder. Raises LedgerError."""
    return _read(folder / PUBLIC)


def signature_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is one of ``message`` by the owner of ``public``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _derive(master: bytes, purpose: bytes) -> bytes:
    """One key for each purpose, so that a value made for one says nothing about another."""
    return hmac.digest(master, b"checkrein ledger 1 " + purpose, "sha256")


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            data = file.read(_SIZE + 1)
    except OSError as error:
        raise LedgerError(
            f"cannot read the ledger's key {path}",
            why=str(error),
            fix="put the file back from a backup; without it the record can neither be continued nor verified."
            " To begin a new record, move the whole folder away and keep it",
        ) from error
    if not stat.S_ISREG(found.st_mode) or len(data) != _SIZE:
        raise LedgerError(
            f"{path} is not a key", why=f"a key is a file of {_SIZE} bytes", fix="put the file back from a backup"
        )
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise LedgerError(
            f"{path} is not private",
            why=f"its mode is {found.st_mode & 0o7777:04o} and its owner {found.st_uid}: others could forge the record",
            fix=f"find out why, then chmod 0600 {path}",
        )
    return data
