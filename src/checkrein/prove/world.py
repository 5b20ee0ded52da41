"""The throw-away world of one run: a home folder, a project under git, settings and policy, and a service of its own."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import shutil
import stat
import string
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checkrein.core import ClientError
from checkrein.prove.drive import SYSTEM_PATH
from checkrein.prove.scenario import File, Scenario
from checkrein.setup.install import ClientPaths

_GITCONFIG = "[user]\n\tname = A Person\n\temail = person@example.com\n"
FIXTURES = Path(__file__).parent / "fixtures"


@dataclass(frozen=True, slots=True)
class Origin:
    """What of a person's own set-up is copied into a world: file contents by their path below home and project."""

    home: Mapping[str, bytes] = field(default_factory=dict)
    project: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """The folders of one run. ``runtime`` lies elsewhere: a socket's path must be short. ``words`` fill placeholders."""

    root: Path
    runtime: Path
    words: dict[str, str]

    @property
    def home(self) -> Path:
        """HOME of everything in this world."""
        return self.root / "home"

    @property
    def project(self) -> Path:
        """Where the client runs."""
        return self.home / "project"

    @property
    def managed(self) -> Path:
        """What stands in for /etc where a scenario needs managed settings."""
        return self.root / "etc"

    @property
    def client_paths(self) -> ClientPaths:
        """Where the client keeps its files in this world."""
        return dataclasses.replace(ClientPaths.of(self.environment(), self.project), managed=self.managed / "claude-code")

    def environment(self) -> dict[str, str]:
        """The environment of the service and of git: nothing is inherited."""
        return {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin:{SYSTEM_PATH}",
            "LANG": "C.UTF-8",
            "XDG_RUNTIME_DIR": str(self.runtime),
        }

    def fill(self, text: str) -> str:
        """``text`` with its placeholders replaced."""
        for name, value in self.words.items():
            text = text.replace(f"${{{name}}}", value)
        return text

    def fill_all(self, value: Any) -> Any:
        """As ``fill``, for every text in a JSON value."""
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, list):
            return [self.fill_all(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self.fill_all(item) for key, item in value.items()}
        return value

    def path(self, name: str) -> Path:
        """A path of a scenario: ``~/x`` is below home, everything else below the project."""
        return self.home / name[2:] if name.startswith("~/") else self.project / name

    def remove(self, *, keep_evidence: bool = False) -> None:
        """Delete all of it, folders without write permission too; with ``keep_evidence`` only what lies elsewhere."""
        for place in (self.runtime,) if keep_evidence else (self.root, self.runtime):
            for folder, _, _ in os.walk(place):
                Path(folder).chmod(0o700)
            shutil.rmtree(place, ignore_errors=True)


def build(scenario: Scenario, root: Path, origin: Origin) -> World:
    """Make the world of ``scenario`` in ``root``, which is not there yet. ClientError, and no world, where git fails."""
    root.mkdir(parents=True)
    root.chmod(0o700)
    world = World(root, Path(tempfile.mkdtemp(prefix="checkrein-")), {})
    world.words.update(
        home=str(world.home),
        project=str(world.project),
        python=sys.executable,
        fixtures=str(FIXTURES),
        canary=f"canary{secrets.token_hex(8)}",
        token="".join(("sk", "_live_", *(secrets.choice(string.ascii_letters + string.digits) for _ in range(32)))),
    )
    try:
        _furnish(world, scenario, origin)
    except BaseException:
        world.remove()
        raise
    return world


def _furnish(world: World, scenario: Scenario, origin: Origin) -> None:
    world.project.mkdir(parents=True)
    (world.home / "bin").mkdir()
    for place, copies in ((world.home, origin.home), (world.project, origin.project)):
        for name, data in copies.items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    _write(world.home / ".gitconfig", File(_GITCONFIG))
    hardlinks = _lay_out(world, scenario)
    _policies(world, scenario)
    _settings(world, scenario)
    _commit(world, scenario.commit)
    for target, source in hardlinks:
        target.unlink(missing_ok=True)
        target.hardlink_to(source)


def _lay_out(world: World, scenario: Scenario) -> list[tuple[Path, Path]]:
    """Write the files. Hard links come after the commit, because git would not keep them: they are returned."""
    hardlinks = []
    for place, files in ((world.home, scenario.home), (world.project, scenario.project)):
        for name, file in files.items():
            target = place / name
            if file.hardlink:
                target.parent.mkdir(parents=True, exist_ok=True)
                hardlinks.append((target, world.path(file.hardlink)))
            else:
                _write(target, dataclasses.replace(file, text=world.fill(file.text), link=world.fill(file.link)))
    return hardlinks


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.link:
        path.symlink_to(file.link)
        return
    path.write_text(file.text, "utf-8")
    path.chmod(file.mode)


def _policies(world: World, scenario: Scenario) -> None:
    places = {"user": world.home / ".config/checkrein/checkrein.yaml", "project": world.project / "checkrein.yaml"}
    for layer, policy in scenario.policy.items():
        _write(places[layer], File(json.dumps(world.fill_all(policy))))  # JSON is YAML


def _settings(world: World, scenario: Scenario) -> None:
    for layer, extra in scenario.settings.items():
        place = world.home if layer == "user" else world.project
        target = place / ".claude/settings.json"
        present = json.loads(target.read_bytes()) if target.exists() else {}
        _write(target, File(json.dumps({**present, **world.fill_all(extra)}, indent=2)))


def _commit(world: World, names: tuple[str, ...] | None) -> None:
    _git(world, "init", "-q", "-b", "main")
    _git(world, "add", "-A") if names is None else _git(world, "add", "-f", "--", *names) if names else None
    _git(world, "commit", "-q", "--allow-empty", "-m", "The state before")


def _git(world: World, *words: str) -> None:
    env = {**world.environment(), "PATH": SYSTEM_PATH}
    done = subprocess.run(["git", *words], cwd=world.project, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClientError(f"git {words[0]} failed in a scenario's project", why=done.stderr[:300])


def state_of(path: Path) -> tuple[Any, ...]:
    """What is at ``path``, comparable: kind, mode and content, of a folder with all that is in it (without .git)."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return ("absent",)
    if stat.S_ISLNK(found.st_mode):
        return ("link", str(path.readlink()))
    if stat.S_ISDIR(found.st_mode):
        inside = sorted(entry.name for entry in path.iterdir() if entry.name != ".git")
        return ("folder", stat.S_IMODE(found.st_mode), tuple((name, state_of(path / name)) for name in inside))
    return ("file", stat.S_IMODE(found.st_mode), path.read_bytes())
