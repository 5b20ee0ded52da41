"""tmux, screen, script and expect."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind

P = "/home/dev/project"


@pytest.mark.parametrize(
    "command",
    [
        "tmux send-keys -t x 'rm -rf /etc' Enter",
        "tmux send-keys -t x rm Space -rf Space /etc C-m",
        "tmux send-keys -t x ls C-m 'rm -rf /etc' C-m",
        "tmux send -l 'rm -rf /etc'",
        "tmux send-keys -H 72 6d 20 2d 72 66 20 2f 65 74 63",
        "tmux new-session -d 'rm -rf /etc'",
        "tmux new-session -d -s x rm -rf /etc",
        "tmux new -d -s x -c /etc rm -rf .",
        "tmux new-session -d \\; send-keys 'rm -rf /etc' Enter",
        "tmux -L x split-window 'rm -rf /etc'",
        "tmux run-shell 'rm -rf /etc'",
        "tmux if-shell 'rm -rf /etc' 'display x'",
        "tmux if-shell true 'run-shell reboot; ' \\; run 'rm -rf /etc'",
        "screen -dmS x bash -c 'rm -rf /etc'",
        "screen -S x -X stuff 'rm -rf /etc^M'",
        "script -c 'rm -rf /etc' /dev/null",
        "script /dev/null -c 'rm -rf /etc'",
        "script -q /dev/null rm -rf /etc",
    ],
)
def test_what_is_typed_runs(judge: Any, command: str) -> None:
    effects = [effect for effect in judge(command).analysis.effects if effect.kind is EffectKind.DELETE]
    assert [effect.target for effect in effects] == ["/etc"]


@pytest.mark.parametrize(
    "command", ["tmux ls", "tmux attach -t x", "tmux new -s x", "screen -ls", "script out.txt", "tmux send-keys C-c"]
)
def test_harmless(judge: Any, command: str) -> None:
    assert judge(command).kinds == set()


def test_files_of_commands(judge: Any) -> None:
    scripts = {f"{P}/x.conf": "run-shell reboot", f"{P}/x.exp": "spawn sh"}
    assert judge("tmux source-file x.conf", scripts=scripts).of(EffectKind.RUN_UNKNOWN) == [f"{P}/x.conf"]
    assert judge("expect x.exp", scripts=scripts).of(EffectKind.RUN_UNKNOWN) == [f"{P}/x.exp"]
    assert judge("expect -c 'spawn sh'").blind
    assert not judge("expect x.exp").blind
