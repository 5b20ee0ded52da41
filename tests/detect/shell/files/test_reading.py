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
        ("gpg --verify x.gpg", [f"{P}/x.gpg"]),
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


@pytest.mark.parametrize(
    "command",
    [
        "perl -pe '' f",
        "perl -lne 'print' f",
        "ruby -pe '' f",
        "ed -s f <<< ',p'",
        "column -t f",
        "gzip -kc f",
        "zstd --stdout f",
        "date -f f",
        "date --file=f",
        "socat FILE:f -",
        "socat -u OPEN:f STDOUT",
        "git config -f f -l",
        "git config --file=f --list",
        "python3 -m json.tool f",
        "python3 -m zipfile -c x f",
        "bash -x f",
        "sh -v f",
        "set -x; . ./f",
        "curl -K f http://localhost",
        "wget -i f",
        "make -f f",
        "gcc @f",
        "cc -E -x c f",
        "jq --rawfile a f -n '$a'",
        "jq --slurpfile a f .x g",
        "xargs -a f echo",
        "diff --from-file=f g",
        "node --env-file=f -p process.env",
        "node --env-file f -e 'console.log(process.env)'",
        "php -f f",
        "man -l f",
        "nano f",
        "rclone cat f",
        "echo f | cpio -o",
        "7z a x.7z f",
        "ssh-keygen -y -f f",
        "docker cp f c:/x",
    ],
)
def test_less_usual_readers(judge: Any, command: str) -> None:
    assert f"{P}/f" in judge(command).of(EffectKind.READ)


@pytest.mark.parametrize(
    ("command", "detail"),
    [
        ("grep -r --exclude=a --exclude-dir b x .", "exclude:a\nexclude-dir:b"),
        ("grep -r --exclude=a --include=*.c x .", "include:*.c"),
        ("grep -r --include=*.c --exclude=a x .", "include:*.c\nexclude:a"),
        ("ag --ignore a x", "exclude:a\nexclude-dir:a"),
        ("ag -u --ignore a x", ""),
        ("ack --ignore-file=is:a --ignore-dir=b x", "exclude:a\nexclude-dir:b"),
        ("ack --ignore-file=ext:a x", ""),
        ("rg --ignore-file a x", ""),
        ("rg -g '!a' x", "exclude:a"),
    ],
)
def test_what_a_search_leaves_out(judge: Any, command: str, detail: str) -> None:
    assert [effect.detail for effect in judge(command).analysis.effects if effect.kind is EffectKind.READ] == [detail]


@pytest.mark.parametrize("program", ["less", "more"])
def test_a_first_command_of_a_pager(judge: Any, program: str) -> None:
    assert judge(f"{program} '+!rm -rf /etc' README.md").of(EffectKind.DELETE) == ["/etc"]
    assert judge(f"{program} +F README.md").programs == [program]
