from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from checkrein.core import Action, Rule, Severity, Threat
from checkrein.policy import LoadedPolicy, PolicyFiles, load_policy


def rule(rule_id: str, action: Action = Action.ASK) -> Rule:
    return Rule(rule_id, rule_id, Threat.FILE_CHANGES, Severity.LOW, action, "why", "instead", (), (), ())


RULES = {each.id: each for each in (rule("git.push-force", Action.DENY), rule("git.reset-hard"), rule("fs.delete"))}


@dataclass(frozen=True)
class World:
    """A machine with the three layers in temporary folders."""

    root: Path
    files: PolicyFiles

    @property
    def project(self) -> Path:
        return self.root / "project"

    def write(self, layer: str, text: str, *, version: bool = True) -> Path:
        places = {
            "organisation": self.files.organisation,
            "user": self.files.user,
            "project": self.project / "checkrein.yaml",
        }
        places[layer].write_text(("version: 1\n" if version else "") + text)
        return places[layer]

    def load(self) -> LoadedPolicy:
        return load_policy(self.project, self.files, rules=RULES)

    def notes(self) -> list[str]:
        return [str(note).replace(f"{self.root}/", "") for note in self.load().notes]


@pytest.fixture
def world(tmp_path: Path) -> World:
    for name in ("org", "home", "project"):
        (tmp_path / name).mkdir()
    return World(
        tmp_path, PolicyFiles(tmp_path / "home", tmp_path / "home" / "checkrein.yaml", tmp_path / "org" / "checkrein.yaml")
    )


@pytest.fixture
def rules() -> dict[str, Rule]:
    return RULES
