"""Words whose meaning is not known for sure."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind

P = "/home/dev/project"
MANY = "{a,b}" * 10


@pytest.mark.parametrize("word", ["~$(whoami)", "~$USER", "~`whoami`/x", "~${USER}"])
def test_a_tilde_before_an_expansion_may_be_any_home(judge: Any, word: str) -> None:
    assert judge(f"rm -rf {word}").of(EffectKind.DELETE)[0].startswith(f"/{UNKNOWN}")


@pytest.mark.parametrize(
    ("word", "path"), [("~", "/home/dev"), ("~/x", "/home/dev/x"), ("~'/x'", f"{P}/~/x"), ("'~'", f"{P}/~")]
)
def test_other_tildes_are_as_bash_has_them(judge: Any, word: str, path: str) -> None:
    assert judge(f"rm -rf {word}").of(EffectKind.DELETE) == [path]


@pytest.mark.parametrize("command", [f"rm {MANY}", f"rm -rf {MANY}", f"mv {MANY} /x", "rm f{1..900}"])
def test_more_words_than_are_looked_at(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.UNRESOLVED)


@pytest.mark.parametrize("command", [f"echo {MANY}", "touch f{1..900}", "rm {a,b,c}"])
def test_words_in_numbers_that_do_no_harm(judge: Any, command: str) -> None:
    assert not judge(command).of(EffectKind.UNRESOLVED)
