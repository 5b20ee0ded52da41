"""A small machine for tests: a home folder, a project in it under git, and a decision point that looks at nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pygit2
import pytest
from pygit2.enums import ConfigLevel

from checkrein.controls import Guard
from checkrein.core import Decision, Event, EventKind, Example
from checkrein.decide import DecisionPoint, SessionStore, Stores
from checkrein.policy import PolicyFiles, PolicyStore
from checkrein.rules import load_rules
from example_vault import MemoryVault

# Elsewhere every run looks at new cases; under CI the same commit gives the same verdict. No verdict depends on how busy the
# machine is.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits longest begins first, so that the other workers have something to do meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


PORT = 4747
GUARD_PID = 4141
PATH_KEYS = ("file_path", "notebook_path", "path")


@dataclass
class World:
    """Files, a repository and a decision point below one folder. ``~`` in names is its home folder."""

    root: Path
    name: str = "project"

    def __post_init__(self) -> None:
        self.home = self.root / "home"
        self.project = self.home / self.name
        self.config = self.home / ".config" / "checkrein"
        self.state = self.home / ".local" / "state" / "checkrein"
        self.vault = MemoryVault()
        for folder in (self.project, self.config, self.state):
            folder.mkdir(parents=True, exist_ok=True)
        self.repository = pygit2.init_repository(self.project, initial_head="main")
        self.commit()
        self.point = self.new_point()

    def new_point(self, **stores: Any) -> DecisionPoint:
        """A decision point over this machine, with further stores where they are given."""
        files = PolicyFiles(self.home, self.config / "checkrein.yaml", self.root / "organisation.yaml")
        known = {"policies": PolicyStore(files), "sessions": SessionStore(None), "vault": self.vault, **stores}
        trusted = str(self.state / "checkrein-trust.pem")
        guard = Guard(frozenset({GUARD_PID}), PORT, (str(self.state), str(self.config)), trusted)
        return DecisionPoint(
            Stores(**known), load_rules(), str(self.home), guard, own_config=(str(self.config),), own_state=(str(self.state),)
        )

    def path(self, name: str) -> Path:
        """``~/x`` below the home folder, everything else below the project."""
        return self.home / name[2:] if name.startswith("~/") else self.project / name

    def write(self, name: str, text: str = "x\n") -> Path:
        """Make a file with the folders above it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def policy(self, text: str, *, layer: str = "project") -> Path:
        """Write a policy file of one layer."""
        file = {
            "project": self.project / "checkrein.yaml",
            "user": self.config / "checkrein.yaml",
            "organisation": self.root / "organisation.yaml",
        }[layer]
        file.write_text(f"version: 1\n{text}\n")
        return file

    def commit(self, *names: str) -> None:
        """Commit these files of the project; none of them: an empty commit."""
        index = self.repository.index
        for name in names:
            index.add(name)
        index.write()
        who = pygit2.Signature("Test", "test@example.com", 1_700_000_000, 0)
        parents = [] if self.repository.head_is_unborn else [self.repository.head.target]
        self.repository.create_commit("HEAD", who, who, "commit", index.write_tree(), parents)

    def place(self, example: Example) -> None:
        """Put the files of an example where they belong."""
        for name, text in example.files.items():
            self.write(name, text)
        if example.tracked:
            self.commit(*example.tracked)

    def expanded(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A tool's input with ``~`` in its paths written out, as the client sends it."""
        home = str(self.home)
        return {
            key: home + value[1:] if key in PATH_KEYS and isinstance(value, str) and value.startswith("~/") else value
            for key, value in given.items()
        }

    def event(self, tool: str, given: Mapping[str, Any], **fields: Any) -> Event:
        """A tool call in the project."""
        place: dict[str, Any] = {"cwd": str(self.project), "project": str(self.project), "session": "s", "name": "PreToolUse"}
        return Event(EventKind.TOOL_CALL, tool=tool, input=given, **{**place, **fields})

    def judge(self, tool: str, given: Mapping[str, Any], **fields: Any) -> Decision:
        """The decision on a tool call."""
        return self.point.decide(self.event(tool, given, **fields))

    def bash(self, command: str, **fields: Any) -> Decision:
        """The decision on a command line."""
        return self.judge("Bash", {"command": command}, **fields)

    def prompt(self, text: str) -> Decision:
        """The decision on a prompt."""
        project = str(self.project)
        return self.point.decide(
            Event(EventKind.PROMPT, session="s", cwd=project, project=project, name="UserPromptSubmit", text=text)
        )


@pytest.fixture(scope="session", autouse=True)
def _no_global_git_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What git is told on the machine that runs the tests decides nothing."""
    empty = str(tmp_path_factory.mktemp("git"))
    levels = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)
    before = [pygit2.settings.search_path[level] for level in levels]
    for level in levels:
        pygit2.settings.search_path[level] = empty
    yield
    for level, path in zip(levels, before, strict=True):
        pygit2.settings.search_path[level] = path


@pytest.fixture(scope="session", autouse=True)
def _no_keyring() -> Iterator[None]:
    """No test puts a key into the keyring of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A machine with an empty repository as its project."""
    return World(Path(os.path.realpath(tmp_path)))


@pytest.fixture(scope="session")
def worlds() -> type[World]:
    """Makes further machines, and further projects on one."""
    return World
