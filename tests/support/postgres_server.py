"""A PostgreSQL server of a test's own, which listens on a socket in its folder and nowhere else."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTING_SECONDS = 60.0


class NoServerError(Exception):
    """There is no PostgreSQL here that a test could start; the text says why."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a running server, for SQLAlchemy with psycopg. NoServerError where none can be started."""
    programs = _programs()
    account = {"user": "nobody"} if os.geteuid() == 0 else {}  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg") as name:
        folder = Path(name)
        if account:
            shutil.chown(folder, "nobody")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": folder, "text": True, **account}
        made = subprocess.run(
            [programs / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "-N"],
            check=False,
            **quiet,
        )
        if made.returncode:
            raise NoServerError(f"initdb failed: {made.stderr.strip()[:300]}")
        options = ["-D", folder / "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
        log = folder / "log"
        with log.open("w") as output:
            server = subprocess.Popen([programs / "postgres", *options], **{**quiet, "stderr": output})
            try:
                _wait(server, folder, log)
                yield f"postgresql+psycopg://tests@/postgres?host={folder}"
            finally:
                server.terminate()
                server.wait(30)


def _wait(server: subprocess.Popen[str], folder: Path, log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while not (folder / "data" / "postmaster.pid").is_file() or "ready" not in (folder / "data" / "postmaster.pid").read_text():
        if server.poll() is not None or time.monotonic() > deadline:
            raise NoServerError(f"postgres did not start: {log.read_text()[-300:]}")
        time.sleep(0.05)


def _programs() -> Path:
    """The folder of ``initdb`` and ``postgres``: those on the path, else those that come with pgserver."""
    found = shutil.which("initdb")
    if found and (Path(found).parent / "postgres").exists():
        return Path(found).parent
    spec = importlib.util.find_spec("pgserver")
    own = Path(spec.origin or "").parent / "pginstall" / "bin" if spec else Path()
    if not (own / "initdb").exists():
        raise NoServerError("neither PATH nor pgserver has a PostgreSQL")
    return own
