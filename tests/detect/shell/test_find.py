"""find, fd and watchers: what they delete and what they run on what they find."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag

P = "/home/dev/project"


@pytest.mark.parametrize(
    ("command", "targets", "flags"),
    [
        ("find / -delete", ["/"], Flag.RECURSIVE),
        ("find -delete", [P], Flag.RECURSIVE),
        ("find . -name '*.pyc' -delete", [f"{P}/\0.pyc"], Flag.RECURSIVE | Flag.FILTERED),
        ("find -L / -name x -delete", ["/\0/x"], Flag.RECURSIVE | Flag.FILTERED),
        ("find a b -empty -delete", [f"{P}/a/\0", f"{P}/b/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -name a -o -name b -delete", [f"{P}/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -not -name keep -delete", [f"{P}/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -name '*' -delete", [P], Flag.RECURSIVE),
        ("find . -exec rm -rf {} \\;", [P], Flag.RECURSIVE | Flag.FORCE),
        ("find . -name x -exec rm {} +", [f"{P}/\0/x"], Flag.NONE),
        ("find . -name x -execdir rm -f {} \\;", [f"{P}/\0/x"], Flag.FORCE),
        ("find . -name x -ok rm {} \\;", [f"{P}/\0/x"], Flag.NONE),
        ("find . -name x -exec sh -c 'rm \"$1\"' _ {} \\;", [f"{P}/\0/x"], Flag.NONE),
        ("find . -type f -exec sh -c 'rm -rf /etc' \\;", ["/etc"], Flag.RECURSIVE | Flag.FORCE),
        ("find . -name '*.log' | xargs rm -f", [f"{P}/\0.log"], Flag.FORCE),
        ("fd -e pyc -x rm", [f"{P}/\0.pyc"], Flag.NONE),
        ("fd pattern -X rm -rf", [f"{P}/\0"], Flag.RECURSIVE | Flag.FORCE),
        ("fd -HX rm -rf", [f"{P}/\0"], Flag.RECURSIVE | Flag.FORCE),
        ("fd . /srv -x rm {}", ["/srv/\0"], Flag.NONE),
        ("fd -e o --exec=rm", [f"{P}/\0.o"], Flag.NONE),
    ],
)
def test_deletions(judge: Any, command: str, targets: list[str], flags: Flag) -> None:
    effects = [effect for effect in judge(command).analysis.effects if effect.kind is EffectKind.DELETE]
    assert [effect.target for effect in effects] == targets
    assert {effect.flags for effect in effects} == {flags}


@pytest.mark.parametrize(
    "command", ["find . -name '*.py' -print", "find . -exec grep x {} +", "fd -e py", "fd -x wc -l", "find . -empty -ls"]
)
def test_nothing_is_deleted(judge: Any, command: str) -> None:
    assert EffectKind.DELETE not in judge(command).kinds


@pytest.mark.parametrize("option", ["-fprint /etc/x", "-fls /etc/x", "-fprint0 /etc/x", "-fprintf /etc/x %p"])
def test_files_that_find_writes(judge: Any, option: str) -> None:
    assert judge(f"find . {option}").of(EffectKind.WRITE) == ["/etc/x"]


def test_more_than_one_command(judge: Any) -> None:
    judged = judge("find . -name x -exec rm {} \\; -exec cp {} /etc \\;")
    assert judged.of(EffectKind.DELETE) == [f"{P}/\0/x"]
    assert judged.of(EffectKind.WRITE) == ["/etc/x"]
    assert f"{P}/\0" in [target.removesuffix("/x") for target in judged.of(EffectKind.READ)]


def test_roots_from_a_file_are_not_known(judge: Any) -> None:
    assert judge("find -files0-from list -delete").of(EffectKind.DELETE) == ["/\0"]


@pytest.mark.parametrize(
    "command", ["watchexec -e py 'rm -rf /etc'", "nodemon --exec 'rm -rf /etc'", "chokidar -c 'rm -rf /etc' x"]
)
def test_watchers(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]
