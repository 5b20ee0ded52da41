from pathlib import Path

import pytest

from checkrein.core import LedgerError
from checkrein.ledger import Ledger, verify
from checkrein.ledger.keys import create_keys, key_id, load_keys, signature_holds
from checkrein.locations import private_folder

NAMES = ["chain.key", "checkpoint.key", "checkpoint.pub"]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_key_is_loud_and_never_made_anew(ten: Path, name: str) -> None:
    (ten / name).unlink()
    with pytest.raises(LedgerError, match="cannot read the ledger's key") as error:
        Ledger.open(ten)
    assert "move the whole folder away" in error.value.fix
    assert not (ten / name).exists()


@pytest.mark.parametrize("name", ["chain.key", "checkpoint.pub", "checkpoint.key"])
def test_a_replaced_key_is_loud(ten: Path, name: str) -> None:
    (ten / name).write_bytes(bytes(range(32)))
    with pytest.raises(LedgerError, match=r"are not the ones|does not belong"):
        Ledger.open(ten)


def test_a_replaced_pair_is_loud(ten: Path, tmp_path: Path) -> None:
    create_keys(private_folder(tmp_path / "other"))
    for name in NAMES[1:]:
        (ten / name).write_bytes((tmp_path / "other" / name).read_bytes())
    with pytest.raises(LedgerError, match="are not the ones that this ledger began with"):
        Ledger.open(ten)


def test_a_missing_database_is_loud(ten: Path) -> None:
    (ten / "ledger.db").unlink()
    with pytest.raises(LedgerError, match=r"database .* is gone"):
        Ledger.open(ten)


@pytest.mark.parametrize("data", [b"", b"short", bytes(33)])
def test_a_broken_key_is_loud(ten: Path, data: bytes) -> None:
    (ten / "chain.key").write_bytes(data)
    with pytest.raises(LedgerError, match="is not a key"):
        verify(ten)


def test_a_key_that_others_can_read_is_loud(ten: Path) -> None:
    (ten / "chain.key").chmod(0o640)
    with pytest.raises(LedgerError, match="is not private"):
        Ledger.open(ten)


def test_keys_are_not_followed_through_links(ten: Path) -> None:
    (ten / "chain.key").rename(ten / "real")
    (ten / "chain.key").symlink_to(ten / "real")
    with pytest.raises(LedgerError, match="cannot read"):
        Ledger.open(ten)


def test_each_purpose_has_its_own_key(tmp_path: Path) -> None:
    keys = create_keys(private_folder(tmp_path / "k"))
    assert len({keys.chain, keys.digest, keys.approvals, (tmp_path / "k" / "chain.key").read_bytes()}) == 4
    assert load_keys(tmp_path / "k").chain == keys.chain
    assert keys.id == key_id(keys.public)
    assert "chain" not in repr(keys)


def test_signatures(tmp_path: Path) -> None:
    keys = create_keys(private_folder(tmp_path / "k"))
    signature = keys.signer.sign(b"message")
    assert signature_holds(keys.public, signature, b"message")
    assert not signature_holds(keys.public, signature, b"another")
    assert not signature_holds(keys.public, signature[:-1], b"message")
    assert not signature_holds(b"short", signature, b"message")
