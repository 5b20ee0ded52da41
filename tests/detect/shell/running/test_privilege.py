"""Programs that run another one with other rights: whose they are, and what they run."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag


@pytest.mark.parametrize(
    "command",
    [
        "sudo sh -c 'rm -rf /etc'",
        "sudo -s rm -rf /etc",
        "sudo A=1 -- rm -rf /etc",
        "su -c 'rm -rf /etc'",
        "su - root --command='rm -rf /etc'",
        "su <<< 'rm -rf /etc'",
        "runuser -u x -- rm -rf /etc",
        "echo 'rm -rf /etc' | sudo -i",
    ],
)
def test_what_is_run_has_the_rights(judge: Any, command: str) -> None:
    effect = judge(command).one(EffectKind.DELETE)
    assert effect.target == "/etc"
    assert Flag.ROOT in effect.flags


def test_whose_rights_they_are(judge: Any) -> None:
    assert judge("sudo -u x ls").of(EffectKind.PRIVILEGE) == ["x"]
    assert judge("doas ls").of(EffectKind.PRIVILEGE) == ["root"]
    assert judge("su dev -c ls").of(EffectKind.PRIVILEGE) == ["dev"]


def test_a_file_that_is_edited(judge: Any) -> None:
    assert judge("sudoedit /etc/hosts").one(EffectKind.WRITE).flags == Flag.ROOT | Flag.IN_PLACE


@pytest.mark.parametrize("command", ["sudo -l", "sudo -k", "sudo --validate"])
def test_what_only_asks(judge: Any, command: str) -> None:
    assert not judge(command).analysis.effects
