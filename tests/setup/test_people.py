"""Other accounts of a machine, and whether modes and access lists let them read."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from checkrein.setup.people import Accounts, Person, readers

PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1::/:/usr/sbin/nologin
me:x:1000:1000::/home/me:/bin/bash
alice:x:1001:1001::/home/alice:/bin/zsh
robot:x:1002:1002::/home/robot:/usr/sbin/nologin
bob:x:1003:1003::/home/bob:/bin/bash
nobody:x:65534:65534::/:/bin/sh
broken line
"""
GROUP = "team:x:2000:alice,bob\nother:x:2001:\nbroken\n"
ALICE = Person("alice", 1001, frozenset({1001, 2000}))
BOB = Person("bob", 1003, frozenset({1003, 2000}))


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    (tmp_path / "passwd").write_text(PASSWD)
    (tmp_path / "group").write_text(GROUP)
    return Accounts(tmp_path / "passwd", tmp_path / "group")


def test_people_are_those_who_can_log_in(accounts: Accounts, tmp_path: Path) -> None:
    assert accounts.others(1000, tmp_path / "homes/me") == (ALICE, BOB)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_home_folders_show_people_of_a_directory_service(accounts: Accounts, tmp_path: Path) -> None:
    home = tmp_path / "homes"
    for name, uid in (("me", 1000), ("carol", 5005)):
        (home / name).mkdir(parents=True)
        os.chown(home / name, uid, uid)
    assert [person.name for person in accounts.others(1000, home / "me")] == ["alice", "bob", "user 5005"]


def test_no_account_files_no_people(tmp_path: Path) -> None:
    assert Accounts(tmp_path / "none", tmp_path / "none").others(1000, tmp_path / "x/me") == ()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/") and folder != Path("/tmp"):
            folder.chmod(0o755)
    path = tmp_path / "secret"
    path.touch()
    return path


@pytest.mark.parametrize(("mode", "expected"), [(0o644, ("alice", "bob")), (0o600, ()), (0o640, ()), (0o604, ("alice", "bob"))])
def test_modes_decide(secret: Path, mode: int, expected: tuple[str, ...]) -> None:
    secret.chmod(mode)
    assert readers(secret, (ALICE, BOB)) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="changing the group needs root")
def test_a_shared_group_reads(secret: Path) -> None:
    os.chown(secret, 1000, 1001)
    secret.chmod(0o640)
    assert readers(secret, (ALICE, BOB)) == ("alice",)


def test_a_closed_folder_above_stops_everybody(secret: Path) -> None:
    secret.chmod(0o644)
    secret.parent.chmod(0o700)
    assert readers(secret, (ALICE, BOB)) == ()


def test_an_access_list_names_a_reader(secret: Path) -> None:
    secret.chmod(0o600)
    none = 0xFFFFFFFF
    entries = [(1, 6, none), (2, 4, 1003), (4, 0, none), (0x10, 4, none), (0x20, 0, none)]
    data = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(secret, "system.posix_acl_access", data)
    except OSError:
        pytest.skip("the file system keeps no access lists")
    assert readers(secret, (ALICE, BOB)) == ("bob",)
    secret.chmod(0o600)
    assert readers(secret, (ALICE, BOB)) == ()


def test_a_missing_file_has_no_readers(tmp_path: Path) -> None:
    assert readers(tmp_path / "none", (ALICE,)) == ()
