"""xargs and parallel: the words that come in, as far as they are known."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind


@pytest.mark.parametrize(
    "command",
    [
        "echo /etc /srv | xargs rm -rf",
        "printf '/etc\\n/srv\\n' | xargs -I{} rm -rf {}",
        "printf '/etc\\n/srv\\n' | xargs -i rm -rf {}",
        "printf '/etc\\0/srv\\0' | xargs -0 rm -rf",
        "echo \"'/etc' /srv\" | xargs -n1 rm -rf",
        "parallel rm -rf ::: /etc /srv",
        "printf '/etc\\n/srv\\n' | parallel rm -rf {}",
        "printf 'rm -rf /etc\\nrm -rf /srv\\n' | parallel",
    ],
)
def test_words_that_come_in(judge: Any, command: str) -> None:
    assert set(judge(command).of(EffectKind.DELETE)) == {"/etc", "/srv"}


def test_a_word_stays_one_word(judge: Any) -> None:
    assert "/etc" not in judge("parallel echo ::: 'x; rm -rf /etc'").of(EffectKind.DELETE)


def test_words_that_nobody_knows(judge: Any) -> None:
    assert judge("xargs -a list rm").of(EffectKind.DELETE) == [f"/{UNKNOWN}"]
    assert judge("parallel rm :::: list").of(EffectKind.DELETE)


@pytest.mark.parametrize("command", ["cat list | xargs sh -c", "cat list | xargs -I{} bash -c {}"])
def test_words_that_become_code(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.RUN_UNKNOWN)


def test_code_that_takes_words_is_code_by_itself(judge: Any) -> None:
    assert not judge("cat list | xargs sh -c 'echo \"$@\"' _").of(EffectKind.RUN_UNKNOWN)
