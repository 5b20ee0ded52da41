"""What ``doctor`` says of redaction."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkrein import __version__
from checkrein.core.sensitive import Sensitive
from checkrein.locations import vault_dir
from checkrein.setup import doctor_privacy
from checkrein.setup.doctor import Answering, Check, Patient, State
from checkrein.setup.install import ClientPaths
from checkrein.setup.people import Accounts
from checkrein.setup.protect import Machine
from checkrein.vault.store import DATABASE
from checkrein.vault.vault import Vault


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    (tmp_path / "project").mkdir()
    (tmp_path / "passwd").write_text("")
    paths = ClientPaths(tmp_path, tmp_path / "project", tmp_path / ".claude", tmp_path / "etc")
    accounts = Accounts(tmp_path / "passwd", tmp_path / "none")
    machine = Machine(
        {"HOME": str(tmp_path), "PATH": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}, paths, accounts
    )
    return Patient(machine, Answering(True, __version__, 4711, os.getpid(), None))


@pytest.fixture
def folder(patient: Patient) -> Path:
    """The folder of a vault with one value."""
    folder = vault_dir(patient.machine.env)
    vault = Vault.open(folder)
    vault.redact("the value", [Sensitive("secret.example", "EXAMPLE", 4, 9)])
    vault.close()
    return folder


def states(checks: Iterator[Check]) -> list[State]:
    return [check.state for check in checks]


def test_a_vault_that_nobody_needed_yet_is_not_made(patient: Patient) -> None:
    assert states(doctor_privacy.vault(patient)) == [State.NOTE]
    assert not vault_dir(patient.machine.env).exists()


def test_a_vault_that_opens(patient: Patient, folder: Path) -> None:
    (check,) = doctor_privacy.vault(patient)
    assert check.state is State.OK
    assert check.text.startswith("1 value can be put back; the key is in ")


def test_a_key_that_is_gone(patient: Patient, folder: Path) -> None:
    for file in folder.glob("keys.*"):
        file.unlink()
    (check,) = doctor_privacy.vault(patient)
    assert check.state is State.FAIL
    assert "key" in check.text
    assert "checkrein vault forget --all" in check.fix
    assert not list(folder.glob("keys.json"))


def test_a_file_that_is_no_vault(patient: Patient, folder: Path) -> None:
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()
    (folder / DATABASE).write_bytes(b"no database" * 1000)
    (check,) = doctor_privacy.vault(patient)
    assert check.state is State.FAIL
    assert check.fix


def test_what_is_known(patient: Patient) -> None:
    value = secrets.token_urlsafe(24)
    (patient.machine.paths.project / ".env").write_text(f"API_TOKEN={value}\nDB_PASSWORD=postgres\n")
    known, *rest = doctor_privacy.secrets(patient)
    assert known.state is State.OK
    assert known.text.startswith("1 value found on this machine and in this project")
    assert value not in str([known, *rest])


def test_a_file_that_cannot_be_read(patient: Patient) -> None:
    (patient.machine.paths.project / ".env").write_bytes(b"x" * 2_000_000)
    warned, *_ = doctor_privacy.secrets(patient)
    assert warned.state is State.WARN
    assert str(patient.machine.paths.project / ".env") in warned.text


def test_redaction_that_is_off(patient: Patient) -> None:
    file = patient.machine.paths.home / ".config/checkrein/checkrein.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("version: 1\nredaction: {enabled: false}\n")
    assert states(doctor_privacy.secrets(patient)) == [State.WARN]
