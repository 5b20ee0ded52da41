"""Which files hold secrets that are looked for, how each is read, and reading them within bounds."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate

from checkrein.observe.credentials import formats
from checkrein.observe.disk import real_path

MAX_BYTES = 262_144  # of one file
MAX_FILES = 200  # of one project
MAX_LOOKED = 20_000  # names in one project
Reader = Callable[[str], formats.Pairs]

HOME: tuple[tuple[str, Reader], ...] = (
    (".netrc", formats.netrc),
    ("_netrc", formats.netrc),
    (".git-credentials", formats.addresses),
    (".config/git/credentials", formats.addresses),
    (".config/gh/hosts.yml", formats.yaml_document),
    (".config/glab-cli/config.yml", formats.yaml_document),
    (".npmrc", formats.lines),
    (".yarnrc.yml", formats.yaml_document),
    (".pypirc", formats.ini),
    (".pip/pip.conf", formats.ini),
    (".config/pip/pip.conf", formats.ini),
    (".cargo/credentials.toml", formats.toml_document),
    (".aws/credentials", formats.ini),
    (".docker/config.json", formats.json_document),
    (".kube/config", formats.yaml_document),
    (".config/gcloud/application_default_credentials.json", formats.json_document),
    (".terraform.d/credentials.tfrc.json", formats.json_document),
    (".terraformrc", formats.dotenv),
    (".vault-token", formats.whole),
    (".pgpass", formats.pgpass),
    (".my.cnf", formats.ini),
    (".claude/.credentials.json", formats.json_document),
)
"""Below the home folder."""
PROJECT: tuple[tuple[str, Reader], ...] = (
    (".env", formats.dotenv),
    (".env.*", formats.dotenv),
    ("*.env", formats.dotenv),
    (".envrc", formats.dotenv),
    (".flaskenv", formats.dotenv),
    (".dev.vars", formats.dotenv),
    (".npmrc", formats.lines),
    (".yarnrc.yml", formats.yaml_document),
    (".pypirc", formats.ini),
    ("pip.conf", formats.ini),
    (".netrc", formats.netrc),
    (".pgpass", formats.pgpass),
    (".vault-token", formats.whole),
)
"""Anywhere in the project, by the file's name."""
TEMPLATES = ("*example*", "*sample*", "*template*", "*.dist", "*.defaults")
SKIPPED = frozenset(
    {
        *(
            "node_modules",
            ".git",
            ".venv",
            "venv",
            "__pycache__",
            "target",
            "dist",
            ".tox",
            ".nox",
            ".next",
            ".cache",
            ".gradle",
        ),
        *(".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "site-packages"),
    }
)
_NAMES = re.compile("|".join(translate(name) for name, _ in PROJECT))
_TEMPLATES = re.compile("|".join(map(translate, TEMPLATES)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold secrets, as it is now. ``stamp`` changes with it; ``inside`` is the folder it has to stay in."""

    path: str
    reader: Reader
    inside: str
    stamp: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Places:
    """Paths with what reads them. ``missing`` says why there may be more, "" where there are not."""

    found: tuple[tuple[str, Reader], ...] = ()
    missing: str = ""


class UnreadableError(Exception):
    """Why a file was not read; the text holds nothing of its content."""


def of_home(home: str) -> Iterator[Candidate]:
    """The files below the home folder that are there."""
    for name, reader in HOME:
        yield from _candidate(f"{home}/{name}", reader, home)


def places(project: str) -> Places:
    """The paths in a project whose names say that they hold secrets, those further up first."""
    found: list[tuple[str, Reader]] = []
    left = deque([project])
    looked = 0
    while left and looked < MAX_LOOKED:
        for entry in _listed(left.popleft()):
            looked += 1
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in SKIPPED:
                    left.append(entry.path)
            elif _NAMES.fullmatch(entry.name) and not _TEMPLATES.fullmatch(entry.name):
                found.append((entry.path, next(reader for name, reader in PROJECT if fnmatchcase(entry.name, name))))
    missing = "it holds more files than are looked through" if left else ""
    missing = f"it holds more than {MAX_FILES} files with secrets" if len(found) > MAX_FILES else missing
    return Places(tuple(found[:MAX_FILES]), missing)


def _listed(folder: str) -> list[os.DirEntry[str]]:
    """What stands in a folder, by name; nothing where it cannot be read: then nothing in it can be read either."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def of_project(project: str, where: Places) -> Iterator[Candidate]:
    """Those of ``where`` that are there, as they are now."""
    for path, reader in where.found:
        yield from _candidate(path, reader, project)


def pairs(candidate: Candidate) -> list[tuple[str, str]]:
    """The secrets in a file. Raises UnreadableError."""
    real = real_path(candidate.path)
    if not f"{real}/".startswith(f"{real_path(candidate.inside)}/"):
        raise UnreadableError("it is a link to somewhere else")
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnreadableError("it is no regular file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError(error.strerror or "it cannot be read") from error
    if len(data) > MAX_BYTES:
        raise UnreadableError(f"it is larger than {MAX_BYTES} bytes")
    try:
        return list(formats.secret_pairs(candidate.reader(data.decode("utf-8-sig", "replace"))))
    except ValueError as error:
        raise UnreadableError(str(error)) from None


def _candidate(path: str, reader: Reader, inside: str) -> Iterator[Candidate]:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked once a second for many files
    except OSError:
        return
    yield Candidate(path, reader, inside, (found.st_mtime_ns, found.st_size, found.st_ino))
