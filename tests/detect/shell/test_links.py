"""Paths lead where the kernel goes: behind links on disk, and behind those that the same command made."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.interpreter import analyse
from checkrein.detect.shell.links import MAX_STEPS, Links, lexical, met, physical
from checkrein.detect.tools import tool_analysis
from empty_world import EmptyWorld

P = "/home/dev/project"
ON_DISK = {f"{P}/up": "/home", f"{P}/keys": "/home/dev/.ssh", f"{P}/same": f"{P}/src"}


@dataclass(frozen=True)
class LinkedWorld(EmptyWorld):
    """``links`` are on disk."""

    links: dict[str, str] = field(default_factory=lambda: dict(ON_DISK))

    def real(self, path: str) -> str:
        for link, target in self.links.items():
            if f"{path}/".startswith(f"{link}/"):
                return target + path.removeprefix(link)
        return path

    def is_dir(self, path: str) -> bool:
        return path in (P, *self.links)


def targets(command: str, *kinds: EffectKind) -> list[str]:
    effects = analyse(command, LinkedWorld(), P).effects
    return [effect.target for effect in effects if effect.kind in kinds]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("up/../etc", "/etc"),
        ("keys/../Documents", "/home/dev/Documents"),
        ("keys/./x/../../a", "/home/dev/a"),
        ("same/../a", f"{P}/a"),
        ("src/../a", f"{P}/a"),
        ("../a", "/home/dev/a"),
        ("keys/a", f"{P}/keys/a"),
        ("../../../../a", "/a"),
    ],
)
def test_above_a_link_is_above_what_it_leads_to(path: str, there: str) -> None:
    assert targets(f"rm {path}", EffectKind.DELETE) == [there]
    assert targets(f"python3 -c 'import os; os.remove(\"{path}\")'", EffectKind.DELETE) == [there]
    assert targets(f"echo x > {path}", EffectKind.WRITE) == [there]


def test_cd_reads_its_path_as_it_is_written() -> None:
    assert targets("cd keys && rm ../a", EffectKind.DELETE) == ["/home/dev/a"]
    assert targets("cd keys/.. && rm a", EffectKind.DELETE) == [f"{P}/a"]
    assert targets("cd -P keys/.. && rm a", EffectKind.DELETE) == ["/home/dev/a"]
    assert targets("set -P; cd keys/.. && rm a", EffectKind.DELETE) == ["/home/dev/a"]


@pytest.mark.parametrize(
    ("command", "there"),
    [
        ("ln -s / q; rm q/etc", "/etc"),
        ("ln -s / q; cd q; rm etc", "/etc"),
        ("ln -s ~ q; ln -s q r; rm r/a", "/home/dev/a"),
        ("mkdir d; ln -s ../.. d/q; rm d/q/a", "/home/dev/a"),
        ("mkdir d; ln -sr a d/q; rm d/q/b", f"{P}/a/b"),
        ('python3 -c \'import os; os.symlink("/", "q")\'; rm q/etc', "/etc"),
        ("ln -s src q; rm q/a", f"{P}/src/a"),
        ("ln -s / q; rm q", f"{P}/q"),
        ("ln -s a b; ln -s b a; rm a/x", f"/{UNKNOWN}"),
        ("ln src q; rm q/a", f"{P}/q/a"),
    ],
)
def test_links_that_the_command_made(judge: Any, command: str, there: str) -> None:
    assert judge(command).of(EffectKind.DELETE) == [there]


def test_what_is_written_by_way_of_a_link(judge: Any) -> None:
    assert judge("ln -s ~/.bashrc q; echo x >> q").of(EffectKind.WRITE) == [f"{P}/q", "/home/dev/.bashrc"]
    assert judge("ln -s src s2; echo 'rm /etc/x' > s2/x.sh; sh src/x.sh").of(EffectKind.DELETE) == ["/etc/x"]


@pytest.mark.parametrize(
    "command",
    [
        "echo 'rm /etc/x' > same/x.sh; sh src/x.sh",
        "echo 'rm /etc/x' > src/x.sh; sh same/x.sh",
        "echo hi > same/x.sh; echo 'rm /etc/x' > src/x.sh; sh same/x.sh",
        "cd same; echo 'rm /etc/x' > x.sh; cd ../src; ./x.sh",
        "ln -s a.sh b.sh; echo 'rm /etc/x' > b.sh; sh a.sh",
        "ln -s a.sh b.sh; echo 'rm /etc/x' > a.sh; sh b.sh",
    ],
)
def test_a_file_is_one_by_whatever_link_it_is_reached(command: str) -> None:
    assert targets(command, EffectKind.DELETE) == ["/etc/x"]


def test_a_tool_may_fold_its_path_either_way() -> None:
    found = tool_analysis("Read", {"file_path": f"{P}/keys/../a"}, LinkedWorld(), P).effects
    assert [effect.target for effect in found] == [f"{P}/a", "/home/dev/a"]
    assert len(tool_analysis("Read", {"file_path": f"{P}/src/../a"}, LinkedWorld(), P).effects) == 1


def test_steps_are_bounded() -> None:
    assert UNKNOWN in Links(lambda path: path).folded("/a/.." * (MAX_STEPS + 1))


def test_only_an_analysis_asks_the_disk() -> None:
    assert physical(f"{P}/keys/../a") == lexical(f"{P}/keys/../a") == f"{P}/a"
    with met(Links(LinkedWorld().real)):
        assert physical(f"{P}/keys/../a") == "/home/dev/a"
    assert physical(f"{P}/keys/../a") == f"{P}/a"


def test_the_disk_gives_what_the_kernel_gives(tmp_path: Any) -> None:
    (tmp_path / "far" / "inner").mkdir(parents=True)
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far" / "inner")
    (tmp_path / "whole").symlink_to(tmp_path / "near")
    folded = Links(os.path.realpath).folded
    for path in ("near/link/../x", "whole/link/../x", "whole/../x", "near/../near/link/../../x", "near/sub/../x"):
        assert os.path.realpath(folded(f"{tmp_path}/{path}")) == os.path.realpath(tmp_path / path)
    assert folded(f"{tmp_path}/whole/sub/../x") == f"{tmp_path}/whole/x"  # as it is spelled, where that is the same
