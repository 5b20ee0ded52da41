"""Programs that print or search what files hold."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag

P = "/home/dev/project"


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("cat a b", [f"{P}/a", f"{P}/b"]),
        ("head -n 5 a", [f"{P}/a"]),
        ("tail -c 5 a", [f"{P}/a"]),
        ("sort -k 2 -t , a", [f"{P}/a"]),
        ("jq .x a.json", [f"{P}/a.json"]),
        ("grep -rn x src", [f"{P}/src"]),
        ("grep -e x -f patterns a", [f"{P}/patterns", f"{P}/a"]),
        ("rg x", [P]),
        ("base64 /etc/passwd", ["/etc/passwd"]),
        ("openssl enc -in /etc/passwd", ["/etc/passwd"]),
        ("gpg -d x.gpg", [f"{P}/x.gpg"]),
        ("diff -U 3 a b", [f"{P}/a", f"{P}/b"]),
    ],
)
def test_what_is_read(judge: Any, command: str, paths: list[str]) -> None:
    assert judge(command).of(EffectKind.READ) == paths


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("grep x f", True),
        ("grep -l x f", False),
        ("grep -c x f", False),
        ("grep -q x f", False),
        ("rg x f", True),
        ("cat f", True),
    ],
)
def test_whether_content_comes_out(judge: Any, command: str, shown: bool) -> None:
    assert (Flag.CONTENT_OUT in judge(command).one(EffectKind.READ).flags) is shown


def test_programs_and_outputs(judge: Any) -> None:
    assert judge("rg --pre 'rm -rf /etc' x").of(EffectKind.DELETE) == ["/etc"]
    assert judge("sort --compress-program='rm -rf /etc' f").of(EffectKind.DELETE) == ["/etc"]
    assert judge("sort -o out f").of(EffectKind.WRITE) == [f"{P}/out"]
    assert judge("openssl enc -in a -out b").of(EffectKind.WRITE) == [f"{P}/b"]
    assert judge("ls -la /etc").kinds == {EffectKind.LIST}
    assert judge("rg --files src").kinds == {EffectKind.LIST}
    assert judge("printenv").rules == {"read.environment"}
