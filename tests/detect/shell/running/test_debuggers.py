"""gdb and lldb."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"


@pytest.mark.parametrize(
    "command",
    [
        "gdb -batch -ex 'shell rm -rf /etc'",
        "gdb -ex '!rm -rf /etc' ./a.out",
        "gdb ./a.out --eval-command='shell rm -rf /etc'",
        "gdb -ex 'pipe info frame | rm -rf /etc'",
        "gdb -ex 'call (int)system(\"rm -rf /etc\")'",
        "gdb -ex 'python import shutil; shutil.rmtree(\"/etc\")'",
        "gdb --args rm -rf /etc",
        "gdb -x x.gdb",
        "gdb <<< 'shell rm -rf /etc'",
        "lldb -o 'platform shell rm -rf /etc'",
        "lldb -- rm -rf /etc",
    ],
)
def test_what_a_debugger_runs(judge: Any, command: str) -> None:
    judged = judge(command, scripts={f"{P}/x.gdb": "set pagination off\nshell rm -rf /etc\n"})
    assert judged.of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize("command", ["gdb", "gdb ./a.out core", "gdb -batch -ex bt ./a.out", "gdb -p 12", "lldb -o run ./a"])
def test_ordinary_calls_are_quiet(judge: Any, command: str) -> None:
    assert not judge(command).analysis.effects
