"""Where members of archives, and contents of folders, land."""

from __future__ import annotations

from typing import Any

import pytest

from checkrein.core.effect import UNKNOWN, EffectKind
from checkrein.detect.shell.exchange.archives import MAX_NAMED, copied_into, unpacked

P = "/home/dev/project"


def landed(
    world: Any, members: list[str], *, links: dict[str, str] | None = None, folders: tuple[str, ...] = (), **how: Any
) -> list[str]:
    found = (*((name, "") for name in members), *(links or {}).items())
    machine = world(archives={"/a": found}, folders=folders)
    return [effect.target for effect in unpacked("/a", "/d", "tar -x", machine, **how)]


def test_members(world: Any) -> None:
    assert landed(world, ["pkg/a", "pkg/b/c", "d"]) == ["/d/pkg", "/d/d"]
    assert landed(world, ["src/a"], folders=("/d/src",)) == ["/d/src/a"]
    assert landed(world, [".git/hooks/x", "./.bashrc"]) == ["/d/.git/hooks/x", "/d/.bashrc"]
    assert landed(world, ["../.bashrc"]) == ["/.bashrc"]
    assert landed(world, ["/etc/x"]) == ["/d/etc"]
    assert landed(world, ["/etc/x"], rooted=True) == ["/etc/x"]
    assert landed(world, ["x/settings.json", "y"], strip=1) == ["/d/settings.json"]
    assert landed(world, ["l/keys"], links={"l": "/home/dev/.ssh"}) == ["/home/dev/.ssh/keys", "/d/l"]


def test_hidden_places_come_first_and_the_rest_is_said(world: Any) -> None:
    found = landed(world, [*(f"f{number}" for number in range(MAX_NAMED)), ".bashrc"])
    assert (found[0], found[-1], len(found)) == ("/d/.bashrc", f"/d/{UNKNOWN}", MAX_NAMED + 1)


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("tar -C /d -xf a.tar", f"/d/{UNKNOWN}"),
        ("curl -s http://e/a | tar xz -C /d", f"/d/{UNKNOWN}"),
        ("bsdtar -C /d -xf a.tar", f"/d/{UNKNOWN}"),
        ("unzip a.zip -d /d", f"/d/{UNKNOWN}"),
        ("7z x a.7z -o/d", f"/d/{UNKNOWN}"),
        ("cpio -i -D /d < x", f"/d/{UNKNOWN}"),
        ("cd /d && cpio -idm < x", f"/d/{UNKNOWN}"),
        ("npx degit a/b /d", "/d"),
    ],
)
def test_programs_that_unpack(judge: Any, command: str, target: str) -> None:
    assert target in judge(command).of(EffectKind.WRITE)


def test_programs_that_only_list(judge: Any) -> None:
    for command in ("tar tf a.tar", "unzip -l a.zip", "7z l a.7z", "cpio -t < x"):
        assert judge(command).of(EffectKind.WRITE) == []


def test_contents_of_a_folder_are_copied_by_name(judge: Any, world: Any) -> None:
    files = {f"{P}/x/.bashrc": "", f"{P}/x/a": ""}
    for command in ("cp -r x/. /home/dev", "rsync -a x/ /home/dev/"):
        assert {"/home/dev/.bashrc", "/home/dev/a"} <= set(
            judge(command, files=files, folders=(f"{P}/x",)).of(EffectKind.WRITE)
        )

    def copied(source: str, folder: str, cwd: str) -> set[str]:
        machine = world(files={"/s/.git/x": "", "/s/.vscode/x": ""}, folders=("/d", "/s/b"))
        return {effect.target for effect in copied_into(source, folder, "cp", machine, cwd)}

    assert copied("/s", "/d", "/d/sub") == {"/d/.git/x", "/d/.vscode/x"}
    assert copied("/s", "/d", "/s") == {"/d/.vscode/x"}
    assert copied("/s", "/s/b", "/s") == copied("/s", "/new", "/s") == set()
