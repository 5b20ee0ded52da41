"""Where the shell is after ``cd``, where the folder may not be there."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"
BOTH = [f"{P}/nope/x", f"{P}/x"]


@pytest.mark.parametrize(
    "command",
    [
        "cd nope; rm x",
        "cd nope\nrm x",
        "pushd nope; rm x",
        "builtin cd nope; rm x",
        "go() { cd nope; }; go; rm x",
        "cd nope && make; rm x",
        "cd nope || true; rm x",
        "set -e; cd nope || true; rm x",
        "set -e; set +e; cd nope; rm x",
        "if (set -e; cd nope; rm x); then :; fi",
        "(set -e; cd nope; rm x) || true",
        "if c; then set -e; fi; cd nope; rm x",
        "exit() { :; }; cd nope || exit; rm x",
        "cd nope || (exit 1); rm x",
    ],
)
def test_a_folder_that_is_not_there_may_not_be_entered(judge: Any, command: str) -> None:
    assert sorted(judge(command).of(EffectKind.DELETE)) == BOTH


@pytest.mark.parametrize(
    "command",
    [
        "cd nope && rm x",
        "cd nope && make && rm x",
        "cd nope || exit 1; rm x",
        "cd nope || { echo no; exit 1; }; rm x",
        "die() { echo no; exit 1; }; cd nope || die; rm x",
        "set -e; cd nope; rm x",
        "set -euo pipefail; cd nope; rm x",
        "set -o errexit; cd nope; rm x",
        "mkdir nope; cd nope; rm x",
        "mkdir -p nope/a/b; cd nope; rm x",
        "git clone https://example.com/a nope; cd nope; rm x",
        "echo a > nope/f; cd nope; rm x",
    ],
)
def test_a_folder_that_was_surely_entered(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == BOTH[:1]


def test_what_is_inverted_runs_where_it_failed(judge: Any) -> None:
    assert judge("! cd nope && rm x").of(EffectKind.DELETE) == BOTH[1:]
    assert judge("! cd nope || rm x").of(EffectKind.DELETE) == BOTH[:1]
    assert judge("! ! cd nope && rm x").of(EffectKind.DELETE) == BOTH[:1]


@pytest.mark.parametrize(
    "command",
    [
        "CDPATH=~; cd docs && rm x",
        "CDPATH=~ cd docs && rm x",
        "CDPATH=/none:~; cd docs && rm x",
        "docs=~/docs; cd docs && rm x",
    ],
)
def test_other_ways_into_a_folder(judge: Any, command: str) -> None:
    assert "/home/dev/docs/x" in judge(command, folders=("/home/dev/docs",)).of(EffectKind.DELETE)


def test_a_dot_is_no_other_way(judge: Any) -> None:
    assert judge("CDPATH=~; cd ./docs && rm x", folders=("/home/dev/docs",)).of(EffectKind.DELETE) == [f"{P}/docs/x"]


def test_a_pattern_leads_to_what_it_matches(judge: Any) -> None:
    loop = 'for d in pkg*/; do cd "$d"; rm x; cd ..; done'
    assert judge(loop, files={f"{P}/pkg1": ""}).of(EffectKind.DELETE) == [f"{P}/pkg*/x"]
    assert judge("cd pkg*; cd ..; rm x").of(EffectKind.DELETE) == [f"{P}/x", "/home/dev/x"]  # it matches nothing: up it goes
