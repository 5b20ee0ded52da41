"""Descriptors, pipes with names, and what stands behind them."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind


@pytest.mark.parametrize(
    "command",
    [
        "exec 3<<<'rm -rf /etc'; sh <&3",
        "exec 3<<EOF\nrm -rf /etc\nEOF\nsh <&3",
        "sh 3<<<'rm -rf /etc' <&3",
        "sh /dev/fd/3 3<<<'rm -rf /etc'",
        "printf 'rm -rf /etc' >f; sh /dev/fd/3 3<f",
        "printf 'rm -rf /etc' >f; sh /proc/self/fd/4 4<f",
        "exec 3<<<'rm -rf /etc'; source /dev/fd/3",
        "exec 3<<<'rm -rf /etc'; read -r -u 3 x; eval \"$x\"",
        "{ sh <&3; } 3<<<'rm -rf /etc'",
        "exec {fd}<<<'rm -rf /etc'; sh <&$fd",
        "exec {fd}<<<'rm -rf /etc'; sh /dev/fd/$fd",
        "exec 4<<<'rm -rf /etc' 3<&4; sh <&3",
        "if true; then sh <&3; fi 3<<<'rm -rf /etc'",
        "mkfifo p; echo 'rm -rf /etc' > p & sh p",
        "printf 'rm -rf /etc' > x; bash --rcfile x -i",
        'printf "rm -rf /etc" >f; eval "$(<f)"',
        'printf "rm -rf /etc" >f; bash -c "`< f`"',
        "echo /etc >f; rm -rf $(<f)",
        "bash --init-file <(echo rm -rf /etc) -i",
    ],
)
def test_code_behind_descriptors(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]


@pytest.mark.parametrize(
    "command",
    [
        "mkfifo p; sh p & echo 'rm -rf /etc' > p",
        "mkfifo p; sh < p & echo 'rm -rf /etc' > p",
        "coproc sh; echo 'rm -rf /etc' >&${COPROC[1]}",
        'coproc X { bash -s; }; echo "rm -rf /etc" >&"${X[1]}"',
    ],
)
def test_shells_that_are_told_later_what_to_run(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.RUN_UNKNOWN)


@pytest.mark.parametrize(
    "command",
    [
        "cat 3<<<'rm -rf /etc'",
        "exec 3<<<'rm -rf /etc'; exec 3<<<'ls'; sh <&3",
        "sh 3<<<'rm -rf /etc' <<<ls",
        "{ true; } 3<<<'rm -rf /etc'; exec 3<<<ls; sh <&3",
        "sh <<<ls 2>&1 1>&2",
        "mkfifo p; cat p & ls > p",
        "coproc cat",
    ],
)
def test_other_descriptors_run_nothing(judge: Any, command: str) -> None:
    judged = judge(command)
    assert not judged.of(EffectKind.DELETE)
    assert not judged.blind
