"""Throw-away worlds for measuring: a home folder, projects under git, and a service of its own where one is wanted."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checkrein.prove.client import ClientProgram
from checkrein.prove.protection import Protection, protected
from checkrein.prove.world import World
from checkrein.service import certificate, manage
from checkrein.service.paths import ServicePaths
from checkrein.setup.install import Scope, Transport

FILES = {
    "src/app.py": "def main() -> None:\n    print('hello')\n",
    "src/util.py": "LIMIT = 10\n",
    "README.md": "# A project\n",
    "package.json": '{"name": "shop", "scripts": {"test": "node test.js"}}\n',
}


@contextmanager
def world() -> Iterator[World]:
    """A world with one project, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="checkrein-bench-") as root:
        made = World(Path(root) / "w", Path(tempfile.mkdtemp(prefix="crb")), {})
        try:
            make_project(made, made.project)
            yield made
        finally:
            made.remove()


def make_project(owner: World, folder: Path) -> Path:
    """A small project with all of its files committed."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    who = ("-c", "user.name=A Person", "-c", "user.email=person@example.com")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), (*who, "commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *words], cwd=folder, env=owner.environment(), check=True)
    return folder


@dataclass(frozen=True, slots=True)
class Serving:
    """A running service: how it is called, and its processes."""

    world: World
    paths: ServicePaths
    port: int
    token: str
    supervisor: int
    worker: int
    ledger: Path
    tls: ssl.SSLContext

    def memory(self, pid: int) -> dict[str, float]:
        """Resident memory of one of its processes in MB (1,000,000 bytes): ``VmRSS`` now, ``VmHWM`` at most."""
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        words = [line.split() for line in lines if line.startswith(("VmRSS:", "VmHWM:"))]
        return {name.rstrip(":"): int(value) * 1024 / 1e6 for name, value, _ in words}


@contextmanager
def serving(
    client: ClientProgram | None = None, transport: Transport | None = Transport.HTTP, helper: Path | None = None
) -> Iterator[Serving]:
    """A world with protection on, as ``checkrein up`` puts it on; ended and removed at the end."""
    with world() as made, protected(made, client, Scope.USER, transport, helper) as protection:
        yield serving_of(protection)


def serving_of(protection: Protection) -> Serving:
    """The service of a world that is protected. RuntimeError where it does not run."""
    status = manage.status(protection.paths)
    if status.pid is None or not status.healthy:
        raise RuntimeError(f"the service to be measured does not run: {status.trouble}")
    return Serving(
        protection.world,
        protection.paths,
        protection.port,
        protection.token,
        status.pid,
        int(status.health["pid"]),
        protection.ledger,
        certificate.calling(protection.paths),
    )
