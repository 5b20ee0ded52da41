"""A machine that does not exist, and a judge of snippets on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from checkrein.core.effect import Effect, Flag
from checkrein.detect.shell.model import Argv, Outcome, ScriptFile, ShellText, Snippet
from checkrein.detect.shell.snippets import analyse_snippet
from empty_world import EmptyWorld

Judge = Callable[..., tuple[Outcome, ...]]


@dataclass(frozen=True)
class FakeWorld(EmptyWorld):
    """Scripts and variables are what a test says."""

    home: str = field(default="/home/u", kw_only=True)
    variables: dict[str, str] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> str | None:
        return self.variables.get(name)

    def script(self, path: str) -> str | None:
        return self.scripts.get(path)


@pytest.fixture
def judge() -> Judge:
    def run(
        language: str, source: str, args: tuple[str, ...] = (), stdin: str | None = None, **world: dict[str, str]
    ) -> tuple[Outcome, ...]:
        return analyse_snippet(language, source, cwd="/w", world=FakeWorld(**world), args=args, stdin=stdin)  # type: ignore[arg-type]

    return run


def brief(outcomes: tuple[Outcome, ...]) -> set[str]:
    """Outcomes as short texts: ``delete /x R``, ``shell rm x``, ``argv a b``, ``code ruby x``, ``script python /p``."""
    found = set()
    for item in outcomes:
        match item:
            case Effect():
                marks = "".join(mark for flag, mark in ((Flag.RECURSIVE, "R"), (Flag.GLOB, "G")) if flag in item.flags)
                tail = "".join(f" <{path}" for path in item.reads)
                found.add(f"{item.kind} {item.target}{' ' + marks if marks else ''}{tail}")
            case ShellText():
                found.add(f"shell {item.text}")
            case Argv():
                found.add(f"argv {' '.join(item.argv)}")
            case Snippet():
                found.add(f"code {item.language} {item.source}")
            case ScriptFile():
                found.add(f"script {item.language} {item.path}")
    return found


@pytest.fixture
def brief_of(judge: Judge) -> Callable[..., set[str]]:
    return lambda *args, **world: brief(judge(*args, **world))
