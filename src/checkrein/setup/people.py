"""Who else uses this machine, and who of them can read a file: accounts, groups, modes and access lists."""

from __future__ import annotations

import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

FIRST_PERSON = 1000
"""The first user id of people on Linux distributions; what is below belongs to services (login.defs, UID_MIN)."""

_NOBODY = 65534
_NO_LOGIN = frozenset({"nologin", "false", "sync", "halt", "shutdown", ""})
_ACL = "system.posix_acl_access"
_ACL_HEADER = struct.Struct("<I")
_ACL_ENTRY = struct.Struct("<HHI")
_ACL_USER, _ACL_GROUP, _ACL_MASK = 0x02, 0x08, 0x10
_READ, _SEARCH = 4, 1


@dataclass(frozen=True, slots=True)
class Person:
    """An account that somebody can log in to, or that owns a home folder here. ``groups`` are group ids."""

    name: str
    uid: int
    groups: frozenset[int]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The account files of a machine."""

    passwd: Path = Path("/etc/passwd")
    group: Path = Path("/etc/group")

    def others(self, me: int, home: Path) -> tuple[Person, ...]:
        """The people other than user id ``me``, by name.

        Accounts of a directory service stand in no file: they show by the home folders beside ``home`` that belong to them.
        """
        people = {person.uid: person for person in self._people()}
        for uid in _owners_beside(home):
            people.setdefault(uid, Person(f"user {uid}", uid, frozenset()))
        return tuple(sorted((p for p in people.values() if p.uid != me), key=lambda person: person.name))

    def _people(self) -> list[Person]:
        members = self._members()
        people = []
        for name, uid, gid, shell in self._rows():
            if FIRST_PERSON <= uid < _NOBODY and Path(shell).name not in _NO_LOGIN:
                people.append(Person(name, uid, frozenset({gid, *(g for g, names in members.items() if name in names)})))
        return people

    def _rows(self) -> list[tuple[str, int, int, str]]:
        rows = (line.split(":") for line in _lines(self.passwd))
        return [(r[0], int(r[2]), int(r[3]), r[6]) for r in rows if len(r) == 7 and r[2].isdecimal() and r[3].isdecimal()]

    def _members(self) -> dict[int, frozenset[str]]:
        rows = (line.split(":") for line in _lines(self.group))
        return {int(r[2]): frozenset(r[3].split(",")) for r in rows if len(r) == 4 and r[2].isdecimal()}


def readers(path: Path, people: tuple[Person, ...]) -> tuple[str, ...]:
    """The names of those ``people`` who can read ``path`` (list it, where it is a folder) and pass every folder above it."""
    return tuple(person.name for person in people if _reaches(person, path))


def _reaches(person: Person, path: Path) -> bool:
    try:
        return _may(person, path, _READ) and all(_may(person, folder, _SEARCH) for folder in path.parents)
    except OSError:  # it is gone, or we cannot look: nobody reads through it
        return False


def _may(person: Person, path: Path, wanted: int) -> bool:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if person.uid == found.st_uid:
        return bool(mode >> 6 & wanted)
    users, groups, mask = _access_list(path)
    if person.uid in users:
        return bool(users[person.uid] & mask & wanted)
    shared = [permissions & mask for gid, permissions in groups.items() if gid in person.groups]
    if found.st_gid in person.groups:
        shared.append(mode >> 3 & 7)
    if shared:
        return any(permissions & wanted for permissions in shared)
    return bool(mode & wanted)


def _access_list(path: Path) -> tuple[dict[int, int], dict[int, int], int]:
    """The named users and groups of a POSIX access list with their permissions, and its mask (acl(5))."""
    try:
        raw = os.getxattr(path, _ACL)
    except (OSError, AttributeError):  # no list, no such file system, or no Linux
        return {}, {}, 7
    users: dict[int, int] = {}
    groups: dict[int, int] = {}
    mask = 7
    for tag, permissions, number in _ACL_ENTRY.iter_unpack(raw[_ACL_HEADER.size :]):
        if tag == _ACL_USER:
            users[number] = permissions
        elif tag == _ACL_GROUP:
            groups[number] = permissions
        elif tag == _ACL_MASK:
            mask = permissions
    return users, groups, mask


def _owners_beside(home: Path) -> list[int]:
    try:
        owners = [folder.lstat().st_uid for folder in home.parent.iterdir() if folder.is_dir() and not folder.is_symlink()]
    except OSError:
        return []
    return [uid for uid in owners if FIRST_PERSON <= uid < _NOBODY]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
