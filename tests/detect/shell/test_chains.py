"""Chains of commands: what follows ``&&`` and ``||`` runs in the folder, and with the variables, that it can have."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"


@pytest.mark.parametrize(
    ("command", "targets"),
    [
        ("true && cd b && rm x", [f"{P}/b/x"]),
        ("mkdir -p b && cd b && rm x && rm y", [f"{P}/b/x", f"{P}/b/y"]),
        ("true && cd b && cd .. && rm x", [f"{P}/x"]),
        ("true && D=b && rm $D", [f"{P}/b"]),
        ("false || D=b && rm $D", [f"{P}/b", "/\0"]),
        ("cd b && make; rm x", [f"{P}/b/x"]),
        ("true && cd b; rm x", [f"{P}/x", f"{P}/b/x"]),
        ("cd b || rm x", [f"{P}/x"]),
        ("cd b || exit 1; rm x", [f"{P}/b/x"]),
        ("cd b || cd c; rm x", [f"{P}/b/x", f"{P}/c/x"]),
        ("true && cd b && make || rm x", [f"{P}/x", f"{P}/b/x"]),
        ("D=a; true && D=b || rm $D", [f"{P}/a", f"{P}/b"]),
        ("D=a; true && D=b || D=c; rm $D", [f"{P}/c", f"{P}/b"]),
    ],
)
def test_where_a_command_of_a_chain_runs(judge: Any, command: str, targets: list[str]) -> None:
    folders = (f"{P}/b", f"{P}/c")
    assert sorted(judge(command, folders=folders).of(EffectKind.DELETE)) == sorted(targets)
