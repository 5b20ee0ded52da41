"""Writes that may not happen, and programs that run at a time that is not known."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.values import MAX_VERSIONS, Stream

P = "/home/dev/project"
DEADLY = "echo 'rm /etc/x' > x.sh; "


@pytest.mark.parametrize(
    "decoy",
    [
        "false && echo hi > x.sh",
        "true || echo hi > x.sh",
        "true || false && echo hi > x.sh",
        "if false; then echo hi > x.sh; fi",
        "case a in b) echo hi > x.sh;; esac",
        "while false; do echo hi > x.sh; done",
        "for i in $NONE; do echo hi > x.sh; done",
        "(exit; echo hi > x.sh)",
        "sleep 9 && echo hi > x.sh &",
        "f() { return; echo hi > x.sh; }; f",
        "bash -c 'exit; echo hi > x.sh'",
        "set -C; echo hi > x.sh",
        "set -o noclobber; echo hi > x.sh",
        'python3 -c \'if 0: open("x.sh", "w").write("hi")\'',
        "trap 'echo hi > x.sh' EXIT",
        "false && echo hi >> x.sh",
    ],
)
@pytest.mark.parametrize("run", ["sh x.sh", ". ./x.sh", "./x.sh"])
def test_a_write_that_may_not_happen_hides_nothing(judge: Any, decoy: str, run: str) -> None:
    assert "/etc/x" in judge(f"{DEADLY}{decoy}\n{run}").of(EffectKind.DELETE)
    on_disk = judge(f"{decoy}\n{run}", scripts={f"{P}/x.sh": "rm /etc/x"})
    assert "/etc/x" in on_disk.of(EffectKind.DELETE)


@pytest.mark.parametrize(
    "command",
    [
        "echo hi > x.sh; sh x.sh",
        "echo hi > x.sh && sh x.sh",
        "cd . && echo hi > x.sh && sh x.sh",
        "{ echo hi > x.sh; }; sh x.sh",
        "set -C; set +C; echo hi > x.sh; sh x.sh",
        "echo hi | cat > x.sh; sh x.sh",
    ],
)
def test_a_write_that_surely_happens_replaces(judge: Any, command: str) -> None:
    judged = judge(DEADLY + command, scripts={f"{P}/x.sh": "rm /etc/x"})
    assert "/etc/x" not in judged.of(EffectKind.DELETE)
    assert not judged.blind


def test_what_is_appended_stands_behind_what_was_there(judge: Any) -> None:
    assert judge("echo hi >> x.sh; sh x.sh", scripts={f"{P}/x.sh": "rm /etc/x\n"}).of(EffectKind.DELETE) == ["/etc/x"]


@pytest.mark.parametrize("run", ["sh < x.sh", 'eval "$(cat x.sh)"', "make -f x.sh"])
def test_where_only_one_text_can_be_read_it_is_not_known(judge: Any, run: str) -> None:
    assert judge(f"{DEADLY}false && echo hi > x.sh; {run}").blind


def test_nothing_is_unknown_where_nothing_stood_there(judge: Any) -> None:
    judged = judge("[ -f x.sh ] || echo hi > x.sh; sh x.sh; sh < x.sh")
    assert not judged.blind


@pytest.mark.parametrize(
    "command",
    [
        "bash x.sh & echo 'rm /etc/x' > x.sh",
        "(sleep 5; bash x.sh) & echo 'rm /etc/x' > x.sh",
        "while sleep 1; do ./x.sh; done & echo 'rm /etc/x' > x.sh",
        "trap '. ./x.sh' EXIT; echo 'rm /etc/x' > x.sh",
        "coproc sh x.sh; (echo 'rm /etc/x' > x.sh)",
    ],
)
def test_what_runs_at_any_time_runs_what_is_written_later(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc/x"]


def test_versions_are_bounded() -> None:
    held = Stream("0")
    for number in range(1, 20):
        held = Stream(str(number)).or_else(held)
    assert held.text == "19"
    assert len(held.others) <= MAX_VERSIONS + 1
    assert held.others[-1].text == UNKNOWN
    assert Stream("a").or_else(Stream("a")).others == ()
    assert [each.text for each in Stream("a").or_else(Stream("b")).extended(Stream("c")).versions] == ["ac", "bc"]
