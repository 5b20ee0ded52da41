from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checkrein.prove.scenario import Scenario, load
from checkrein.prove.world import Origin, World, build

TEXT = """\
id: case
title: A case that is played
threats: [T7]
kind: {kind}
twin: other
files:
  project: {{a.txt: "one\\n", "sub/b.sh": {{text: "${{canary}}", mode: "0755"}}, l: {{link: a.txt}}, h: {{hardlink: ~/x}}}}
  home: {{x: "mine ${{home}}\\n", .claude/settings.json: "{{\\"a\\": 1}}"}}
settings: {{user: {{b: "${{project}}"}}}}
policy: {{project: {{version: 1}}}}
commit: [a.txt]
turns:
  - [{{bash: "ls ${{HOME}} ${{project}}"}}]
  - [{{bash: pwd}}]
expect:
{expect}
"""


@pytest.fixture
def case() -> Callable[..., Scenario]:
    def make(expect: str = "  results: [{call: '0.0', is: ran}]\n  disk: {a.txt: unchanged}", kind: str = "attack") -> Scenario:
        return load(TEXT.format(expect=expect, kind=kind), "case.yaml")

    return make


@pytest.fixture
def world(tmp_path: Path, case: Callable[..., Any]) -> Iterator[World]:
    made = build(case(), tmp_path / "world", Origin())
    yield made
    shutil.rmtree(made.runtime, ignore_errors=True)
