"""find, fd and watchers: what they delete and what they run on what they find."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import EffectKind, Flag
from checkrein.core.sweep import ANY_SIZE, Sweep

P = "/home/dev/project"


@pytest.mark.parametrize(
    ("command", "targets", "flags"),
    [
        ("find / -delete", ["/"], Flag.RECURSIVE),
        ("find -delete", [P], Flag.RECURSIVE),
        ("find . -name '*.pyc' -delete", [f"{P}/\0.pyc"], Flag.RECURSIVE | Flag.FILTERED),
        ("find -L / -name x -delete", ["/\0/x"], Flag.RECURSIVE | Flag.FILTERED),
        ("find a b -empty -delete", [f"{P}/a/\0", f"{P}/b/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -name a -o -name b -delete", [f"{P}/\0/b"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -not -name keep -delete", [f"{P}/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . \\( -name a -o -name '*.b' \\) -delete", [f"{P}/\0/a", f"{P}/\0.b"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -name a -not -path '*/x/*' -delete", [f"{P}/\0/a"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -name a -prune -exec rm -rf {} +", [f"{P}/\0/a"], Flag.RECURSIVE | Flag.FORCE),
        ("find . -regex '.*\\.\\(pyc\\|pyo\\)' -delete", [f"{P}/\0.pyc", f"{P}/\0.pyo"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -path './src/*.orig' -delete", [f"{P}/src/\0.orig"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -maxdepth 1 -type f -delete", [f"{P}/\0"], Flag.RECURSIVE | Flag.FILTERED),
        ("find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +", [P], Flag.RECURSIVE | Flag.FORCE),
        ("find . -type f -delete", [P], Flag.RECURSIVE),
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


def sweep(judge: Any, command: str) -> Sweep:
    found = [effect.sweep for effect in judge(command).analysis.effects if effect.kind is EffectKind.DELETE]
    assert len(found) == 1
    assert found[0] is not None
    return found[0]


@pytest.mark.parametrize(
    ("command", "found", "left"),
    [
        ("find . -name 'a*' -delete", "f x/ab", "f x/ba"),
        ("find . -iname 'a*' -delete", "f x/AB", "f x/BA"),
        ("find . -name a -type f -delete", "f x/a", "d x/a"),
        ("find . -name a ! -type d -delete", "f x/a", "d x/a"),
        ("find . -not -path './.git/*' -delete", "f a/.git/x", "f .git/x"),
        ("find src -path 'src/*' -not -name '*.py' -delete", "f src/a", "f src/a.py"),
        ("find . -name n -prune -o -name x -exec rm {} +", "f m/x", "f n/x"),
        ("find . -maxdepth 1 -name x -delete", "f x", "f y/x"),
        ("find . -mindepth 2 -name x -delete", "f y/x", "f x"),
        ("fd -t d cache -x rm -r", "d x/MyCache", "f x/cache"),
        ("fd Cache -x rm -r", "d MyCache", "d cache"),
        ("fd '^a$' -x rm", "f x/a", "f x/ab"),
        ("fd -g 'a?' -x rm", "f x/ab", "f x/abc"),
        ("fd -e md -E docs -x rm", "f x/a.md", "f docs/a.md"),
        ("fd a -x rm", "f x/a", "f .x/a"),
        ("fd -H a -x rm", "f .x/a", "f .x/b"),
    ],
)
def test_what_is_found(judge: Any, command: str, found: str, left: str) -> None:
    search = sweep(judge, command)
    assert search.admits(f"{P}/{found[2:]}", found[0])
    assert not search.admits(f"{P}/{left[2:]}", left[0])
    assert not search.partly


@pytest.mark.parametrize(
    "command",
    ["find . -name n -prune -o -name x -delete", "find . -depth -name n -prune -o -name x -exec rm {} +"],
)
def test_prune_does_nothing_where_contents_come_first(judge: Any, command: str) -> None:
    assert sweep(judge, command).admits(f"{P}/n/x", "f")


@pytest.mark.parametrize("test", ["-newer y", "-mtime +3", "-regex 'a+'", "-exec test -s {} \\;", "-perm 644"])
def test_what_cannot_be_told_narrows_nothing(judge: Any, test: str) -> None:
    search = sweep(judge, f"find . {test} -delete")
    assert search.partly
    assert search.admits(f"{P}/anything", "f")


@pytest.mark.parametrize(
    ("size", "bytes_"),
    [("+100c", (101, ANY_SIZE[1])), ("-2k", (0, 1024)), ("2k", (1025, 2048)), ("0", (0, 0)), ("+1", (513, ANY_SIZE[1]))],
)
def test_sizes_count_units_that_are_begun(judge: Any, size: str, bytes_: tuple[int, int]) -> None:
    assert sweep(judge, f"find . -size {size} -delete").sizes == bytes_


def test_a_sweep_is_of_the_path_that_was_found_alone(judge: Any) -> None:
    judged = judge('find . -name x -exec sh -c \'rm -r "$1" "$1/.."\' _ {} \\;')
    assert [effect.sweep is None for effect in judged.analysis.effects if effect.kind is EffectKind.DELETE] == [False, True]


def test_roots_from_a_file_are_not_known(judge: Any) -> None:
    assert judge("find -files0-from list -delete").of(EffectKind.DELETE) == ["/\0"]


@pytest.mark.parametrize(
    "command", ["watchexec -e py 'rm -rf /etc'", "nodemon --exec 'rm -rf /etc'", "chokidar -c 'rm -rf /etc' x"]
)
def test_watchers(judge: Any, command: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == ["/etc"]
