"""Claude Code clients of an exact version, installed from npm into a cache folder and shared by parallel runs."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkrein.core import ClientError

NEWEST = "2.1.330"
OLDEST = "2.1.197"
VERSIONS = (NEWEST, OLDEST)
"""The clients that every scenario is proven on: the newest, and one from before 2.1.295 (which knows no ``onFailure``)."""

PACKAGE = "@anthropic-ai/claude-code"
_INSTALL_SECONDS = 600
_VERSION_SECONDS = 60
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """One client: its program and the version that it reports."""

    path: Path
    version: str

    @property
    def blocks_on_failure(self) -> bool:
        """Whether ``onFailure: "block"`` is honoured (2.1.295 and later)."""
        return tuple(map(int, self.version.split("."))) >= (2, 1, 295)


def ensure_client(version: str, cache: Path) -> Path:
    """The program of client ``version`` below ``cache``; installed from npm where it is missing.

    The folder appears whole or not at all, and parallel calls install once. Package scripts are not run: the package carries
    a native program. ClientError where npm is missing or fails, or where what it brought reports another version.
    """
    if not _VERSION.fullmatch(version):
        raise ClientError(f"{version!r} is no client version", fix="Name one such as 2.1.330.")
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / version
    with _locked(cache / f"{version}.lock"):
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f"{version}.") as scratch:
                made = Path(scratch) / "client"
                _install(version, made, Path(scratch))
                _check(_native(made), version)
                made.rename(target)
    return _native(target)


def identify(program: Path) -> ClientProgram:
    """The client at ``program``, with the version that it reports. ClientError where it is none."""
    return ClientProgram(program, report_version(program))


def report_version(program: Path) -> str:
    """What ``program --version`` says, asked in an empty home folder, so that nothing is read or written."""
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "DISABLE_AUTOUPDATER": "1"}
        try:
            done = subprocess.run(
                [str(program), "--version"],
                env=env,
                cwd=home,
                capture_output=True,
                text=True,
                timeout=_VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as exc:
            raise ClientError(f"{program} does not run", why=str(exc), fix="Name a Claude Code client.") from exc
    found = _VERSION.match(done.stdout)
    if done.returncode != 0 or found is None:
        raise ClientError(f"{program} does not say which version it is", why=(done.stdout + done.stderr)[:200])
    return found[0]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(version: str, target: Path, scratch: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ClientError(
            "npm is not installed", why="Clients come from npm.", fix="Install npm, or name a client with --client."
        )
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--cache", str(scratch / "npm")]
    target.mkdir()
    (target / "package.json").write_text('{"private": true}\n')
    try:
        done = subprocess.run(
            [npm, "install", *options, f"{PACKAGE}@{version}"],
            cwd=target,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise ClientError(f"npm did not install {PACKAGE}@{version} in {_INSTALL_SECONDS} s") from exc
    if done.returncode != 0:
        raise ClientError(f"npm could not install {PACKAGE}@{version}", why=done.stderr.strip()[-500:])


def _native(folder: Path) -> Path:
    """The native program: npm picks the package for this system and processor."""
    found = sorted((folder / "node_modules/@anthropic-ai").glob("claude-code-*/claude"))
    if not found:
        raise ClientError(
            f"{folder} holds no native client", why="npm has none for this system.", fix=f"Remove {folder} and try again."
        )
    return found[0]


def _check(program: Path, version: str) -> None:
    reported = report_version(program)
    if reported != version:
        raise ClientError(f"npm brought client {reported} in place of {version}")
