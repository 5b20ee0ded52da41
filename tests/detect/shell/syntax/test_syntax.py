"""Text that is no valid shell: what bash would refuse is noted, what it would run is told."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from checkrein.core.effect import EffectKind

REFUSED = [
    "cat 'unterminated .env",
    'echo "x',
    "x=${a[; rm -rf /etc",
    "echo ${x[; rm -rf /etc",
    "echo $(( 1 +",
    'echo "$(ls',
    "if true; then ls",
    "(ls",
    "{ ls",
    "f() {",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_bash_refuses_is_a_note(judge: Any, text: str, tmp_path: Path) -> None:
    run = subprocess.run(["bash", "-n", "-c", text], capture_output=True, check=False, cwd=tmp_path)
    assert run.returncode != 0
    judged = judge(text)
    assert judged.analysis.problems
    assert not judged.blind


def test_what_stands_before_it_is_read(judge: Any) -> None:
    assert judge("rm -rf /etc\necho 'x").of(EffectKind.DELETE) == ["/etc"]


def test_what_is_found_only_while_it_runs_is_told(judge: Any) -> None:
    assert judge("echo ${x; rm -rf /etc}").of(EffectKind.UNRESOLVED)
    assert not judge("echo ${x:-y} ${x@Q} ${#x} ${!x}").blind


@pytest.mark.parametrize(
    "text", ["echo ${ rm -rf /etc; }", 'echo "${ rm -rf /etc; }"', "echo ${| rm -rf /etc; }", "echo ${\nrm -rf /etc\n}"]
)
def test_commands_in_braces(judge: Any, text: str) -> None:
    judged = judge(text)
    assert judged.of(EffectKind.DELETE) == ["/etc"]
    assert not judged.analysis.problems
