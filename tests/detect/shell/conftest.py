"""A machine that exists in a test only."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from checkrein.core.effect import Effect, EffectKind
from checkrein.detect.shell.interpreter import Analysis, analyse
from empty_world import EmptyWorld

PROJECT = "/home/dev/project"


@dataclass(frozen=True)
class FakeWorld(EmptyWorld):
    """``files`` are on disk, ``scripts`` those among them that nobody vouches for."""

    files: Mapping[str, str] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def read_text(self, path: str) -> str | None:
        return self.files.get(path, self.scripts.get(path))

    def is_dir(self, path: str) -> bool:
        return path in self.folders or path in (PROJECT, "/", "/etc", self.home)

    def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(path for path in (*self.files, *self.scripts) if fnmatch.fnmatch(path, pattern))

    def script(self, path: str) -> str | None:
        return self.scripts.get(path)

    def written(self, folder: str) -> tuple[str, ...]:
        return tuple(path for path in self.scripts if path.startswith(f"{folder}/"))

    def members(self, path: str) -> tuple[tuple[str, str], ...] | None:
        return self.archives.get(path)


@dataclass(frozen=True)
class Judged:
    """An analysis with the questions that tests ask."""

    analysis: Analysis

    def of(self, kind: EffectKind) -> list[str]:
        """The targets of all effects of a kind, in order."""
        return [effect.target for effect in self.analysis.effects if effect.kind is kind]

    def one(self, kind: EffectKind) -> Effect:
        """The only effect of a kind."""
        found = [effect for effect in self.analysis.effects if effect.kind is kind]
        assert len(found) == 1, found
        return found[0]

    @property
    def kinds(self) -> set[EffectKind]:
        return {effect.kind for effect in self.analysis.effects}

    @property
    def rules(self) -> set[str]:
        return {effect.rule for effect in self.analysis.effects if effect.rule}

    @property
    def blind(self) -> bool:
        """True where it is said that something is not known."""
        return bool({EffectKind.UNRESOLVED, EffectKind.RUN_UNKNOWN, EffectKind.RUN_FETCHED} & self.kinds)

    @property
    def programs(self) -> list[str]:
        return [argv[0] for argv in self.analysis.programs]


Judge = Callable[..., Judged]


@pytest.fixture(scope="session")
def judge() -> Judge:
    """``judge(command, files=..., scripts=..., cwd=...)``."""

    def call(
        command: str,
        *,
        files: Mapping[str, str] | None = None,
        scripts: Mapping[str, str] | None = None,
        folders: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        cwd: str = PROJECT,
    ) -> Judged:
        world = FakeWorld(files or {}, scripts or {}, folders, variables or {})
        return Judged(analyse(command, world, cwd))

    return call


@pytest.fixture(scope="session")
def world() -> type[FakeWorld]:
    """The class of the fake machine, for tests that need one of their own."""
    return FakeWorld
